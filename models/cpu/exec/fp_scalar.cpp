// SPDX-License-Identifier: Apache-2.0
// Scalar floating-point arithmetic and compare, C4.1.97.
#include "models/cpu/exec/condition.hpp"
#include "models/cpu/exec/fp_bind.hpp"
#include "models/cpu/exec/fp_operations.hpp"

namespace bbmsim::cpu {
namespace {

// op.imm: with zero; aux2: quiet NaNs are invalid too.
template <class T>
u32 compare(Pe& pe, const Op* op) {
    using Fmt = fp::Format<fp::FormatOf<T>>;
    const T n = fp::operand(pe, static_cast<T>(pe.v[op->rn].lo));
    const T m = op->imm ? T{0} : fp::operand(pe, static_cast<T>(pe.v[op->rm].lo));
    if (Fmt::nan(n) || Fmt::nan(m)) {
        if (op->aux2 || Fmt::signalling(n) || Fmt::signalling(m)) pe.sys.fpsr |= fp::kIoc;
        return 0x30000000;
    }
    const auto a = fp::number(n), b = fp::number(m);
    return a == b ? 0x60000000 : a < b ? 0x80000000 : 0x20000000;
}
struct Always {
    static bool holds(const Pe&, const Op*) { return true; }
};
struct Conditionally {
    static bool holds(const Pe& pe, const Op* op) { return condition_holds(op->aux, pe.ps.nzcv); }
};
template <class When, class T>
struct Compare {
    static void run(Pe& pe, const Op* op) { pe.ps.nzcv = When::holds(pe, op) ? compare<T>(pe, op) : u32{op->ra} << 28; }
};

}  // namespace

#define SCALAR(NAME, ...)                                             \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext& context) { \
        by_type<ScalarFp, fp::__VA_ARGS__>(op, raw, context);         \
    }
#define SLOW_SCALAR(NAME, F)                                          \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext& context) { \
        by_type<ScalarFp, fp::F>(op, raw, context);                   \
        op.cls = OpClass::kDivide;                                    \
    }
SCALAR(FADD, Add)
SCALAR(FSUB, Sub)
SCALAR(FMUL, Mul)
SCALAR(FNMUL, NegMul)
SLOW_SCALAR(FDIV, Div)
SLOW_SCALAR(FSQRT, SquareRoot)
SCALAR(FMAX, Max)
SCALAR(FMIN, Min)
SCALAR(FMAXNM, MaxNumber)
SCALAR(FMINNM, MinNumber)
SCALAR(FMADD, MulAdd<false, false>)
SCALAR(FMSUB, MulAdd<true, false>)
SCALAR(FNMADD, MulAdd<true, true>)
SCALAR(FNMSUB, MulAdd<false, true>)
void bind_FCMP(Op& op, u32 raw, const DecodeContext& context) {
    by_type<Compare, Always>(op, raw, context);
    op.imm = bit(raw, 3);
    op.aux2 = bit(raw, 4);
}
void bind_FCCMP(Op& op, u32 raw, const DecodeContext& context) {
    by_type<Compare, Conditionally>(op, raw, context);
    op.aux = static_cast<u8>(field(raw, 12, 4));
    op.ra = static_cast<u8>(field(raw, 0, 4));
    op.aux2 = bit(raw, 4);
}

}  // namespace bbmsim::cpu
