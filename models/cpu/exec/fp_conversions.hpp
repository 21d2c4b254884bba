// SPDX-License-Identifier: Apache-2.0
// Conversions of one element: FPToFixed(), FixedToFP(), FPRoundInt(), FPRoundIntN(), FPConvert() of the manual.
#pragma once

#include "models/cpu/exec/fp_round.hpp"

namespace bbmsim::cpu::fp {

// The integer next to x, as a number; finite x.
inline double integral(double x, Round mode) {
    const double whole = std::trunc(x), lost = std::abs(x - whole);  // both exact
    if (lost == 0) return x;
    const bool up = rounds_up(mode, std::signbit(x), std::fmod(whole, 2) != 0, lost > 0.5 ? 1 : lost == 0.5 ? 0 : -1);
    return std::copysign(std::abs(whole) + (up ? 1 : 0), x);
}

// n * 2^fbits as an integer of `width` bits, saturated.
template <class B>
u64 to_integer(Pe& pe, B n, bool is_unsigned, unsigned width, Round mode, unsigned fbits) {
    n = operand(pe, n);
    if (Format<FormatOf<B>>::nan(n)) return pe.sys.fpsr |= kIoc, 0;
    const double x = std::ldexp(double{number(n)}, static_cast<int>(fbits));
    const double rounded = std::isinf(x) ? x : integral(x, mode);
    const double bottom = is_unsigned ? 0 : -std::ldexp(1, static_cast<int>(width) - 1);
    const double beyond = std::ldexp(1, static_cast<int>(is_unsigned ? width : width - 1));
    const u64 all = ~u64{0} >> (64 - width), top = is_unsigned ? all : all >> 1;
    if (rounded < bottom || rounded >= beyond) {
        pe.sys.fpsr |= kIoc;
        return rounded >= beyond ? top : is_unsigned ? 0 : ~top & all;
    }
    if (rounded != x) pe.sys.fpsr |= kIxc;
    return (is_unsigned ? static_cast<u64>(rounded) : static_cast<u64>(static_cast<i64>(rounded))) & all;
}
// v * 2^-fbits.
template <class B>
B from_integer(Pe& pe, u64 v, bool is_unsigned, unsigned fbits) {
    if (v == 0) return 0;
    const bool negative = !is_unsigned && v >> 63;
    return round<B>(pe, negative, negative ? u64{0} - v : v, -static_cast<int>(fbits), false, rounding(pe),
                    pe.sys.fpcr);
}
// An integral value in the format of n, whose sign a zero takes.
template <class B>
B whole_number(double value) {
    if constexpr (sizeof(B) == 8) return std::bit_cast<B>(value);
    if constexpr (sizeof(B) == 4) return std::bit_cast<B>(static_cast<float>(value));
    const u64 v = std::bit_cast<u64>(value);
    const int exponent = static_cast<int>(v >> 52 & 0x7ff) - 1023 + Format<Half>::kBias;
    return static_cast<B>((v >> 63) << 15 | (value == 0 ? 0 : static_cast<u64>(exponent) << 10 | (v >> 42 & 0x3ff)));
}
enum class Mode : u8 { kGiven, kFpcr, kFpcrExact };  // exact: inexact is reported
template <Round kRound, Mode kMode>
struct RoundToIntegral {
    template <class B>
    static B f(Pe& pe, B, B n, B) {
        n = operand(pe, n);
        B r;
        if (nans(pe, r, n)) return r;
        if (Format<FormatOf<B>>::infinite(n)) return n;
        r = whole_number<B>(integral(number(n), kMode == Mode::kGiven ? kRound : rounding(pe)));
        if (kMode == Mode::kFpcrExact && r != n) pe.sys.fpsr |= kIxc;
        return r;
    }
};
// FEAT_FRINTTS: what does not fit in kWidth bits becomes the most negative integer.
template <unsigned kWidth, bool kToZero>
struct RoundToWidth {
    template <class B>
    static B f(Pe& pe, B, B n, B) {
        constexpr double kBeyond = kWidth == 32 ? 0x1p31 : 0x1p63;
        n = operand(pe, n);
        const double x = number(n), r = std::isfinite(x) ? integral(x, kToZero ? Round::kZero : rounding(pe)) : kBeyond;
        if (r >= kBeyond || r < -kBeyond) return pe.sys.fpsr |= kIoc, whole_number<B>(-kBeyond);
        if (r != x) pe.sys.fpsr |= kIxc;
        return whole_number<B>(r);
    }
};

// FPConvertNaN(): the sign and the top of the payload.
template <class To, class From>
To convert_nan(From n) {
    using T = Format<FormatOf<To>>;
    using S = Format<FormatOf<From>>;
    const u64 payload = u64{static_cast<From>(n & (S::kMinNormal - 1))} << (52 - S::kFraction);
    return static_cast<To>((n & S::kSign ? T::kSign : 0) | T::kDefaultNan |
                           static_cast<To>(payload >> (52 - T::kFraction)));
}
template <class To, class From>
To convert(Pe& pe, From n, Round mode) {
    using T = Format<FormatOf<To>>;
    using S = Format<FormatOf<From>>;
    const bool ahp = pe.sys.fpcr & kAhp, to_ahp = T::kIsHalf && ahp, from_ahp = S::kIsHalf && ahp;
    if constexpr (!S::kIsHalf) n = operand(pe, n);  // FPUnpackCV(): FZ16 does not count
    const bool negative = n & S::kSign;
    const To sign = negative ? T::kSign : To{0};
    if (S::zero(n)) return sign;
    if (from_ahp && (n & S::kInfinity) == S::kInfinity)  // numbers beyond 65504
        return round<To>(pe, negative, (n & 0x3ff) | 0x400, 31 - 25, false, mode, pe.sys.fpcr);
    if (S::nan(n)) {
        if (S::signalling(n) || to_ahp) pe.sys.fpsr |= kIoc;
        return to_ahp ? sign : pe.sys.fpcr & kDn ? T::kDefaultNan : convert_nan<To>(n);
    }
    if (S::infinite(n)) {
        if (to_ahp) return pe.sys.fpsr |= kIoc, static_cast<To>(sign | T::magnitude(static_cast<To>(~To{0})));
        return static_cast<To>(sign | T::kInfinity);
    }
    const Parts p = parts(number(n));
    return round<To>(pe, negative, p.mantissa, p.exponent, false, mode, pe.sys.fpcr & ~kFz16, to_ahp);
}

}  // namespace bbmsim::cpu::fp
