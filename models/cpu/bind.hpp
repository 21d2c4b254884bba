// SPDX-License-Identifier: Apache-2.0
// The bind functions of the encoding table, one for each NAME: they choose a handler for an encoding and fill the
// operands. A bind function that leaves op.fn null rejects the encoding: it is UNDEFINED.
#pragma once

#include "models/cpu/decode.hpp"
#include "models/cpu/op.hpp"

namespace bbmsim::cpu {

// A line of the table declares `void bind_NAME(Op& op, u32 raw, const DecodeContext& context)`.
#define INST(NAME, MNEMONIC, BITS, OPERANDS, FEATURE) void bind_##NAME(Op& op, u32 raw, const DecodeContext& context);
#include "models/cpu/encodings.inc"
#undef INST

constexpr u32 field(u32 raw, unsigned lsb, unsigned width) { return (raw >> lsb) & ((u32{1} << width) - 1); }
constexpr bool bit(u32 raw, unsigned n) { return (raw >> n) & 1; }
constexpr u64 sign_extend(u64 value, unsigned width) {
    return static_cast<u64>(static_cast<i64>(value << (64 - width)) >> (64 - width));
}
constexpr u64 signed_field(u32 raw, unsigned lsb, unsigned width) { return sign_extend(field(raw, lsb, width), width); }

// Register numbers to register file indices: 31 is XZR as a source, XZR as a destination, or SP.
constexpr u8 source(u32 raw, unsigned lsb) {
    const u32 n = field(raw, lsb, 5);
    return n == 31 ? kRegZero : static_cast<u8>(n);
}
constexpr u8 destination(u32 raw, unsigned lsb) {
    const u32 n = field(raw, lsb, 5);
    return n == 31 ? kRegSink : static_cast<u8>(n);
}
constexpr u8 or_sp(u32 raw, unsigned lsb) { return static_cast<u8>(field(raw, lsb, 5)); }

}  // namespace bbmsim::cpu
