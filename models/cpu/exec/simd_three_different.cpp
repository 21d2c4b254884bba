// SPDX-License-Identifier: Apache-2.0
// Advanced SIMD three different: long, wide and narrow arithmetic, C4.1.96.
#include "models/cpu/exec/simd_multiply.hpp"

namespace bbmsim::cpu {
namespace {

#define LONG(NAME, EXPRESSION)                                            \
    template <bool kSigned>                                               \
    struct NAME {                                                         \
        template <class T>                                                \
        static Double<T> f(Pe&, [[maybe_unused]] Double<T> d, T n, T m) { \
            const i128 a = number<kSigned>(n), b = number<kSigned>(m);    \
            return static_cast<Double<T>>(EXPRESSION);                    \
        }                                                                 \
    };
LONG(AddLong, a + b)
LONG(SubLong, a - b)
LONG(AbsDifferenceLong, a > b ? a - b : b - a)
LONG(AbsDifferenceAddLong, d + (a > b ? a - b : b - a))

template <bool kSigned, bool kSub>
struct WideArithmetic {
    template <class T>
    static Double<T> f(Double<T> n, T m) {
        const i128 b = number<kSigned>(m);
        return static_cast<Double<T>>(kSub ? n - b : n + b);
    }
};
template <bool kSub, bool kRound>
struct HighHalf {
    template <class T, class D>
    static T f(Pe&, D n, D m, unsigned) {
        const D sum = static_cast<D>(kSub ? n - m : n + m);
        return static_cast<T>(static_cast<D>(sum + (kRound ? D{1} << (kBits<T> - 1) : 0)) >> kBits<T>);
    }
};
struct PolynomialLong {
    template <class T>
    static Double<T> f(Pe&, Double<T>, T n, T m) {
        Double<T> r = 0;
        for (unsigned i = 0; i < kBits<T>; ++i)
            if (m >> i & 1) r = static_cast<Double<T>>(r ^ (Double<T>{n} << i));
        return r;
    }
};

}  // namespace

#define LENGTHEN(NAME, SIZES, ...)                                         \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) {              \
        lengthening<Long, __VA_ARGS__, SIZES>(op, raw, field(raw, 22, 2)); \
    }
#define LENGTHEN_BY_SIGN(NAME, F)    \
    LENGTHEN(S##NAME, kBHS, F<true>) \
    LENGTHEN(U##NAME, kBHS, F<false>)
#define WIDEN(NAME, ...)                                                                  \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) {                             \
        lengthening<Wide, WideArithmetic<__VA_ARGS__>, kBHS>(op, raw, field(raw, 22, 2)); \
    }
#define HIGH(NAME, ...)                                                             \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) {                       \
        narrowing<Narrow, HighHalf<__VA_ARGS__>, kBHS>(op, raw, field(raw, 22, 2)); \
    }

LENGTHEN_BY_SIGN(ADDL, AddLong)
LENGTHEN_BY_SIGN(SUBL, SubLong)
LENGTHEN(SMULL, kBHS, MultiplyLong<true, 0>)
LENGTHEN(UMULL, kBHS, MultiplyLong<false, 0>)
LENGTHEN(SMLAL, kBHS, MultiplyLong<true, 1>)
LENGTHEN(UMLAL, kBHS, MultiplyLong<false, 1>)
LENGTHEN(SMLSL, kBHS, MultiplyLong<true, -1>)
LENGTHEN(UMLSL, kBHS, MultiplyLong<false, -1>)
LENGTHEN_BY_SIGN(ABDL, AbsDifferenceLong)
LENGTHEN_BY_SIGN(ABAL, AbsDifferenceAddLong)
WIDEN(SADDW, true, false)
WIDEN(UADDW, false, false)
WIDEN(SSUBW, true, true)
WIDEN(USUBW, false, true)
HIGH(ADDHN, false, false)
HIGH(RADDHN, false, true)
HIGH(SUBHN, true, false)
HIGH(RSUBHN, true, true)
LENGTHEN(SQDMULL, kHS, DoublingLong<0>)
LENGTHEN(SQDMLAL, kHS, DoublingLong<1>)
LENGTHEN(SQDMLSL, kHS, DoublingLong<-1>)
LENGTHEN(PMULL, kB, PolynomialLong)

}  // namespace bbmsim::cpu
