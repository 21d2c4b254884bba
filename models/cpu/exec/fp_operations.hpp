// SPDX-License-Identifier: Apache-2.0
// Floating-point operations on one element: `f(pe, a, n, m)`, a being the addend or the destination.
#pragma once

#include "models/cpu/exec/fp_arithmetic.hpp"

#include <cmath>

namespace bbmsim::cpu::fp {

template <class F>
using Bits = BitsOf<F>;

struct Add {
    template <class F>
    static F f(F a, F b) {
        return a + b;
    }
};
struct Sub {
    template <class F>
    static F f(F a, F b) {
        return a - b;
    }
};
struct Mul {
    template <class F>
    static F f(F a, F b) {
        return a * b;
    }
};
struct Div {
    template <class F>
    static F f(F a, F b) {
        return a / b;
    }
};

template <class O, bool kNegate, class F>
struct TwoSource {
    static Bits<F> f(Pe& pe, Bits<F>, Bits<F> n, Bits<F> m) {
        n = operand<F>(pe, n);
        m = operand<F>(pe, m);
        Bits<F> r;
        if (!nans<F>(pe, r, n, m))
            r = rounded<F>(
                pe, [](F a, F b) { return O::template f<F>(a, b); }, std::bit_cast<F>(n), std::bit_cast<F>(m));
        if constexpr (kNegate) r ^= Format<F>::kSign;
        return r;
    }
};
template <class F>
struct SquareRoot {
    static Bits<F> f(Pe& pe, Bits<F>, Bits<F> n, Bits<F>) {
        n = operand<F>(pe, n);
        Bits<F> r;
        if (!nans<F>(pe, r, n))
            r = rounded<F>(
                pe,
                [](F a) {
                    if constexpr (sizeof(F) == 8)
                        asm volatile("sqrtsd %0, %0" : "+x"(a));
                    else
                        asm volatile("sqrtss %0, %0" : "+x"(a));
                    return a;
                },
                std::bit_cast<F>(n));
        return r;
    }
};
// The "number" forms take a number over a quiet NaN.
template <bool kMax, bool kNumber, class F>
struct Extreme {
    static Bits<F> f(Pe& pe, Bits<F>, Bits<F> n, Bits<F> m) {
        using Fmt = Format<F>;
        n = operand<F>(pe, n);
        m = operand<F>(pe, m);
        if constexpr (kNumber) {
            const auto worst = Fmt::kInfinity | (kMax ? Fmt::kSign : 0);
            const bool quiet_n = Fmt::nan(n) && !Fmt::signalling(n), quiet_m = Fmt::nan(m) && !Fmt::signalling(m);
            if (quiet_n && !Fmt::nan(m))
                n = worst;
            else if (quiet_m && !Fmt::nan(n))
                m = worst;
        }
        Bits<F> r;
        if (!nans<F>(pe, r, n, m)) {
            const F a = std::bit_cast<F>(n), b = std::bit_cast<F>(m);
            if (a == b)  // zeros of both signs
                r = kMax ? n & m : n | m;
            else
                r = (a > b) == kMax ? n : m;
        }
        return r;
    }
};
// a + n * m; FMSUB and FNMADD negate the product, FNMADD and FNMSUB the addend.
template <bool kNegateProduct, bool kNegateAddend, class F>
struct MulAdd {
    static Bits<F> f(Pe& pe, Bits<F> a, Bits<F> n, Bits<F> m) {
        using Fmt = Format<F>;
        if constexpr (kNegateAddend) a ^= Fmt::kSign;
        if constexpr (kNegateProduct) n ^= Fmt::kSign;
        a = operand<F>(pe, a);
        n = operand<F>(pe, n);
        m = operand<F>(pe, m);
        const bool invalid = (Fmt::infinite(n) && Fmt::zero(m)) || (Fmt::zero(n) && Fmt::infinite(m));
        Bits<F> r;
        if (Fmt::nan(a) && !Fmt::signalling(a) && invalid) {
            pe.sys.fpsr |= kIoc;
            r = Fmt::kDefaultNan;
        } else if (!nans<F>(pe, r, a, n, m)) {
            r = rounded<F>(
                pe, [](F x, F y, F z) { return std::fma(x, y, z); }, std::bit_cast<F>(n), std::bit_cast<F>(m),
                std::bit_cast<F>(a));
        }
        return r;
    }
};

}  // namespace bbmsim::cpu::fp
