// SPDX-License-Identifier: Apache-2.0
// Data processing (register), C4.1.95: logical and add/subtract with shifted or extended register, with carry,
// conditional compare, conditional select.
#include "models/cpu/bind.hpp"
#include "models/cpu/exec/alu.hpp"
#include "models/cpu/pe.hpp"

namespace bbmsim::cpu {
namespace {

enum class Alu : u8 { kAnd, kOrr, kEor, kAdd, kSub };

template <class T, Alu A, bool kFlags>
inline void apply(Pe& pe, const Op* op, T b) {
    const T a = static_cast<T>(pe.r[op->rn]);
    T r = 0;
    if constexpr (A == Alu::kAdd && kFlags) {
        r = add_flags(a, b, pe.ps.nzcv);
    } else if constexpr (A == Alu::kSub && kFlags) {
        r = sub_flags(a, b, pe.ps.nzcv);
    } else {
        if constexpr (A == Alu::kAnd) r = a & b;
        if constexpr (A == Alu::kOrr) r = a | b;
        if constexpr (A == Alu::kEor) r = a ^ b;
        if constexpr (A == Alu::kAdd) r = static_cast<T>(a + b);
        if constexpr (A == Alu::kSub) r = static_cast<T>(a - b);
        if constexpr (kFlags) pe.ps.nzcv = flags_nz(r);
    }
    pe.r[op->rd] = r;
}

template <class T, Alu A, bool kFlags, bool kInvert>
const Op* plain(Pe& pe, const Op* op) {
    const T b = static_cast<T>(pe.r[op->rm]);
    apply<T, A, kFlags>(pe, op, kInvert ? static_cast<T>(~b) : b);
    return next(pe, op);
}
template <class T, Alu A, bool kFlags, bool kInvert, Shift S>
const Op* with_shift(Pe& pe, const Op* op) {
    const T b = shifted<S>(static_cast<T>(pe.r[op->rm]), op->aux);
    apply<T, A, kFlags>(pe, op, kInvert ? static_cast<T>(~b) : b);
    return next(pe, op);
}
template <class T, Alu A, bool kFlags>
const Op* with_extend(Pe& pe, const Op* op) {
    apply<T, A, kFlags>(pe, op, static_cast<T>(extend_register(pe.r[op->rm], op->aux, op->aux2)));
    return next(pe, op);
}
const Op* move_x(Pe& pe, const Op* op) {  // MOV Xd, Xm
    pe.r[op->rd] = pe.r[op->rm];
    return next(pe, op);
}

template <class T, Alu A, bool kFlags, bool kInvert>
Handler shifted_handler(unsigned kind, unsigned amount) {
    if (amount == 0) return &plain<T, A, kFlags, kInvert>;
    switch (kind) {
        case 0: return &with_shift<T, A, kFlags, kInvert, Shift::kLsl>;
        case 1: return &with_shift<T, A, kFlags, kInvert, Shift::kLsr>;
        case 2: return &with_shift<T, A, kFlags, kInvert, Shift::kAsr>;
        default: return &with_shift<T, A, kFlags, kInvert, Shift::kRor>;
    }
}

template <Alu A, bool kFlags, bool kInvert = false>
void shifted_register(Op& op, u32 raw) {
    const bool x = bit(raw, 31);
    const unsigned kind = field(raw, 22, 2), amount = field(raw, 10, 6);
    if (!x && amount >= 32) return;
    if ((A == Alu::kAdd || A == Alu::kSub) && kind == 3) return;
    op.rd = destination(raw, 0);
    op.rn = source(raw, 5);
    op.rm = source(raw, 16);
    op.aux = static_cast<u8>(amount);
    op.fn = x ? shifted_handler<u64, A, kFlags, kInvert>(kind, amount)
              : shifted_handler<u32, A, kFlags, kInvert>(kind, amount);
    if (A == Alu::kOrr && !kInvert && x && amount == 0 && op.rn == kRegZero) op.fn = &move_x;
}

template <Alu A, bool kFlags>
void extended_register(Op& op, u32 raw) {
    if (field(raw, 10, 3) > 4) return;
    op.rd = kFlags ? destination(raw, 0) : or_sp(raw, 0);
    op.rn = or_sp(raw, 5);
    op.rm = source(raw, 16);
    op.aux = static_cast<u8>(field(raw, 13, 3));
    op.aux2 = static_cast<u8>(field(raw, 10, 3));
    op.fn = bit(raw, 31) ? &with_extend<u64, A, kFlags> : &with_extend<u32, A, kFlags>;
}

template <class T, bool kSubtract, bool kFlags>
const Op* with_carry(Pe& pe, const Op* op) {
    const T a = static_cast<T>(pe.r[op->rn]);
    const T m = static_cast<T>(pe.r[op->rm]);
    const T b = kSubtract ? static_cast<T>(~m) : m;
    u32 nzcv = 0;
    pe.r[op->rd] = add_carry_flags(a, b, pe.ps.nzcv & kFlagC, nzcv);
    if constexpr (kFlags) pe.ps.nzcv = nzcv;
    return next(pe, op);
}
template <bool kSubtract, bool kFlags>
void carry(Op& op, u32 raw) {
    op.rd = destination(raw, 0);
    op.rn = source(raw, 5);
    op.rm = source(raw, 16);
    op.fn = bit(raw, 31) ? &with_carry<u64, kSubtract, kFlags> : &with_carry<u32, kSubtract, kFlags>;
}

template <class T, bool kSubtract, bool kImmediate>
const Op* conditional_compare(Pe& pe, const Op* op) {
    if (condition_holds(op->aux, pe.ps.nzcv)) {
        const T a = static_cast<T>(pe.r[op->rn]);
        const T b = kImmediate ? static_cast<T>(op->imm) : static_cast<T>(pe.r[op->rm]);
        if constexpr (kSubtract)
            sub_flags(a, b, pe.ps.nzcv);
        else
            add_flags(a, b, pe.ps.nzcv);
    } else {
        pe.ps.nzcv = u32{op->aux2} << 28;
    }
    return next(pe, op);
}
template <bool kSubtract, bool kImmediate>
void compare(Op& op, u32 raw) {
    op.rn = source(raw, 5);
    op.rm = source(raw, 16);
    op.imm = field(raw, 16, 5);
    op.aux = static_cast<u8>(field(raw, 12, 4));
    op.aux2 = static_cast<u8>(field(raw, 0, 4));
    op.fn = bit(raw, 31) ? &conditional_compare<u64, kSubtract, kImmediate>
                         : &conditional_compare<u32, kSubtract, kImmediate>;
}

template <class T, bool kInvert, bool kIncrement>
const Op* select(Pe& pe, const Op* op) {
    T other = static_cast<T>(pe.r[op->rm]);
    if constexpr (kInvert) other = static_cast<T>(~other);
    if constexpr (kIncrement) other = static_cast<T>(other + 1);
    pe.r[op->rd] = condition_holds(op->aux, pe.ps.nzcv) ? static_cast<T>(pe.r[op->rn]) : other;
    return next(pe, op);
}
template <bool kInvert, bool kIncrement>
void conditional_select(Op& op, u32 raw) {
    op.rd = destination(raw, 0);
    op.rn = source(raw, 5);
    op.rm = source(raw, 16);
    op.aux = static_cast<u8>(field(raw, 12, 4));
    op.fn = bit(raw, 31) ? &select<u64, kInvert, kIncrement> : &select<u32, kInvert, kIncrement>;
}

}  // namespace

void bind_AND_shift(Op& op, u32 raw, const DecodeContext&) { shifted_register<Alu::kAnd, false>(op, raw); }
void bind_BIC_shift(Op& op, u32 raw, const DecodeContext&) { shifted_register<Alu::kAnd, false, true>(op, raw); }
void bind_ORR_shift(Op& op, u32 raw, const DecodeContext&) { shifted_register<Alu::kOrr, false>(op, raw); }
void bind_ORN_shift(Op& op, u32 raw, const DecodeContext&) { shifted_register<Alu::kOrr, false, true>(op, raw); }
void bind_EOR_shift(Op& op, u32 raw, const DecodeContext&) { shifted_register<Alu::kEor, false>(op, raw); }
void bind_EON_shift(Op& op, u32 raw, const DecodeContext&) { shifted_register<Alu::kEor, false, true>(op, raw); }
void bind_ANDS_shift(Op& op, u32 raw, const DecodeContext&) { shifted_register<Alu::kAnd, true>(op, raw); }
void bind_BICS_shift(Op& op, u32 raw, const DecodeContext&) { shifted_register<Alu::kAnd, true, true>(op, raw); }
void bind_ADD_shift(Op& op, u32 raw, const DecodeContext&) { shifted_register<Alu::kAdd, false>(op, raw); }
void bind_ADDS_shift(Op& op, u32 raw, const DecodeContext&) { shifted_register<Alu::kAdd, true>(op, raw); }
void bind_SUB_shift(Op& op, u32 raw, const DecodeContext&) { shifted_register<Alu::kSub, false>(op, raw); }
void bind_SUBS_shift(Op& op, u32 raw, const DecodeContext&) { shifted_register<Alu::kSub, true>(op, raw); }

void bind_ADD_ext(Op& op, u32 raw, const DecodeContext&) { extended_register<Alu::kAdd, false>(op, raw); }
void bind_ADDS_ext(Op& op, u32 raw, const DecodeContext&) { extended_register<Alu::kAdd, true>(op, raw); }
void bind_SUB_ext(Op& op, u32 raw, const DecodeContext&) { extended_register<Alu::kSub, false>(op, raw); }
void bind_SUBS_ext(Op& op, u32 raw, const DecodeContext&) { extended_register<Alu::kSub, true>(op, raw); }

void bind_ADC(Op& op, u32 raw, const DecodeContext&) { carry<false, false>(op, raw); }
void bind_ADCS(Op& op, u32 raw, const DecodeContext&) { carry<false, true>(op, raw); }
void bind_SBC(Op& op, u32 raw, const DecodeContext&) { carry<true, false>(op, raw); }
void bind_SBCS(Op& op, u32 raw, const DecodeContext&) { carry<true, true>(op, raw); }

void bind_CCMN_reg(Op& op, u32 raw, const DecodeContext&) { compare<false, false>(op, raw); }
void bind_CCMP_reg(Op& op, u32 raw, const DecodeContext&) { compare<true, false>(op, raw); }
void bind_CCMN_imm(Op& op, u32 raw, const DecodeContext&) { compare<false, true>(op, raw); }
void bind_CCMP_imm(Op& op, u32 raw, const DecodeContext&) { compare<true, true>(op, raw); }

void bind_CSEL(Op& op, u32 raw, const DecodeContext&) { conditional_select<false, false>(op, raw); }
void bind_CSINC(Op& op, u32 raw, const DecodeContext&) { conditional_select<false, true>(op, raw); }
void bind_CSINV(Op& op, u32 raw, const DecodeContext&) { conditional_select<true, false>(op, raw); }
void bind_CSNEG(Op& op, u32 raw, const DecodeContext&) { conditional_select<true, true>(op, raw); }

}  // namespace bbmsim::cpu
