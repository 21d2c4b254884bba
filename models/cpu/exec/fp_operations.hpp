// SPDX-License-Identifier: Apache-2.0
// Floating-point arithmetic and compares on one element of u16, u32, u64 bits: `f(pe, d, n, m)`, d being the addend or
// the destination.
#pragma once

#include "models/cpu/exec/fp_arithmetic.hpp"

namespace bbmsim::cpu::fp {

struct Abs {
    template <class B>
    static B f(Pe&, B, B n, B) {
        return Format<FormatOf<B>>::magnitude(n);
    }
};
struct Neg {
    template <class B>
    static B f(Pe&, B, B n, B) {
        return n ^ Format<FormatOf<B>>::kSign;
    }
};

struct Plus {
    template <class F>
    static F f(F a, F b) {
        return a + b;
    }
};
struct Minus {
    template <class F>
    static F f(F a, F b) {
        return a - b;
    }
};
struct Times {
    template <class F>
    static F f(F a, F b) {
        return a * b;
    }
};
struct Quotient {
    template <class F>
    static F f(F a, F b) {
        return a / b;
    }
};
enum class After : u8 { kNothing, kNegate, kAbs };
template <class O, After kAfter = After::kNothing>
struct TwoSource {
    template <class B>
    static B f(Pe& pe, B, B n, B m) {
        using Fmt = Format<FormatOf<B>>;
        n = operand(pe, n);
        m = operand(pe, m);
        B r;
        if (!nans(pe, r, n, m))
            r = rounded<B>(
                pe, [](auto a, auto b) { return O::f(a, b); }, number(n), number(m));
        if constexpr (kAfter == After::kNegate) r ^= Fmt::kSign;
        if constexpr (kAfter == After::kAbs) r = Fmt::magnitude(r);
        return r;
    }
};
using Add = TwoSource<Plus>;
using Sub = TwoSource<Minus>;
using Mul = TwoSource<Times>;
using Div = TwoSource<Quotient>;
using NegMul = TwoSource<Times, After::kNegate>;
using AbsDifference = TwoSource<Minus, After::kAbs>;

// Infinity times zero.
template <class B>
bool undefined_product(B n, B m) {
    using Fmt = Format<FormatOf<B>>;
    return (Fmt::infinite(n) && Fmt::zero(m)) || (Fmt::zero(n) && Fmt::infinite(m));
}
// FMULX: infinity times zero is 2.
struct MulExtended {
    template <class B>
    static B f(Pe& pe, B, B n, B m) {
        using Fmt = Format<FormatOf<B>>;
        constexpr B kTwo = static_cast<B>(B{Fmt::kBias + 1} << Fmt::kFraction);
        n = operand(pe, n);
        m = operand(pe, m);
        if (undefined_product(n, m)) return static_cast<B>(((n ^ m) & Fmt::kSign) | kTwo);
        return Mul::f(pe, B{0}, n, m);
    }
};
struct SquareRoot {
    template <class B>
    static B f(Pe& pe, B, B n, B) {
        n = operand(pe, n);
        B r;
        if (nans(pe, r, n)) return r;
        return rounded<B>(
            pe,
            [](auto a) {
                if constexpr (sizeof(a) == 8)
                    asm volatile("sqrtsd %0, %0" : "+x"(a));
                else
                    asm volatile("sqrtss %0, %0" : "+x"(a));
                return a;
            },
            number(n));
    }
};
// The "number" forms take a number over a quiet NaN.
template <bool kMax, bool kNumber>
struct Extreme {
    template <class B>
    static B f(Pe& pe, B, B n, B m) {
        using Fmt = Format<FormatOf<B>>;
        n = operand(pe, n);
        m = operand(pe, m);
        if constexpr (kNumber) {
            constexpr B kWorst = static_cast<B>(Fmt::kInfinity | (kMax ? Fmt::kSign : 0));
            const bool quiet_n = Fmt::nan(n) && !Fmt::signalling(n), quiet_m = Fmt::nan(m) && !Fmt::signalling(m);
            if (quiet_n && !Fmt::nan(m))
                n = kWorst;
            else if (quiet_m && !Fmt::nan(n))
                m = kWorst;
        }
        B r;
        if (nans(pe, r, n, m)) return r;
        if (number(n) == number(m)) return kMax ? n & m : n | m;  // zeros of both signs
        return (number(n) > number(m)) == kMax ? n : m;
    }
};
using Max = Extreme<true, false>;
using Min = Extreme<false, false>;
using MaxNumber = Extreme<true, true>;
using MinNumber = Extreme<false, true>;

// d + n * m; FMSUB, FMLS and FNMADD negate the product, FNMADD and FNMSUB the addend.
template <bool kNegateProduct, bool kNegateAddend>
struct MulAdd {
    template <class B>
    static B f(Pe& pe, B d, B n, B m) {
        using Fmt = Format<FormatOf<B>>;
        if constexpr (kNegateAddend) d ^= Fmt::kSign;
        if constexpr (kNegateProduct) n ^= Fmt::kSign;
        d = operand(pe, d);
        n = operand(pe, n);
        m = operand(pe, m);
        if (Fmt::nan(d) && !Fmt::signalling(d) && undefined_product(n, m)) return invalid<B>(pe);
        B r;
        if (nans(pe, r, d, n, m)) return r;
        return rounded<B>(
            pe, [](auto x, auto y, auto z) { return std::fma(x, y, z); }, number(n), number(m), number(d));
    }
};

// Compares to a mask. For equality only signalling NaNs are invalid.
enum class Test : u8 { kEqual, kGreaterEqual, kGreater };
template <Test kTest>
struct Compare {
    template <class B>
    static B f(Pe& pe, B, B n, B m) {
        using Fmt = Format<FormatOf<B>>;
        n = operand(pe, n);
        m = operand(pe, m);
        if (Fmt::nan(n) || Fmt::nan(m)) {
            if (kTest != Test::kEqual || Fmt::signalling(n) || Fmt::signalling(m)) pe.sys.fpsr |= kIoc;
            return 0;
        }
        const auto a = number(n), b = number(m);
        const bool holds = kTest == Test::kEqual ? a == b : kTest == Test::kGreaterEqual ? a >= b : a > b;
        return holds ? static_cast<B>(~B{0}) : B{0};
    }
};
template <Test kTest>
struct CompareAbs {
    template <class B>
    static B f(Pe& pe, B d, B n, B m) {
        using Fmt = Format<FormatOf<B>>;
        return Compare<kTest>::f(pe, d, Fmt::magnitude(n), Fmt::magnitude(m));
    }
};
// With zero: n first, or zero first (FCMLE, FCMLT).
template <Test kTest, bool kZeroFirst>
struct CompareZero {
    template <class B>
    static B f(Pe& pe, B d, B n, B) {
        return kZeroFirst ? Compare<kTest>::f(pe, d, B{0}, n) : Compare<kTest>::f(pe, d, n, B{0});
    }
};

}  // namespace bbmsim::cpu::fp
