// SPDX-License-Identifier: Apache-2.0
// Reciprocal estimates and steps on one element: FPRecipEstimate(), FPRSqrtEstimate(), FPRecpX(), FPRecipStepFused(),
// FPRSqrtStepFused(), UnsignedRecipEstimate(), UnsignedRSqrtEstimate() of the manual.
#pragma once

#include "models/cpu/exec/fp_operations.hpp"

namespace bbmsim::cpu::fp {

// 1 / a for a = 256..511 in units of 1/512: 256..511 in units of 1/256.
constexpr u32 reciprocal(u32 a) {
    a = 2 * a + 1;
    return ((u32{1} << 19) / a + 1) / 2;
}
// 1 / sqrt(a) for a = 128..511 in units of 1/512, alike.
constexpr u32 reciprocal_root(u32 a) {
    a = a < 256 ? 2 * a + 1 : 2 * ((a & ~u32{1}) + 1);
    u32 b = 512;
    while (u64{a} * (b + 1) * (b + 1) < u64{1} << 28) ++b;
    return (b + 1) / 2;
}

// A finite number as exponent and 52 bits of fraction; denormals normalised, with exponents below 1.
template <class B>
struct Unpacked {
    using Fmt = Format<FormatOf<B>>;
    int exponent;
    u64 fraction;
    explicit Unpacked(B n)
        : exponent(static_cast<int>(Fmt::magnitude(n) >> Fmt::kFraction)),
          fraction(u64{static_cast<B>(n & (Fmt::kMinNormal - 1))} << (52 - Fmt::kFraction)) {
        if (exponent) return;
        const int shift = std::countl_zero(fraction) - 11;
        fraction = fraction << shift & ((u64{1} << 52) - 1);
        exponent = 1 - shift;
    }
    [[nodiscard]] u32 top8() const { return static_cast<u32>(fraction >> 44); }
};

struct RecipEstimate {
    template <class B>
    static B f(Pe& pe, B, B n, B) {
        using Fmt = Format<FormatOf<B>>;
        n = operand(pe, n);
        B r;
        if (nans(pe, r, n)) return r;
        const B sign = n & Fmt::kSign;
        if (Fmt::infinite(n)) return sign;
        if (Fmt::zero(n)) return pe.sys.fpsr |= kDzc, static_cast<B>(sign | Fmt::kInfinity);
        const Unpacked<B> x(n);
        if (x.exponent < -1) {  // the reciprocal overflows
            pe.sys.fpsr |= kOfc | kIxc;
            const Round mode = rounding(pe);
            const bool infinite =
                mode == Round::kNearest || (mode == Round::kUp && !sign) || (mode == Round::kDown && sign);
            return static_cast<B>(sign | (infinite ? Fmt::kInfinity : Fmt::kMaxNormal));
        }
        const int exponent = 2 * Fmt::kBias - 1 - x.exponent;
        if (exponent <= 0 && (pe.sys.fpcr & Fmt::kFlush)) return pe.sys.fpsr |= kUfc, sign;
        u64 fraction = u64{reciprocal(256 + x.top8()) & 0xff} << 44;
        if (exponent <= 0) fraction = (fraction | u64{1} << 52) >> (1 - exponent);
        return static_cast<B>(sign | static_cast<B>(static_cast<B>(std::max(exponent, 0)) << Fmt::kFraction) |
                              static_cast<B>(fraction >> (52 - Fmt::kFraction)));
    }
};
struct RecipRootEstimate {
    template <class B>
    static B f(Pe& pe, B, B n, B) {
        using Fmt = Format<FormatOf<B>>;
        n = operand(pe, n);
        B r;
        if (nans(pe, r, n)) return r;
        const B sign = n & Fmt::kSign;
        if (Fmt::zero(n)) return pe.sys.fpsr |= kDzc, static_cast<B>(sign | Fmt::kInfinity);
        if (sign) return invalid<B>(pe);
        if (Fmt::infinite(n)) return 0;
        const Unpacked<B> x(n);
        const u32 estimate = reciprocal_root(x.exponent & 1 ? 128 + x.top8() / 2 : 256 + x.top8());
        const int exponent = (3 * Fmt::kBias - 1 - x.exponent) / 2;
        return static_cast<B>(static_cast<B>(static_cast<B>(exponent) << Fmt::kFraction) |
                              static_cast<B>(B{static_cast<u8>(estimate)} << (Fmt::kFraction - 8)));
    }
};
struct RecipExponent {
    template <class B>
    static B f(Pe& pe, B, B n, B) {
        using Fmt = Format<FormatOf<B>>;
        n = operand(pe, n);
        B r;
        if (nans(pe, r, n)) return r;
        const B exponent = static_cast<B>(n & Fmt::kInfinity);
        return static_cast<B>((n & Fmt::kSign) | (exponent ? static_cast<B>(exponent ^ Fmt::kInfinity)
                                                           : static_cast<B>(Fmt::kInfinity - Fmt::kMinNormal)));
    }
};
// 2 - n * m, and (3 - n * m) / 2, rounded once.
template <bool kRoot>
struct RecipStep {
    template <class B>
    static B f(Pe& pe, B, B n, B m) {
        using Fmt = Format<FormatOf<B>>;
        constexpr B kTwo = static_cast<B>(B{Fmt::kBias + 1} << Fmt::kFraction);
        constexpr B kOneAndHalf = static_cast<B>((B{Fmt::kBias} << Fmt::kFraction) | Fmt::kQuiet);
        n = operand(pe, static_cast<B>(n ^ Fmt::kSign));
        m = operand(pe, m);
        B r;
        if (nans(pe, r, n, m)) return r;
        if (undefined_product(n, m)) return kRoot ? kOneAndHalf : kTwo;
        auto a = number(n), b = number(m);
        if constexpr (!kRoot)
            return rounded<B>(
                pe, [](auto x, auto y) { return std::fma(x, y, decltype(x){2}); }, a, b);
        // Half of the larger factor is exact, unless both are so small that they leave 1.5 and a trace in any case.
        if (std::abs(a) < std::abs(b)) std::swap(a, b);
        if (std::abs(a) >= std::ldexp(1.0, -60)) a /= 2;
        return rounded<B>(
            pe, [](auto x, auto y) { return std::fma(x, y, decltype(x){1.5}); }, a, b);
    }
};

struct UnsignedRecipEstimate {
    template <class B>
    static B f(Pe&, B, B n, B) {
        return n >> 31 ? reciprocal(n >> 23) << 23 : ~B{0};
    }
};
struct UnsignedRecipRootEstimate {
    template <class B>
    static B f(Pe&, B, B n, B) {
        return n >> 30 ? reciprocal_root(n >> 23) << 23 : ~B{0};
    }
};

}  // namespace bbmsim::cpu::fp
