// SPDX-License-Identifier: Apache-2.0
// Scalar floating-point arithmetic and compare of types S and D, C4.1.97.
#include "models/cpu/exec/alu.hpp"
#include "models/cpu/exec/fp_operations.hpp"
#include "models/cpu/exec/fp_simd.hpp"

namespace bbmsim::cpu {
namespace {

template <class F>
using Bits = fp::BitsOf<F>;
template <class F>
Bits<F> get(const VReg& v) {
    return static_cast<Bits<F>>(v.lo);
}

template <class O, class F>
struct Scalar {
    static void run(Pe& pe, const Op* op) {
        pe.v[op->rd] = {O::f(pe, get<F>(pe.v[op->ra]), get<F>(pe.v[op->rn]), get<F>(pe.v[op->rm])), 0};
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

#define TYPED(NAME, O, ...)                                             \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) {           \
        typed(op, raw, &simd<Scalar<fp::O<__VA_ARGS__, float>, float>>, \
              &simd<Scalar<fp::O<__VA_ARGS__, double>, double>>);       \
    }
TYPED(FADD, TwoSource, fp::Add, false)
TYPED(FSUB, TwoSource, fp::Sub, false)
TYPED(FMUL, TwoSource, fp::Mul, false)
TYPED(FNMUL, TwoSource, fp::Mul, true)
void bind_FDIV(Op& op, u32 raw, const DecodeContext&) {
    typed(op, raw, &simd<Scalar<fp::TwoSource<fp::Div, false, float>, float>>,
          &simd<Scalar<fp::TwoSource<fp::Div, false, double>, double>>);
    op.cls = OpClass::kDivide;
}
void bind_FSQRT(Op& op, u32 raw, const DecodeContext&) {
    typed(op, raw, &simd<Scalar<fp::SquareRoot<float>, float>>, &simd<Scalar<fp::SquareRoot<double>, double>>);
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
