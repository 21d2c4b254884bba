// SPDX-License-Identifier: Apache-2.0
// From encodings to Ops, by the table of encodings.inc.
#pragma once

#include "models/cpu/core_config.hpp"
#include "models/cpu/op.hpp"

#include <span>

namespace bbmsim::cpu {

struct DecodeContext {
    const FeatureConfig& features;
    const TimingConfig* timing = nullptr;
    unsigned page_offset = 0;   // of the instruction in its 4 KiB page,
    bool known_offset = false;  // if that is known: branches that stay in the page are quicker
    [[nodiscard]] bool near(u64 distance) const { return known_offset && page_offset + distance < kPageBytes; }
};

using BindFunction = void (*)(Op& op, u32 raw, const DecodeContext& context);

struct EncodingInfo {  // a line of the table
    const char* name;
    const char* mnemonic;
    const char* bits;
    const char* operands;
    bool FeatureConfig::*feature;  // null: base
    const char* feature_name;
    BindFunction bind;
    u32 mask = 0, value = 0;  // fixed bits
};

// Every line, in the order of the file.
std::span<const EncodingInfo> encodings();

// The line that an encoding belongs to, whatever the features, or null: unallocated. Lines' bind functions may
// reject some field values, so allocated(raw) is narrower.
const EncodingInfo* find_encoding(u32 raw);

// Fills `out` (but for index and cycles_before). False: UNDEFINED on a core of these features; `out` then takes the
// Undefined Instruction exception.
bool decode(u32 raw, const DecodeContext& context, Op& out);

// Allocated in Armv8.5 as modelled: decodes on a core with every feature.
bool allocated(u32 raw);

}  // namespace bbmsim::cpu
