// SPDX-License-Identifier: Apache-2.0
// Data processing (1, 2 and 3 source), C4.1.95, and flag manipulation: multiply, divide, variable shifts, CRC32, bit
// operations, FEAT_FlagM and FEAT_FlagM2.
#include "models/cpu/bind.hpp"
#include "models/cpu/exec/alu.hpp"
#include "models/cpu/pe.hpp"

#include <array>
#include <limits>

namespace bbmsim::cpu {
namespace {

using i128 = __int128;
using u128 = unsigned __int128;

template <class T>
T get(const Pe& pe, u8 index) {
    return static_cast<T>(pe.r[index]);
}

template <class T, bool kSubtract>
const Op* multiply_add(Pe& pe, const Op* op) {
    const T product = static_cast<T>(get<T>(pe, op->rn) * get<T>(pe, op->rm)), a = get<T>(pe, op->ra);
    pe.r[op->rd] = static_cast<T>(kSubtract ? a - product : a + product);
    return next(pe, op);
}
template <bool kSigned, bool kSubtract>
const Op* multiply_long(Pe& pe, const Op* op) {
    const u64 product = kSigned ? static_cast<u64>(i64{get<i32>(pe, op->rn)} * i64{get<i32>(pe, op->rm)})
                                : u64{get<u32>(pe, op->rn)} * u64{get<u32>(pe, op->rm)};
    const u64 a = pe.r[op->ra];
    pe.r[op->rd] = kSubtract ? a - product : a + product;
    return next(pe, op);
}
const Op* smulh(Pe& pe, const Op* op) {
    pe.r[op->rd] = static_cast<u64>((i128{get<i64>(pe, op->rn)} * get<i64>(pe, op->rm)) >> 64);
    return next(pe, op);
}
const Op* umulh(Pe& pe, const Op* op) {
    pe.r[op->rd] = static_cast<u64>((u128{pe.r[op->rn]} * pe.r[op->rm]) >> 64);
    return next(pe, op);
}

template <class T>
const Op* udiv(Pe& pe, const Op* op) {
    const T divisor = get<T>(pe, op->rm);
    pe.r[op->rd] = divisor ? static_cast<T>(get<T>(pe, op->rn) / divisor) : T{0};
    return next(pe, op);
}
template <class T>
const Op* sdiv(Pe& pe, const Op* op) {
    using S = std::make_signed_t<T>;
    const S n = get<S>(pe, op->rn), m = get<S>(pe, op->rm);
    // The most negative number by -1 gives itself.
    const S q = m == 0 ? S{0} : m == -1 ? static_cast<S>(T{0} - static_cast<T>(n)) : static_cast<S>(n / m);
    pe.r[op->rd] = static_cast<T>(q);
    return next(pe, op);
}

template <class T, Shift S>
const Op* variable_shift(Pe& pe, const Op* op) {
    pe.r[op->rd] = shifted<S>(get<T>(pe, op->rn), get<u32>(pe, op->rm) % kBits<T>);
    return next(pe, op);
}

constexpr std::array<u32, 256> crc_table(u32 reversed_polynomial) {
    std::array<u32, 256> table{};
    for (u32 i = 0; i < 256; ++i) {
        u32 c = i;
        for (int k = 0; k < 8; ++k) c = c & 1 ? (c >> 1) ^ reversed_polynomial : c >> 1;
        table[i] = c;
    }
    return table;
}
constexpr auto kCrc32 = crc_table(0xedb88320), kCrc32C = crc_table(0x82f63b78);

template <bool kCastagnoli>
const Op* crc(Pe& pe, const Op* op) {
    const auto& table = kCastagnoli ? kCrc32C : kCrc32;
    u32 acc = get<u32>(pe, op->rn);
    u64 value = pe.r[op->rm];
    for (unsigned i = 0; i < op->aux; ++i, value >>= 8) acc = table[(acc ^ value) & 0xff] ^ (acc >> 8);
    pe.r[op->rd] = acc;
    return next(pe, op);
}

template <class T>
T reverse_bits(T v) {
    T r = 0;
    for (unsigned i = 0; i < kBits<T>; ++i, v >>= 1) r = static_cast<T>(r << 1 | (v & 1));
    return r;
}
template <class T>
const Op* rbit(Pe& pe, const Op* op) {
    pe.r[op->rd] = reverse_bits(get<T>(pe, op->rn));
    return next(pe, op);
}
template <class T>
const Op* rev16(Pe& pe, const Op* op) {
    constexpr T kLow = static_cast<T>(0x00ff00ff00ff00ffULL);
    const T v = get<T>(pe, op->rn);
    pe.r[op->rd] = static_cast<T>(((v & kLow) << 8) | ((v >> 8) & kLow));
    return next(pe, op);
}
const Op* rev_w(Pe& pe, const Op* op) {
    pe.r[op->rd] = __builtin_bswap32(get<u32>(pe, op->rn));
    return next(pe, op);
}
const Op* rev32(Pe& pe, const Op* op) {
    pe.r[op->rd] = std::rotr(__builtin_bswap64(pe.r[op->rn]), 32);
    return next(pe, op);
}
const Op* rev64(Pe& pe, const Op* op) {
    pe.r[op->rd] = __builtin_bswap64(pe.r[op->rn]);
    return next(pe, op);
}
template <class T>
const Op* clz(Pe& pe, const Op* op) {
    pe.r[op->rd] = static_cast<u64>(std::countl_zero(get<T>(pe, op->rn)));
    return next(pe, op);
}
template <class T>
const Op* cls(Pe& pe, const Op* op) {
    const T v = get<T>(pe, op->rn);
    const T changes =
        static_cast<T>((v ^ (v << 1)) | 1);  // bit n: sign differs below bit n; the lowest stops the count
    pe.r[op->rd] = static_cast<u64>(std::countl_zero(changes));
    return next(pe, op);
}

const Op* rmif(Pe& pe, const Op* op) {
    const u32 flags = static_cast<u32>(std::rotr(pe.r[op->rn], op->aux)) & 0xf, mask = op->aux2;
    pe.ps.nzcv = (pe.ps.nzcv & ~(mask << 28)) | ((flags & mask) << 28);
    return next(pe, op);
}
template <unsigned kWidth>
const Op* setf(Pe& pe, const Op* op) {
    const u32 v = get<u32>(pe, op->rn);
    const u32 n = v >> (kWidth - 1) & 1, z = (v & ((u32{1} << kWidth) - 1)) == 0, over = (v >> kWidth ^ n) & 1;
    pe.ps.nzcv = (pe.ps.nzcv & kFlagC) | n << 31 | z << 30 | over << 28;
    return next(pe, op);
}
const Op* cfinv(Pe& pe, const Op* op) {
    pe.ps.nzcv ^= kFlagC;
    return next(pe, op);
}
const Op* xaflag(Pe& pe, const Op* op) {
    const bool c = pe.ps.nzcv & kFlagC, z = pe.ps.nzcv & kFlagZ;
    pe.ps.nzcv = u32{!c && !z} << 31 | u32{z && c} << 30 | u32{c || z} << 29 | u32{!c && z} << 28;
    return next(pe, op);
}
const Op* axflag(Pe& pe, const Op* op) {
    const bool c = pe.ps.nzcv & kFlagC, z = pe.ps.nzcv & kFlagZ, v = pe.ps.nzcv & kFlagV;
    pe.ps.nzcv = u32{z || v} << 30 | u32{c && !v} << 29;
    return next(pe, op);
}

void operands(Op& op, u32 raw, Handler fn, OpClass cls = OpClass::kAlu) {
    op.fn = fn;
    op.cls = cls;
    op.rd = destination(raw, 0);
    op.rn = source(raw, 5);
    op.rm = source(raw, 16);
    op.ra = source(raw, 10);
}
void operands(Op& op, u32 raw, Handler w, Handler x, OpClass cls = OpClass::kAlu) {
    operands(op, raw, bit(raw, 31) ? x : w, cls);
}

}  // namespace

void bind_MADD(Op& op, u32 raw, const DecodeContext&) {
    operands(op, raw, &multiply_add<u32, false>, &multiply_add<u64, false>, OpClass::kMultiply);
}
void bind_MSUB(Op& op, u32 raw, const DecodeContext&) {
    operands(op, raw, &multiply_add<u32, true>, &multiply_add<u64, true>, OpClass::kMultiply);
}
void bind_SMADDL(Op& op, u32 raw, const DecodeContext&) {
    operands(op, raw, &multiply_long<true, false>, OpClass::kMultiply);
}
void bind_SMSUBL(Op& op, u32 raw, const DecodeContext&) {
    operands(op, raw, &multiply_long<true, true>, OpClass::kMultiply);
}
void bind_UMADDL(Op& op, u32 raw, const DecodeContext&) {
    operands(op, raw, &multiply_long<false, false>, OpClass::kMultiply);
}
void bind_UMSUBL(Op& op, u32 raw, const DecodeContext&) {
    operands(op, raw, &multiply_long<false, true>, OpClass::kMultiply);
}
void bind_SMULH(Op& op, u32 raw, const DecodeContext&) { operands(op, raw, &smulh, OpClass::kMultiply); }
void bind_UMULH(Op& op, u32 raw, const DecodeContext&) { operands(op, raw, &umulh, OpClass::kMultiply); }
void bind_UDIV(Op& op, u32 raw, const DecodeContext&) { operands(op, raw, &udiv<u32>, &udiv<u64>, OpClass::kDivide); }
void bind_SDIV(Op& op, u32 raw, const DecodeContext&) { operands(op, raw, &sdiv<u32>, &sdiv<u64>, OpClass::kDivide); }

void bind_LSLV(Op& op, u32 raw, const DecodeContext&) {
    operands(op, raw, &variable_shift<u32, Shift::kLsl>, &variable_shift<u64, Shift::kLsl>);
}
void bind_LSRV(Op& op, u32 raw, const DecodeContext&) {
    operands(op, raw, &variable_shift<u32, Shift::kLsr>, &variable_shift<u64, Shift::kLsr>);
}
void bind_ASRV(Op& op, u32 raw, const DecodeContext&) {
    operands(op, raw, &variable_shift<u32, Shift::kAsr>, &variable_shift<u64, Shift::kAsr>);
}
void bind_RORV(Op& op, u32 raw, const DecodeContext&) {
    operands(op, raw, &variable_shift<u32, Shift::kRor>, &variable_shift<u64, Shift::kRor>);
}

void bind_CRC32(Op& op, u32 raw, const DecodeContext&) {
    operands(op, raw, &crc<false>, OpClass::kMultiply);
    op.aux = static_cast<u8>(1u << field(raw, 10, 2));  // bytes
}
void bind_CRC32C(Op& op, u32 raw, const DecodeContext&) {
    operands(op, raw, &crc<true>, OpClass::kMultiply);
    op.aux = static_cast<u8>(1u << field(raw, 10, 2));
}

void bind_RBIT(Op& op, u32 raw, const DecodeContext&) { operands(op, raw, &rbit<u32>, &rbit<u64>); }
void bind_REV16(Op& op, u32 raw, const DecodeContext&) { operands(op, raw, &rev16<u32>, &rev16<u64>); }
void bind_REV32(Op& op, u32 raw, const DecodeContext&) { operands(op, raw, &rev_w, &rev32); }
void bind_REV64(Op& op, u32 raw, const DecodeContext&) { operands(op, raw, &rev64); }
void bind_CLZ(Op& op, u32 raw, const DecodeContext&) { operands(op, raw, &clz<u32>, &clz<u64>); }
void bind_CLS(Op& op, u32 raw, const DecodeContext&) { operands(op, raw, &cls<u32>, &cls<u64>); }

void bind_RMIF(Op& op, u32 raw, const DecodeContext&) {
    op.fn = &rmif;
    op.rn = source(raw, 5);
    op.aux = static_cast<u8>(field(raw, 15, 6));
    op.aux2 = static_cast<u8>(field(raw, 0, 4));
}
void bind_SETF8(Op& op, u32 raw, const DecodeContext&) {
    op.fn = &setf<8>;
    op.rn = source(raw, 5);
}
void bind_SETF16(Op& op, u32 raw, const DecodeContext&) {
    op.fn = &setf<16>;
    op.rn = source(raw, 5);
}
void bind_CFINV(Op& op, u32, const DecodeContext&) { op.fn = &cfinv; }
void bind_XAFLAG(Op& op, u32, const DecodeContext&) { op.fn = &xaflag; }
void bind_AXFLAG(Op& op, u32, const DecodeContext&) { op.fn = &axflag; }

}  // namespace bbmsim::cpu
