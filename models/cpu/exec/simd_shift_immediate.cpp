// SPDX-License-Identifier: Apache-2.0
// Advanced SIMD shift by immediate, vector and scalar, C4.1.96. immh:immb: the top bit set is the element size.
#include "models/cpu/exec/simd_elements.hpp"

#include <bit>

namespace bbmsim::cpu {
namespace {

// m is the shift amount: to the right 1..size, to the left 0..size-1.
template <bool kSigned, bool kRound, bool kAdd>
struct Right {
    template <class T>
    static T f(Pe& pe, T d, T n, T m) {
        const T r = shifted<T, kSigned, kRound, false>(pe, n, -static_cast<int>(m));
        return kAdd ? static_cast<T>(d + r) : r;
    }
};
struct RightInsert {
    template <class T>
    static T f(Pe&, T d, T n, T m) {
        if (m == kBits<T>) return d;
        const T mask = static_cast<T>(static_cast<T>(~T{0}) >> m);
        return static_cast<T>((d & ~mask) | (n >> m));
    }
};
template <bool kInsert>
struct Left {
    template <class T>
    static T f(Pe&, T d, T n, T m) {
        const T kept = static_cast<T>(kInsert ? d & static_cast<T>((T{1} << m) - 1) : 0);
        return static_cast<T>(static_cast<T>(n << m) | kept);
    }
};
template <bool kFromSigned, bool kToSigned>
struct SaturatingLeft {
    template <class T>
    static T f(Pe& pe, T, T n, T m) {
        return saturate<kToSigned, T>(pe, number<kFromSigned>(n) * (i128{1} << m));
    }
};
template <bool kFromSigned, bool kToSigned, bool kRound, bool kSaturate>
struct RightNarrow {
    template <class T, class D>
    static T f(Pe& pe, D n, D, unsigned amount) {
        const i128 r = (number<kFromSigned>(n) + (kRound ? i128{1} << (amount - 1) : 0)) >> amount;
        if constexpr (kSaturate) return saturate<kToSigned, T>(pe, r);
        return static_cast<T>(r);
    }
};
// The amount is op.imm, so a shape of its own.
template <class F, class T>
struct LeftLong;
template <bool kSigned>
struct Sign {};
template <bool kSigned, class T>
struct LeftLong<Sign<kSigned>, T> {
    static void run(Pe& pe, const Op* op) {
        using D = Double<T>;
        const auto n = lanes<T>(pe.v[op->rn]);
        Lanes<D> d;
        const unsigned from = op->aux2 ? d.kCount : 0;
        for (unsigned i = 0; i < d.kCount; ++i)
            d.e[i] = static_cast<D>(static_cast<D>(number<kSigned>(n.e[from + i])) << op->imm);
        pe.v[op->rd] = to_vreg(d);
    }
};

unsigned size_of(u32 raw) { return static_cast<unsigned>(std::bit_width(field(raw, 19, 4))) - 1; }  // immh is not 0
u64 right_amount(u32 raw) { return (u64{16} << size_of(raw)) - field(raw, 16, 7); }
u64 left_amount(u32 raw) { return field(raw, 16, 7) - (u64{8} << size_of(raw)); }

template <class F, unsigned kScalar>
void shift(Op& op, u32 raw, bool right) {
    if (!field(raw, 19, 4)) return;
    const unsigned size = size_of(raw);
    const bool scalar = bit(raw, 28);
    if (scalar ? !(kScalar & 1u << size) : size == 3 && !bit(raw, 30)) return;
    by_size<TwoRegister, F, kBHSD>(op, raw, size);
    op.aux = scalar ? static_cast<u8>(1u << size) : vector_bytes(raw);
    op.imm = right ? right_amount(raw) : left_amount(raw);
}
template <class F>
void narrow(Op& op, u32 raw) {
    if (!field(raw, 19, 4) || bit(raw, 22)) return;
    narrowing<Narrow, F, kBHS>(op, raw, size_of(raw));
    op.imm = right_amount(raw);
}
template <class F>
void longer(Op& op, u32 raw) {
    if (!field(raw, 19, 4) || bit(raw, 22)) return;
    lengthening<LeftLong, F, kBHS>(op, raw, size_of(raw));
    op.imm = left_amount(raw);
}

}  // namespace

#define RIGHT(NAME, SCALAR, ...) \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) { shift<__VA_ARGS__, SCALAR>(op, raw, true); }
#define LEFT(NAME, SCALAR, ...) \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) { shift<__VA_ARGS__, SCALAR>(op, raw, false); }
#define NARROW(NAME, ...) \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) { narrow<__VA_ARGS__>(op, raw); }

RIGHT(SSHR, kD, Right<true, false, false>)
RIGHT(USHR, kD, Right<false, false, false>)
RIGHT(SSRA, kD, Right<true, false, true>)
RIGHT(USRA, kD, Right<false, false, true>)
RIGHT(SRSHR, kD, Right<true, true, false>)
RIGHT(URSHR, kD, Right<false, true, false>)
RIGHT(SRSRA, kD, Right<true, true, true>)
RIGHT(URSRA, kD, Right<false, true, true>)
RIGHT(SRI, kD, RightInsert)
LEFT(SHL_imm, kD, Left<false>)
LEFT(SLI, kD, Left<true>)
LEFT(SQSHLU, kBHSD, SaturatingLeft<true, false>)
LEFT(SQSHL_imm, kBHSD, SaturatingLeft<true, true>)
LEFT(UQSHL_imm, kBHSD, SaturatingLeft<false, false>)
NARROW(SHRN, RightNarrow<false, false, false, false>)
NARROW(RSHRN, RightNarrow<false, false, true, false>)
NARROW(SQSHRUN, RightNarrow<true, false, false, true>)
NARROW(SQRSHRUN, RightNarrow<true, false, true, true>)
NARROW(SQSHRN, RightNarrow<true, true, false, true>)
NARROW(UQSHRN, RightNarrow<false, false, false, true>)
NARROW(SQRSHRN, RightNarrow<true, true, true, true>)
NARROW(UQRSHRN, RightNarrow<false, false, true, true>)
void bind_SSHLL(Op& op, u32 raw, const DecodeContext&) { longer<Sign<true>>(op, raw); }
void bind_USHLL(Op& op, u32 raw, const DecodeContext&) { longer<Sign<false>>(op, raw); }

}  // namespace bbmsim::cpu
