// SPDX-License-Identifier: Apache-2.0
// Advanced SIMD three same, integer and logical, vector and scalar, C4.1.96.
#include "models/cpu/exec/simd_multiply.hpp"

#include <algorithm>

namespace bbmsim::cpu {
namespace {

template <class T>
constexpr T mask_of(bool b) {
    return b ? static_cast<T>(~T{0}) : T{0};
}

#define ELEMENT(NAME, EXPRESSION)                                                              \
    struct NAME {                                                                              \
        template <class T>                                                                     \
        static T f([[maybe_unused]] Pe& pe, [[maybe_unused]] T d, [[maybe_unused]] T n, T m) { \
            return static_cast<T>(EXPRESSION);                                                 \
        }                                                                                      \
    };
#define ELEMENT_BY_SIGN(NAME, EXPRESSION)                                               \
    template <bool kSigned>                                                             \
    struct NAME {                                                                       \
        template <class T>                                                              \
        static T f([[maybe_unused]] Pe& pe, [[maybe_unused]] T d, T n, T m) {           \
            [[maybe_unused]] const i128 a = number<kSigned>(n), b = number<kSigned>(m); \
            return static_cast<T>(EXPRESSION);                                          \
        }                                                                               \
    };

ELEMENT(Add, n + m)
ELEMENT(Sub, n - m)
ELEMENT(CompareEqual, mask_of<T>(n == m))
ELEMENT(CompareTest, mask_of<T>((n & m) != 0))
ELEMENT(And, n& m)
ELEMENT(Bic, n & ~m)
ELEMENT(Orr, n | m)
ELEMENT(Orn, n | ~m)
ELEMENT(Eor, n ^ m)
ELEMENT(Bsl, (d & n) | (~d & m))
ELEMENT(Bit, (m & n) | (~m & d))
ELEMENT(Bif, (~m & n) | (m & d))
ELEMENT_BY_SIGN(HalvingAdd, (a + b) >> 1)
ELEMENT_BY_SIGN(RoundingHalvingAdd, (a + b + 1) >> 1)
ELEMENT_BY_SIGN(HalvingSub, (a - b) >> 1)
ELEMENT_BY_SIGN(SaturatingAdd, (saturate<kSigned, T>(pe, a + b)))
ELEMENT_BY_SIGN(SaturatingSub, (saturate<kSigned, T>(pe, a - b)))
ELEMENT_BY_SIGN(CompareGreater, mask_of<T>(a > b))
ELEMENT_BY_SIGN(CompareGreaterEqual, mask_of<T>(a >= b))
ELEMENT_BY_SIGN(Max, std::max(a, b))
ELEMENT_BY_SIGN(Min, std::min(a, b))
ELEMENT_BY_SIGN(AbsDifference, a > b ? a - b : b - a)
ELEMENT_BY_SIGN(AbsDifferenceAdd, d + (a > b ? a - b : b - a))
ELEMENT_BY_SIGN(Shift, (shifted<T, kSigned, false, false>(pe, n, static_cast<i8>(m))))
ELEMENT_BY_SIGN(SaturatingShift, (shifted<T, kSigned, false, true>(pe, n, static_cast<i8>(m))))
ELEMENT_BY_SIGN(RoundingShift, (shifted<T, kSigned, true, false>(pe, n, static_cast<i8>(m))))
ELEMENT_BY_SIGN(SaturatingRoundingShift, (shifted<T, kSigned, true, true>(pe, n, static_cast<i8>(m))))

struct PolynomialMul {
    template <class T>
    static T f(Pe&, T, T n, T m) {
        unsigned r = 0;
        for (unsigned i = 0; i < 8; ++i)
            if (m >> i & 1) r ^= unsigned{n} << i;
        return static_cast<T>(r);
    }
};
// Logical ones have the operation where others have the size.
template <class F>
void logical(Op& op, u32 raw) {
    by_size<ThreeSame, F, kD>(op, raw, 3);
    op.aux = vector_bytes(raw);
}

}  // namespace

#define SAME(NAME, F, ...) \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) { same_size<ThreeSame, F, __VA_ARGS__>(op, raw); }
#define SAME_BY_SIGN(NAME, F, ...)                                                                                    \
    void bind_S##NAME(Op& op, u32 raw, const DecodeContext&) { same_size<ThreeSame, F<true>, __VA_ARGS__>(op, raw); } \
    void bind_U##NAME(Op& op, u32 raw, const DecodeContext&) { same_size<ThreeSame, F<false>, __VA_ARGS__>(op, raw); }
#define PAIRWISE(NAME, F, SIZES) \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) { same_size<Pairwise, F, SIZES>(op, raw); }
#define LOGICAL(NAME, F) \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) { logical<F>(op, raw); }

SAME_BY_SIGN(HADD, HalvingAdd, kBHS)
SAME_BY_SIGN(RHADD, RoundingHalvingAdd, kBHS)
SAME_BY_SIGN(HSUB, HalvingSub, kBHS)
SAME(SQADD, SaturatingAdd<true>, kBHSD, kBHSD)
SAME(UQADD, SaturatingAdd<false>, kBHSD, kBHSD)
SAME(SQSUB, SaturatingSub<true>, kBHSD, kBHSD)
SAME(UQSUB, SaturatingSub<false>, kBHSD, kBHSD)
SAME(CMGT, CompareGreater<true>, kBHSD, kD)
SAME(CMHI, CompareGreater<false>, kBHSD, kD)
SAME(CMGE, CompareGreaterEqual<true>, kBHSD, kD)
SAME(CMHS, CompareGreaterEqual<false>, kBHSD, kD)
SAME(CMTST, CompareTest, kBHSD, kD)
SAME(CMEQ, CompareEqual, kBHSD, kD)
SAME_BY_SIGN(SHL_v, Shift, kBHSD, kD)
SAME(SQSHL_v, SaturatingShift<true>, kBHSD, kBHSD)
SAME(UQSHL_v, SaturatingShift<false>, kBHSD, kBHSD)
SAME_BY_SIGN(RSHL, RoundingShift, kBHSD, kD)
SAME(SQRSHL, SaturatingRoundingShift<true>, kBHSD, kBHSD)
SAME(UQRSHL, SaturatingRoundingShift<false>, kBHSD, kBHSD)
SAME_BY_SIGN(MAX_v, Max, kBHS)
SAME_BY_SIGN(MIN_v, Min, kBHS)
SAME_BY_SIGN(ABD, AbsDifference, kBHS)
SAME_BY_SIGN(ABA, AbsDifferenceAdd, kBHS)
SAME(ADD_v, Add, kBHSD, kD)
SAME(SUB_v, Sub, kBHSD, kD)
SAME(MLA_v, Multiply<1>, kBHS)
SAME(MLS_v, Multiply<-1>, kBHS)
SAME(MUL_v, Multiply<0>, kBHS)
SAME(PMUL, PolynomialMul, kB)
SAME(SQDMULH, DoublingHigh<false>, kHS, kHS)
SAME(SQRDMULH, DoublingHigh<true>, kHS, kHS)
SAME(SQRDMLAH, DoublingHighAccumulate<1>, kHS, kHS)
SAME(SQRDMLSH, DoublingHighAccumulate<-1>, kHS, kHS)
PAIRWISE(SMAXP, Max<true>, kBHS)
PAIRWISE(UMAXP, Max<false>, kBHS)
PAIRWISE(SMINP, Min<true>, kBHS)
PAIRWISE(UMINP, Min<false>, kBHS)
PAIRWISE(ADDP, Add, kBHSD)
LOGICAL(AND_v, And)
LOGICAL(BIC_v, Bic)
LOGICAL(ORR_v, Orr)
LOGICAL(ORN_v, Orn)
LOGICAL(EOR_v, Eor)
LOGICAL(BSL, Bsl)
LOGICAL(BIT, Bit)
LOGICAL(BIF, Bif)

}  // namespace bbmsim::cpu
