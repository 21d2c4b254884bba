// SPDX-License-Identifier: Apache-2.0
// Advanced SIMD floating point on vectors of types S and D, C4.1.96: three same, and two-register arithmetic.
#include "models/cpu/exec/fp_operations.hpp"
#include "models/cpu/exec/simd_elements.hpp"

namespace bbmsim::cpu {
namespace {

struct Abs {
    template <class T>
    static T f(Pe&, T, T n, T) {
        return n & static_cast<T>(~T{0}) >> 1;
    }
};
struct Neg {
    template <class T>
    static T f(Pe&, T, T n, T) {
        return n ^ T { 1 } << (kBits<T> - 1);
    }
};

void typed(Op& op, u32 raw, Handler single, Handler two) {
    const bool is_double = bit(raw, 22);
    if (is_double && !bit(raw, 30)) return;
    registers(op, raw);
    op.aux = vector_bytes(raw);
    op.cls = OpClass::kMultiply;
    op.fn = is_double ? two : single;
}

}  // namespace

#define VECTOR(NAME, O, ...)                                             \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) {            \
        typed(op, raw, &simd<ThreeSame<fp::O<__VA_ARGS__, float>, u32>>, \
              &simd<ThreeSame<fp::O<__VA_ARGS__, double>, u64>>);        \
    }
VECTOR(FADD_v, TwoSource, fp::Add, false)
VECTOR(FSUB_v, TwoSource, fp::Sub, false)
VECTOR(FMUL_v, TwoSource, fp::Mul, false)
VECTOR(FDIV_v, TwoSource, fp::Div, false)
VECTOR(FMAX_v, Extreme, true, false)
VECTOR(FMIN_v, Extreme, false, false)
VECTOR(FMAXNM_v, Extreme, true, true)
VECTOR(FMINNM_v, Extreme, false, true)
VECTOR(FMLA_v, MulAdd, false, false)
VECTOR(FMLS_v, MulAdd, true, false)
void bind_FSQRT_v(Op& op, u32 raw, const DecodeContext&) {
    typed(op, raw, &simd<TwoRegister<fp::SquareRoot<float>, u32>>, &simd<TwoRegister<fp::SquareRoot<double>, u64>>);
}
void bind_FABS_v(Op& op, u32 raw, const DecodeContext&) {
    typed(op, raw, &simd<TwoRegister<Abs, u32>>, &simd<TwoRegister<Abs, u64>>);
}
void bind_FNEG_v(Op& op, u32 raw, const DecodeContext&) {
    typed(op, raw, &simd<TwoRegister<Neg, u32>>, &simd<TwoRegister<Neg, u64>>);
}

}  // namespace bbmsim::cpu
