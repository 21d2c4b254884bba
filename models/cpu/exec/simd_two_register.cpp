// SPDX-License-Identifier: Apache-2.0
// Advanced SIMD two-register miscellaneous and across lanes, integer, C4.1.96.
#include "models/cpu/exec/simd_elements.hpp"

#include <algorithm>
#include <bit>

namespace bbmsim::cpu {
namespace {

// op.imm: elements of a container less one; those of a container in reverse.
template <class F, class T>
struct Reverse {
    static void run(Pe& pe, const Op* op) {
        const auto n = lanes<T>(pe.v[op->rn]);
        Lanes<T> d;
        for (unsigned i = 0; i < d.kCount; ++i) d.e[i] = n.e[i ^ op->imm];
        pe.v[op->rd] = to_vreg(d);
        clear_above(pe.v[op->rd], op->aux);
    }
};
struct None {};
template <unsigned kContainer>
void reverse(Op& op, u32 raw) {
    const unsigned size = field(raw, 22, 2);
    if (1u << size >= kContainer) return;
    same_size<Reverse, None, kBHS>(op, raw);
    op.imm = (kContainer >> size) - 1;
}

// Sums of adjacent pairs, twice the size; F: bit 0 signed, bit 1 accumulate.
template <bool kSigned, bool kAdd>
struct PairFlags {};
template <class F, class T>
struct LongPairs;
template <bool kSigned, bool kAdd, class T>
struct LongPairs<PairFlags<kSigned, kAdd>, T> {
    static void run(Pe& pe, const Op* op) {
        using D = Double<T>;
        const auto n = lanes<T>(pe.v[op->rn]);
        auto d = lanes<D>(pe.v[op->rd]);
        for (unsigned i = 0; i < d.kCount; ++i)
            d.e[i] = static_cast<D>((kAdd ? d.e[i] : 0) +
                                    static_cast<D>(number<kSigned>(n.e[2 * i]) + number<kSigned>(n.e[2 * i + 1])));
        pe.v[op->rd] = to_vreg(d);
        clear_above(pe.v[op->rd], op->aux);
    }
};

template <bool kResultSigned>  // SUQADD: signed destination and unsigned addend; USQADD the reverse
struct AccumulateMixed {
    template <class T>
    static T f(Pe& pe, T d, T n, T) {
        return saturate<kResultSigned, T>(pe, number<kResultSigned>(d) + number<!kResultSigned>(n));
    }
};
#define UNARY(NAME, EXPRESSION)                              \
    struct NAME {                                            \
        template <class T>                                   \
        static T f([[maybe_unused]] Pe& pe, T, T n, T) {     \
            [[maybe_unused]] const i128 a = number<true>(n); \
            return static_cast<T>(EXPRESSION);               \
        }                                                    \
    };
UNARY(CountLeadingSign, std::countl_zero(static_cast<T>(a < 0 ? ~n : n)) - 1)
UNARY(CountLeadingZero, std::countl_zero(n))
UNARY(CountOnes, std::popcount(n))
UNARY(Not, ~n)
UNARY(Rbit, (n * 0x0202020202ull & 0x010884422010ull) % 1023)
UNARY(Abs, a < 0 ? -a : a)
UNARY(Neg, -a)
UNARY(SaturatingAbs, (saturate<true, T>(pe, a < 0 ? -a : a)))
UNARY(SaturatingNeg, (saturate<true, T>(pe, -a)))
UNARY(GreaterZero, a > 0 ? -1 : 0)
UNARY(GreaterEqualZero, a >= 0 ? -1 : 0)
UNARY(EqualZero, a == 0 ? -1 : 0)
UNARY(LessEqualZero, a <= 0 ? -1 : 0)
UNARY(LessZero, a < 0 ? -1 : 0)

template <bool kFromSigned, bool kToSigned, bool kSaturate>
struct Extract {
    template <class T, class D>
    static T f(Pe& pe, D n, D, unsigned) {
        if constexpr (kSaturate) return saturate<kToSigned, T>(pe, number<kFromSigned>(n));
        return static_cast<T>(n);
    }
};
struct ShiftLeftLong {
    template <class T>
    static Double<T> f(Pe&, Double<T>, T n, T) {
        return static_cast<Double<T>>(static_cast<Double<T>>(n) << kBits<T>);
    }
};

// F: static i128 f(i128, i128), kSigned; result of element size or (kWide) twice that.
template <bool kSign, bool kWide>
struct Sum {
    static constexpr bool kSigned = kSign;
    static constexpr unsigned kScale = kWide ? 2 : 1;
    static i128 f(i128 a, i128 b) { return a + b; }
};
template <bool kSign>
struct MaxOf {
    static constexpr bool kSigned = kSign;
    static constexpr unsigned kScale = 1;
    static i128 f(i128 a, i128 b) { return std::max(a, b); }
};
template <bool kSign>
struct MinOf {
    static constexpr bool kSigned = kSign;
    static constexpr unsigned kScale = 1;
    static i128 f(i128 a, i128 b) { return std::min(a, b); }
};
template <class F, class T>
struct Across {
    static void run(Pe& pe, const Op* op) {
        const auto n = lanes<T>(pe.v[op->rn]);
        i128 r = number<F::kSigned>(n.e[0]);
        for (unsigned i = 1; i < op->aux / sizeof(T); ++i) r = F::f(r, number<F::kSigned>(n.e[i]));
        VReg& d = pe.v[op->rd];
        d = {static_cast<u64>(r), 0};
        clear_above(d, F::kScale * sizeof(T));
    }
};
template <class F>
void across(Op& op, u32 raw) {
    const unsigned size = field(raw, 22, 2);
    if (size == 2 && !bit(raw, 30)) return;
    same_size<Across, F, kBHS>(op, raw);
}
struct AddPairScalar {
    static void run(Pe& pe, const Op* op) { pe.v[op->rd] = {pe.v[op->rn].lo + pe.v[op->rn].hi, 0}; }
};
template <class F>
void bytes(Op& op, u32 raw) {
    by_size<TwoRegister, F, kB>(op, raw, 0);
    op.aux = vector_bytes(raw);
}

}  // namespace

#define TWO(NAME, F, ...) \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) { same_size<TwoRegister, F, __VA_ARGS__>(op, raw); }
#define ZERO(NAME, F) \
    void bind_##NAME##_zero(Op& op, u32 raw, const DecodeContext&) { same_size<TwoRegister, F, kBHSD, kD>(op, raw); }
#define PAIRS(NAME, SIGNED, ADD)                                     \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) {        \
        same_size<LongPairs, PairFlags<SIGNED, ADD>, kBHS>(op, raw); \
    }
#define EXTRACT(NAME, ...)                                                         \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) {                      \
        narrowing<Narrow, Extract<__VA_ARGS__>, kBHS>(op, raw, field(raw, 22, 2)); \
    }
#define ACROSS(NAME, ...) \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) { across<__VA_ARGS__>(op, raw); }

void bind_REV64_v(Op& op, u32 raw, const DecodeContext&) { reverse<8>(op, raw); }
void bind_REV32_v(Op& op, u32 raw, const DecodeContext&) { reverse<4>(op, raw); }
void bind_REV16_v(Op& op, u32 raw, const DecodeContext&) { reverse<2>(op, raw); }
PAIRS(SADDLP, true, false)
PAIRS(UADDLP, false, false)
PAIRS(SADALP, true, true)
PAIRS(UADALP, false, true)
TWO(SUQADD, AccumulateMixed<true>, kBHSD, kBHSD)
TWO(USQADD, AccumulateMixed<false>, kBHSD, kBHSD)
TWO(CLS_v, CountLeadingSign, kBHS)
TWO(CLZ_v, CountLeadingZero, kBHS)
TWO(CNT_v, CountOnes, kB)
void bind_NOT_v(Op& op, u32 raw, const DecodeContext&) { bytes<Not>(op, raw); }
void bind_RBIT_v(Op& op, u32 raw, const DecodeContext&) { bytes<Rbit>(op, raw); }
TWO(SQABS, SaturatingAbs, kBHSD, kBHSD)
TWO(SQNEG, SaturatingNeg, kBHSD, kBHSD)
ZERO(CMGT, GreaterZero)
ZERO(CMGE, GreaterEqualZero)
ZERO(CMEQ, EqualZero)
ZERO(CMLE, LessEqualZero)
ZERO(CMLT, LessZero)
TWO(ABS_v, Abs, kBHSD, kD)
TWO(NEG_v, Neg, kBHSD, kD)
EXTRACT(XTN, false, false, false)
EXTRACT(SQXTUN, true, false, true)
EXTRACT(SQXTN, true, true, true)
EXTRACT(UQXTN, false, false, true)
void bind_SHLL(Op& op, u32 raw, const DecodeContext&) {
    lengthening<Long, ShiftLeftLong, kBHS>(op, raw, field(raw, 22, 2));
}
void bind_ADDP_scalar(Op& op, u32 raw, const DecodeContext&) {
    registers(op, raw);
    op.fn = &simd<AddPairScalar>;
}
ACROSS(SADDLV, Sum<true, true>)
ACROSS(UADDLV, Sum<false, true>)
ACROSS(SMAXV, MaxOf<true>)
ACROSS(UMAXV, MaxOf<false>)
ACROSS(SMINV, MinOf<true>)
ACROSS(UMINV, MinOf<false>)
ACROSS(ADDV, Sum<false, false>)

}  // namespace bbmsim::cpu
