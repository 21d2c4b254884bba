// SPDX-License-Identifier: Apache-2.0
// Scalar conversions, C4.1.97: to and from integers and fixed point in general registers, between formats, FRINT*.
#include "models/cpu/exec/fp_bind.hpp"
#include "models/cpu/exec/fp_conversions.hpp"

namespace bbmsim::cpu {
namespace {

using fp::Round;

// op.aux2: bit 0 unsigned, bit 1 64-bit register; op.imm: fraction bits.
template <Round kRound>
struct By {
    static constexpr Round kMode = kRound;
};
template <class Mode, class T>
struct ToGeneral {
    static void run(Pe& pe, const Op* op) {
        pe.r[op->rd] = fp::to_integer(pe, static_cast<T>(pe.v[op->rn].lo), op->aux2 & 1, op->aux2 & 2 ? 64 : 32,
                                      Mode::kMode, static_cast<unsigned>(op->imm));
    }
};
struct Integer {};
template <class, class T>
struct FromGeneral {
    static void run(Pe& pe, const Op* op) {
        u64 v = pe.r[op->rn];
        if (!(op->aux2 & 2)) v = op->aux2 & 1 ? static_cast<u32>(v) : sign_extend(v, 32);
        pe.v[op->rd] = {fp::from_integer<T>(pe, v, op->aux2 & 1, static_cast<unsigned>(op->imm)), 0};
    }
};
template <class To, class From>
struct Convert {
    static void run(Pe& pe, const Op* op) {
        pe.v[op->rd] = {fp::convert<To>(pe, static_cast<From>(pe.v[op->rn].lo), fp::rounding(pe)), 0};
    }
};
// FPToFixedJS(): modulo 2^32; Z says that nothing was lost.
struct JavaScript {
    static void run(Pe& pe, const Op* op) {
        const u64 given = pe.v[op->rn].lo, n = fp::operand(pe, given);
        const double x = fp::number(n), whole = std::trunc(x);
        bool exact = n != fp::Format<double>::kSign && n == given;
        u64 result = 0;
        if (!std::isfinite(x)) {
            pe.sys.fpsr |= fp::kIoc;
            exact = false;
        } else {
            const bool fits = whole >= -0x1p31 && whole < 0x1p31;
            if (!fits || whole != x) pe.sys.fpsr |= fits ? fp::kIxc : fp::kIoc;
            exact = exact && fits && whole == x;
            result = static_cast<u32>(static_cast<i64>(std::fmod(whole, 0x1p32)));
        }
        pe.r[op->rd] = result;
        pe.ps.nzcv = exact ? 0x40000000 : 0;
    }
};

template <Round kRound>
void to_general(Op& op, u32 raw, const DecodeContext& context) {
    by_type<ToGeneral, By<kRound>>(op, raw, context);
    op.rd = destination(raw, 0);
    op.aux2 = static_cast<u8>(u32{bit(raw, 16)} | u32{bit(raw, 31)} << 1);
}
void from_general(Op& op, u32 raw, const DecodeContext& context) {
    by_type<FromGeneral, Integer>(op, raw, context);
    op.rn = source(raw, 5);
    op.aux2 = static_cast<u8>(u32{bit(raw, 16)} | u32{bit(raw, 31)} << 1);
}
// The scale of fixed point is 64 - fbits; of 32-bit registers at least 32.
void fixed_point(Op& op, u32 raw) {
    op.imm = 64 - field(raw, 10, 6);
    if (!bit(raw, 31) && op.imm > 32) op.fn = nullptr;
}
template <class To, class From>
void between(Op& op, u32 raw) {
    registers(op, raw);
    op.cls = OpClass::kMultiply;
    op.fn = &simd<Convert<To, From>>;
}

}  // namespace

#define FCVT(NAME, ROUND) \
    void bind_FCVT_##NAME(Op& op, u32 raw, const DecodeContext& context) { to_general<Round::ROUND>(op, raw, context); }
#define FRINT(NAME, ...)                                                   \
    void bind_FRINT##NAME(Op& op, u32 raw, const DecodeContext& context) { \
        by_type<ScalarFp, fp::__VA_ARGS__>(op, raw, context);              \
    }
FCVT(nearest, kNearest)
FCVT(up, kUp)
FCVT(down, kDown)
FCVT(zero, kZero)
FCVT(away, kAway)
void bind_CVTF(Op& op, u32 raw, const DecodeContext& context) { from_general(op, raw, context); }
void bind_FCVT_fixed(Op& op, u32 raw, const DecodeContext& context) {
    to_general<Round::kZero>(op, raw, context);
    fixed_point(op, raw);
}
void bind_CVTF_fixed(Op& op, u32 raw, const DecodeContext& context) {
    from_general(op, raw, context);
    fixed_point(op, raw);
}
void bind_FCVT_s_to_d(Op& op, u32 raw, const DecodeContext&) { between<u64, u32>(op, raw); }
void bind_FCVT_s_to_h(Op& op, u32 raw, const DecodeContext&) { between<u16, u32>(op, raw); }
void bind_FCVT_d_to_s(Op& op, u32 raw, const DecodeContext&) { between<u32, u64>(op, raw); }
void bind_FCVT_d_to_h(Op& op, u32 raw, const DecodeContext&) { between<u16, u64>(op, raw); }
void bind_FCVT_h_to_s(Op& op, u32 raw, const DecodeContext&) { between<u32, u16>(op, raw); }
void bind_FCVT_h_to_d(Op& op, u32 raw, const DecodeContext&) { between<u64, u16>(op, raw); }
void bind_FJCVTZS(Op& op, u32 raw, const DecodeContext&) {
    registers(op, raw);
    op.rd = destination(raw, 0);
    op.cls = OpClass::kMultiply;
    op.fn = &simd<JavaScript>;
}
FRINT(N, RoundToIntegral<Round::kNearest, fp::Mode::kGiven>)
FRINT(P, RoundToIntegral<Round::kUp, fp::Mode::kGiven>)
FRINT(M, RoundToIntegral<Round::kDown, fp::Mode::kGiven>)
FRINT(Z, RoundToIntegral<Round::kZero, fp::Mode::kGiven>)
FRINT(A, RoundToIntegral<Round::kAway, fp::Mode::kGiven>)
FRINT(X, RoundToIntegral<Round::kNearest, fp::Mode::kFpcrExact>)
FRINT(I, RoundToIntegral<Round::kNearest, fp::Mode::kFpcr>)
FRINT(32Z, RoundToWidth<32, true>)
FRINT(32X, RoundToWidth<32, false>)
FRINT(64Z, RoundToWidth<64, true>)
FRINT(64X, RoundToWidth<64, false>)

}  // namespace bbmsim::cpu
