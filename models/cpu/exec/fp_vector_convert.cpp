// SPDX-License-Identifier: Apache-2.0
// Advanced SIMD conversions, vector and scalar, C4.1.96: integers, fixed point, FRINT*, and between formats.
#include "models/cpu/exec/fp_bind.hpp"
#include "models/cpu/exec/fp_conversions.hpp"

namespace bbmsim::cpu {
namespace {

using fp::Round;

// m: fraction bits.
template <Round kRound, bool kUnsigned>
struct ToInteger {
    template <class T>
    static T f(Pe& pe, T, T n, T m) {
        return static_cast<T>(fp::to_integer(pe, n, kUnsigned, kBits<T>, kRound, static_cast<unsigned>(m)));
    }
};
template <bool kUnsigned>
struct FromInteger {
    template <class T>
    static T f(Pe& pe, T, T n, T m) {
        const u64 v = kUnsigned ? n : sign_extend(n, kBits<T>);
        return fp::from_integer<T>(pe, v, kUnsigned, static_cast<unsigned>(m));
    }
};
struct Lengthen {
    template <class T>
    static Double<T> f(Pe& pe, Double<T>, T n, T) {
        return fp::convert<Double<T>>(pe, n, fp::rounding(pe));
    }
};
template <bool kToOdd>
struct Shorten {
    template <class T, class D>
    static T f(Pe& pe, D n, D, unsigned) {
        return fp::convert<T>(pe, n, kToOdd ? Round::kOdd : fp::rounding(pe));
    }
};

// Signed, or unsigned by bit 29.
template <class S, class U>
void two_register(Op& op, u32 raw) {
    const unsigned size = two_register_size(raw);
    bit(raw, 29) ? vector_fp<TwoRegister, U, kHSD>(op, raw, size) : vector_fp<TwoRegister, S, kHSD>(op, raw, size);
}
template <class S, class U>
void fixed_point(Op& op, u32 raw, const DecodeContext& context) {
    const u32 immh = field(raw, 19, 4);
    const unsigned size = immh & 8 ? 3 : immh & 4 ? 2 : immh & 2 ? 1 : 0;
    if (size == 0 || (size == 1 && !context.features.fp16)) return;
    bit(raw, 29) ? vector_fp<TwoRegister, U, kHSD>(op, raw, size) : vector_fp<TwoRegister, S, kHSD>(op, raw, size);
    op.imm = (u64{16} << size) - field(raw, 16, 7);
}

}  // namespace

#define TO_INTEGER(NAME, ROUND)                                                               \
    void bind_FCVT_##NAME##_v(Op& op, u32 raw, const DecodeContext&) {                        \
        two_register<ToInteger<Round::ROUND, false>, ToInteger<Round::ROUND, true>>(op, raw); \
    }
#define FRINT(NAME, SIZES, ...)                                                          \
    void bind_FRINT##NAME##_v(Op& op, u32 raw, const DecodeContext&) {                   \
        vector_fp<TwoRegister, fp::__VA_ARGS__, SIZES>(op, raw, two_register_size(raw)); \
    }
TO_INTEGER(nearest, kNearest)
TO_INTEGER(up, kUp)
TO_INTEGER(down, kDown)
TO_INTEGER(zero, kZero)
TO_INTEGER(away, kAway)
void bind_CVTF_v(Op& op, u32 raw, const DecodeContext&) {
    two_register<FromInteger<false>, FromInteger<true>>(op, raw);
}
void bind_FCVT_fixed_v(Op& op, u32 raw, const DecodeContext& context) {
    fixed_point<ToInteger<Round::kZero, false>, ToInteger<Round::kZero, true>>(op, raw, context);
}
void bind_CVTF_fixed_v(Op& op, u32 raw, const DecodeContext& context) {
    fixed_point<FromInteger<false>, FromInteger<true>>(op, raw, context);
}
FRINT(N, kHSD, RoundToIntegral<Round::kNearest, fp::Mode::kGiven>)
FRINT(P, kHSD, RoundToIntegral<Round::kUp, fp::Mode::kGiven>)
FRINT(M, kHSD, RoundToIntegral<Round::kDown, fp::Mode::kGiven>)
FRINT(Z, kHSD, RoundToIntegral<Round::kZero, fp::Mode::kGiven>)
FRINT(A, kHSD, RoundToIntegral<Round::kAway, fp::Mode::kGiven>)
FRINT(X, kHSD, RoundToIntegral<Round::kNearest, fp::Mode::kFpcrExact>)
FRINT(I, kHSD, RoundToIntegral<Round::kNearest, fp::Mode::kFpcr>)
FRINT(32Z, kSD, RoundToWidth<32, true>)
FRINT(32X, kSD, RoundToWidth<32, false>)
FRINT(64Z, kSD, RoundToWidth<64, true>)
FRINT(64X, kSD, RoundToWidth<64, false>)
void bind_FCVTL(Op& op, u32 raw, const DecodeContext&) {
    lengthening<Long, Lengthen, kHS>(op, raw, bit(raw, 22) ? 2 : 1);
}
void bind_FCVTN(Op& op, u32 raw, const DecodeContext&) {
    narrowing<Narrow, Shorten<false>, kHS>(op, raw, bit(raw, 22) ? 2 : 1);
}
void bind_FCVTXN(Op& op, u32 raw, const DecodeContext&) { narrowing<Narrow, Shorten<true>, kS>(op, raw, 2); }

}  // namespace bbmsim::cpu
