// SPDX-License-Identifier: Apache-2.0
// Scalar floating-point arithmetic and compare of types S and D, C4.1.97.
#include "models/cpu/exec/alu.hpp"
#include "models/cpu/exec/fp_arithmetic.hpp"
#include "models/cpu/exec/fp_simd.hpp"

#include <cmath>

namespace bbmsim::cpu {
namespace {

template <class F>
using Bits = fp::BitsOf<F>;
template <class F>
Bits<F> get(const VReg& v) {
    return static_cast<Bits<F>>(v.lo);
}

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
    static void run(Pe& pe, const Op* op) {
        const auto n = fp::operand<F>(pe, get<F>(pe.v[op->rn])), m = fp::operand<F>(pe, get<F>(pe.v[op->rm]));
        Bits<F> r;
        if (!fp::nans<F>(pe, r, n, m))
            r = fp::rounded<F>(
                pe, [](F a, F b) { return O::template f<F>(a, b); }, std::bit_cast<F>(n), std::bit_cast<F>(m));
        if constexpr (kNegate) r ^= fp::Format<F>::kSign;
        pe.v[op->rd] = {r, 0};
    }
};
template <class F>
struct SquareRoot {
    static void run(Pe& pe, const Op* op) {
        const auto n = fp::operand<F>(pe, get<F>(pe.v[op->rn]));
        Bits<F> r;
        if (!fp::nans<F>(pe, r, n))
            r = fp::rounded<F>(
                pe,
                [](F a) {
                    if constexpr (sizeof(F) == 8)
                        asm volatile("sqrtsd %0, %0" : "+x"(a));
                    else
                        asm volatile("sqrtss %0, %0" : "+x"(a));
                    return a;
                },
                std::bit_cast<F>(n));
        pe.v[op->rd] = {r, 0};
    }
};
// The "number" forms take a number over a quiet NaN.
template <bool kMax, bool kNumber, class F>
struct Extreme {
    static void run(Pe& pe, const Op* op) {
        using Fmt = fp::Format<F>;
        auto n = fp::operand<F>(pe, get<F>(pe.v[op->rn])), m = fp::operand<F>(pe, get<F>(pe.v[op->rm]));
        if constexpr (kNumber) {
            const auto worst = Fmt::kInfinity | (kMax ? Fmt::kSign : 0);
            const bool quiet_n = Fmt::nan(n) && !Fmt::signalling(n), quiet_m = Fmt::nan(m) && !Fmt::signalling(m);
            if (quiet_n && !Fmt::nan(m))
                n = worst;
            else if (quiet_m && !Fmt::nan(n))
                m = worst;
        }
        Bits<F> r;
        if (!fp::nans<F>(pe, r, n, m)) {
            const F a = std::bit_cast<F>(n), b = std::bit_cast<F>(m);
            if (a == b)  // zeros of both signs
                r = kMax ? n & m : n | m;
            else
                r = (a > b) == kMax ? n : m;
        }
        pe.v[op->rd] = {r, 0};
    }
};
// ra + rn * rm; FMSUB and FNMADD negate the product, FNMADD and FNMSUB the addend.
template <bool kNegateProduct, bool kNegateAddend, class F>
struct MulAdd {
    static void run(Pe& pe, const Op* op) {
        using Fmt = fp::Format<F>;
        auto a = get<F>(pe.v[op->ra]), n = get<F>(pe.v[op->rn]), m = get<F>(pe.v[op->rm]);
        if constexpr (kNegateAddend) a ^= Fmt::kSign;
        if constexpr (kNegateProduct) n ^= Fmt::kSign;
        a = fp::operand<F>(pe, a);
        n = fp::operand<F>(pe, n);
        m = fp::operand<F>(pe, m);
        const bool invalid = (Fmt::infinite(n) && Fmt::zero(m)) || (Fmt::zero(n) && Fmt::infinite(m));
        Bits<F> r;
        if (Fmt::nan(a) && !Fmt::signalling(a) && invalid) {
            pe.sys.fpsr |= fp::kIoc;
            r = Fmt::kDefaultNan;
        } else if (!fp::nans<F>(pe, r, a, n, m)) {
            r = fp::rounded<F>(
                pe, [](F x, F y, F z) { return std::fma(x, y, z); }, std::bit_cast<F>(n), std::bit_cast<F>(m),
                std::bit_cast<F>(a));
        }
        pe.v[op->rd] = {r, 0};
    }
};

// op.imm: with zero; aux2: quiet NaNs are invalid too.
template <class F>
u32 compare(Pe& pe, const Op* op) {
    using Fmt = fp::Format<F>;
    const auto n = fp::operand<F>(pe, get<F>(pe.v[op->rn]));
    const auto m = op->imm ? Bits<F>{0} : fp::operand<F>(pe, get<F>(pe.v[op->rm]));
    if (Fmt::nan(n) || Fmt::nan(m)) {
        if (op->aux2 || Fmt::signalling(n) || Fmt::signalling(m)) pe.sys.fpsr |= fp::kIoc;
        return 0x30000000;
    }
    const F a = std::bit_cast<F>(n), b = std::bit_cast<F>(m);
    return a == b ? 0x60000000 : a < b ? 0x80000000 : 0x20000000;
}
template <class F>
struct Compare {
    static void run(Pe& pe, const Op* op) { pe.ps.nzcv = compare<F>(pe, op); }
};
template <class F>
struct ConditionalCompare {
    static void run(Pe& pe, const Op* op) {
        pe.ps.nzcv = condition_holds(op->aux, pe.ps.nzcv) ? compare<F>(pe, op) : u32{op->ra} << 28;
    }
};

void typed(Op& op, u32 raw, Handler single, Handler two) {
    if (field(raw, 22, 2) > 1) return;
    registers(op, raw);
    op.cls = OpClass::kMultiply;
    op.fn = bit(raw, 22) ? two : single;
}

}  // namespace

#define TYPED(NAME, SHAPE, ...)                                                              \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) {                                \
        typed(op, raw, &simd<SHAPE<__VA_ARGS__, float>>, &simd<SHAPE<__VA_ARGS__, double>>); \
    }
TYPED(FADD, TwoSource, Add, false)
TYPED(FSUB, TwoSource, Sub, false)
TYPED(FMUL, TwoSource, Mul, false)
TYPED(FNMUL, TwoSource, Mul, true)
void bind_FDIV(Op& op, u32 raw, const DecodeContext&) {
    typed(op, raw, &simd<TwoSource<Div, false, float>>, &simd<TwoSource<Div, false, double>>);
    op.cls = OpClass::kDivide;
}
void bind_FSQRT(Op& op, u32 raw, const DecodeContext&) {
    typed(op, raw, &simd<SquareRoot<float>>, &simd<SquareRoot<double>>);
    op.cls = OpClass::kDivide;
}
TYPED(FMAX, Extreme, true, false)
TYPED(FMIN, Extreme, false, false)
TYPED(FMAXNM, Extreme, true, true)
TYPED(FMINNM, Extreme, false, true)
TYPED(FMADD, MulAdd, false, false)
TYPED(FMSUB, MulAdd, true, false)
TYPED(FNMADD, MulAdd, true, true)
TYPED(FNMSUB, MulAdd, false, true)
void bind_FCMP(Op& op, u32 raw, const DecodeContext&) {
    typed(op, raw, &simd<Compare<float>>, &simd<Compare<double>>);
    op.imm = bit(raw, 3);
    op.aux2 = bit(raw, 4);
}
void bind_FCCMP(Op& op, u32 raw, const DecodeContext&) {
    typed(op, raw, &simd<ConditionalCompare<float>>, &simd<ConditionalCompare<double>>);
    op.aux = static_cast<u8>(field(raw, 12, 4));
    op.ra = static_cast<u8>(field(raw, 0, 4));
    op.aux2 = bit(raw, 4);
}

}  // namespace bbmsim::cpu
