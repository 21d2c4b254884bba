// SPDX-License-Identifier: Apache-2.0
// Advanced SIMD floating point, vector and scalar, C4.1.96: three same, two-register arithmetic and compares with zero,
// pairwise, across lanes.
#include "models/cpu/exec/fp_bind.hpp"
#include "models/cpu/exec/fp_estimates.hpp"

namespace bbmsim::cpu {
namespace {

// Reduce() of the manual: the halves first, then the two results.
template <class F, class T>
T reduce(Pe& pe, const T* v, unsigned count) {
    if (count == 1) return v[0];
    const T low = reduce<F>(pe, v, count / 2), high = reduce<F>(pe, v + count / 2, count / 2);
    return F::f(pe, T{0}, low, high);
}
template <class F, class T>
struct Across {
    static void run(Pe& pe, const Op* op) {
        const auto n = lanes<T>(pe.v[op->rn]);
        pe.v[op->rd] = {reduce<F>(pe, n.e, static_cast<unsigned>(op->aux / sizeof(T))), 0};
    }
};

template <template <class, class> class Shape, class F>
void three_same(Op& op, u32 raw) {
    vector_fp<Shape, F, kHSD>(op, raw, three_same_size(raw));
}
template <class F>
void two_register(Op& op, u32 raw) {
    vector_fp<TwoRegister, F, kHSD>(op, raw, two_register_size(raw));
}
// Halves have bit 29 clear. Scalars are pairs: the operand is twice the element.
template <class F>
void across(Op& op, u32 raw) {
    const unsigned size = !bit(raw, 29) ? 1 : bit(raw, 22) ? 3 : 2;
    const bool pair = bit(raw, 28);
    if (!pair && size == 2 && !bit(raw, 30)) return;
    by_size<Across, F, kHSD>(op, raw, size);
    op.aux = pair ? static_cast<u8>(2u << size) : vector_bytes(raw);
    op.cls = OpClass::kMultiply;
}

using fp::Test;

}  // namespace

#define SAME(NAME, ...) \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) { three_same<ThreeSame, fp::__VA_ARGS__>(op, raw); }
#define PAIRS(NAME, F)                                                                                     \
    void bind_##NAME##P_v(Op& op, u32 raw, const DecodeContext&) { three_same<Pairwise, fp::F>(op, raw); } \
    void bind_##NAME##_across(Op& op, u32 raw, const DecodeContext&) { across<fp::F>(op, raw); }
#define TWO(NAME, ...) \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) { two_register<fp::__VA_ARGS__>(op, raw); }

SAME(FADD_v, Add)
SAME(FSUB_v, Sub)
SAME(FMUL_v, Mul)
SAME(FMULX, MulExtended)
SAME(FDIV_v, Div)
SAME(FABD, AbsDifference)
SAME(FMAX_v, Max)
SAME(FMIN_v, Min)
SAME(FMAXNM_v, MaxNumber)
SAME(FMINNM_v, MinNumber)
SAME(FMLA_v, MulAdd<false, false>)
SAME(FMLS_v, MulAdd<true, false>)
SAME(FRECPS, RecipStep<false>)
SAME(FRSQRTS, RecipStep<true>)
SAME(FCMEQ, Compare<Test::kEqual>)
SAME(FCMGE, Compare<Test::kGreaterEqual>)
SAME(FCMGT, Compare<Test::kGreater>)
SAME(FACGE, CompareAbs<Test::kGreaterEqual>)
SAME(FACGT, CompareAbs<Test::kGreater>)
PAIRS(FADD, Add)
PAIRS(FMAX, Max)
PAIRS(FMIN, Min)
PAIRS(FMAXNM, MaxNumber)
PAIRS(FMINNM, MinNumber)
TWO(FABS_v, Abs)
TWO(FNEG_v, Neg)
TWO(FSQRT_v, SquareRoot)
TWO(FRECPE, RecipEstimate)
TWO(FRSQRTE, RecipRootEstimate)
TWO(FRECPX, RecipExponent)
TWO(FCMEQ_zero, CompareZero<Test::kEqual, false>)
TWO(FCMGE_zero, CompareZero<Test::kGreaterEqual, false>)
TWO(FCMGT_zero, CompareZero<Test::kGreater, false>)
TWO(FCMLE_zero, CompareZero<Test::kGreaterEqual, true>)
TWO(FCMLT_zero, CompareZero<Test::kGreater, true>)
void bind_URECPE(Op& op, u32 raw, const DecodeContext&) {
    vector_fp<TwoRegister, fp::UnsignedRecipEstimate, kS>(op, raw, 2);
}
void bind_URSQRTE(Op& op, u32 raw, const DecodeContext&) {
    vector_fp<TwoRegister, fp::UnsignedRecipRootEstimate, kS>(op, raw, 2);
}

}  // namespace bbmsim::cpu
