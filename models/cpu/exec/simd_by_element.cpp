// SPDX-License-Identifier: Apache-2.0
// Advanced SIMD vector by indexed element, integer, vector and scalar, C4.1.96.
#include "models/cpu/exec/simd_elements.hpp"

namespace bbmsim::cpu {
namespace {

template <class F, class T>
struct LongByElement {
    static void run(Pe& pe, const Op* op) {
        using D = Double<T>;
        const auto n = lanes<T>(pe.v[op->rn]);
        const T m = lanes<T>(pe.v[op->rm]).e[op->ra];
        auto d = lanes<D>(pe.v[op->rd]);
        const unsigned from = op->aux2 ? d.kCount : 0;
        for (unsigned i = 0; i < op->aux / sizeof(D); ++i) d.e[i] = F::template f<T>(pe, d.e[i], n.e[from + i], m);
        pe.v[op->rd] = to_vreg(d);
        clear_above(pe.v[op->rd], op->aux);
    }
};

// H: index H:L:M and registers 0..15; S: index H:L.
void element(Op& op, u32 raw) {
    const unsigned h = bit(raw, 11), l = bit(raw, 21), m = bit(raw, 20);
    const bool half = field(raw, 22, 2) == 1;
    op.ra = static_cast<u8>(half ? h << 2 | l << 1 | m : h << 1 | l);
    if (half) op.rm &= 15;
}

template <int kAccumulate>
struct Multiply {
    template <class T>
    static T f(Pe&, T d, T n, T m) {
        const u64 product = u64{n} * m;
        return static_cast<T>(kAccumulate == 0 ? product : kAccumulate > 0 ? d + product : d - product);
    }
};
template <bool kSigned, int kAccumulate>
struct MultiplyLong {
    template <class T>
    static Double<T> f(Pe&, Double<T> d, T n, T m) {
        return static_cast<Double<T>>((kAccumulate ? i128{d} : 0) +
                                      (kAccumulate < 0 ? -1 : 1) * number<kSigned>(n) * number<kSigned>(m));
    }
};
template <int kAccumulate>
struct DoublingLong {
    template <class T>
    static Double<T> f(Pe& pe, Double<T> d, T n, T m) {
        using D = Double<T>;
        const D product = saturate<true, D>(pe, 2 * number<true>(n) * number<true>(m));
        if constexpr (kAccumulate == 0) return product;
        return saturate<true, D>(pe, number<true>(d) + kAccumulate * number<true>(product));
    }
};
template <bool kRound>
struct DoublingHigh {
    template <class T>
    static T f(Pe& pe, T, T n, T m) {
        const i128 product = 2 * number<true>(n) * number<true>(m);
        return saturate<true, T>(pe, (product + (kRound ? i128{1} << (kBits<T> - 1) : 0)) >> kBits<T>);
    }
};
template <int kSign>
struct DoublingHighAccumulate {  // FEAT_RDM
    template <class T>
    static T f(Pe& pe, T d, T n, T m) {
        const i128 sum = number<true>(d) * (i128{1} << kBits<T>)+kSign * 2 * number<true>(n) * number<true>(m);
        return saturate<true, T>(pe, (sum + (i128{1} << (kBits<T> - 1))) >> kBits<T>);
    }
};

}  // namespace

#define BY_ELEMENT(NAME, SCALAR, ...)                            \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) {    \
        same_size<ByElement, __VA_ARGS__, kHS, SCALAR>(op, raw); \
        element(op, raw);                                        \
    }
#define LONG_BY_ELEMENT(NAME, ...)                                                \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) {                     \
        lengthening<LongByElement, __VA_ARGS__, kHS>(op, raw, field(raw, 22, 2)); \
        element(op, raw);                                                         \
    }

BY_ELEMENT(MUL_element, 0, Multiply<0>)
BY_ELEMENT(MLA_element, 0, Multiply<1>)
BY_ELEMENT(MLS_element, 0, Multiply<-1>)
BY_ELEMENT(SQDMULH_element, kHS, DoublingHigh<false>)
BY_ELEMENT(SQRDMULH_element, kHS, DoublingHigh<true>)
BY_ELEMENT(SQRDMLAH_element, kHS, DoublingHighAccumulate<1>)
BY_ELEMENT(SQRDMLSH_element, kHS, DoublingHighAccumulate<-1>)
LONG_BY_ELEMENT(SMULL_element, MultiplyLong<true, 0>)
LONG_BY_ELEMENT(UMULL_element, MultiplyLong<false, 0>)
LONG_BY_ELEMENT(SMLAL_element, MultiplyLong<true, 1>)
LONG_BY_ELEMENT(UMLAL_element, MultiplyLong<false, 1>)
LONG_BY_ELEMENT(SMLSL_element, MultiplyLong<true, -1>)
LONG_BY_ELEMENT(UMLSL_element, MultiplyLong<false, -1>)
LONG_BY_ELEMENT(SQDMULL_element, DoublingLong<0>)
LONG_BY_ELEMENT(SQDMLAL_element, DoublingLong<1>)
LONG_BY_ELEMENT(SQDMLSL_element, DoublingLong<-1>)

}  // namespace bbmsim::cpu
