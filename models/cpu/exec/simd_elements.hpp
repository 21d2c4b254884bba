// SPDX-License-Identifier: Apache-2.0
// Loops over elements, and arithmetic that saturates. Functions F: `static T f(Pe&, T d, T n, T m)`.
#pragma once

#include "models/cpu/exec/fp_simd.hpp"

#include <type_traits>

namespace bbmsim::cpu {

using i128 = __int128;
template <class T>
using Signed = std::make_signed_t<T>;
template <class T>
inline constexpr unsigned kBits = 8 * sizeof(T);

template <class T>
struct DoubleOf;
template <>
struct DoubleOf<u8> {
    using type = u16;
};
template <>
struct DoubleOf<u16> {
    using type = u32;
};
template <>
struct DoubleOf<u32> {
    using type = u64;
};
template <class T>
using Double = typename DoubleOf<T>::type;

// An element as a number.
template <bool kSigned, class T>
constexpr i128 number(T v) {
    if constexpr (kSigned) return static_cast<Signed<T>>(v);
    return v;
}
template <bool kSigned, class T>
T saturate(Pe& pe, i128 v) {
    const i128 top = kSigned ? (i128{1} << (kBits<T> - 1)) - 1 : (i128{1} << kBits<T>)-1;
    const i128 bottom = kSigned ? -(i128{1} << (kBits<T> - 1)) : 0;
    if (v >= bottom && v <= top) return static_cast<T>(v);
    pe.sys.fpsr |= kFpsrQc;
    return static_cast<T>(v > top ? top : bottom);
}
// Shift of a number to the left, or by a negative amount to the right; rounding adds half.
template <class T, bool kSigned, bool kRound, bool kSaturate>
T shifted(Pe& pe, T value, int amount) {
    const i128 v = number<kSigned>(value);
    if (amount < 0) {
        const int right = amount < -65 ? 65 : -amount;
        return static_cast<T>((v + (kRound ? i128{1} << (right - 1) : 0)) >> right);
    }
    const i128 beyond = v == 0 ? 0 : v < 0 ? -(i128{1} << 100) : i128{1} << 100;
    const bool out = amount >= static_cast<int>(kBits<T>);
    if constexpr (kSaturate) return saturate<kSigned, T>(pe, out ? beyond : v * (i128{1} << amount));
    return out ? T{0} : static_cast<T>(value << amount);
}

// d = F(d, n, m(i)) on the elements of T that op.aux says.
template <class F, class T, class M>
void elementwise(Pe& pe, const Op* op, M m) {
    const auto n = lanes<T>(pe.v[op->rn]);
    auto d = lanes<T>(pe.v[op->rd]);
    if (op->aux == 16) {
        for (unsigned i = 0; i < d.kCount; ++i) d.e[i] = F::f(pe, d.e[i], n.e[i], m(i));
    } else {
        for (unsigned i = 0; i < op->aux / sizeof(T); ++i) d.e[i] = F::f(pe, d.e[i], n.e[i], m(i));
    }
    pe.v[op->rd] = to_vreg(d);
    clear_above(pe.v[op->rd], op->aux);
}
template <class F, class T>
struct ThreeSame {
    static void run(Pe& pe, const Op* op) {
        const auto m = lanes<T>(pe.v[op->rm]);
        elementwise<F, T>(pe, op, [&](unsigned i) { return m.e[i]; });
    }
};
// op.ra: the element of m.
template <class F, class T>
struct ByElement {
    static void run(Pe& pe, const Op* op) {
        const T m = lanes<T>(pe.v[op->rm]).e[op->ra];
        elementwise<F, T>(pe, op, [m](unsigned) { return m; });
    }
};
// m is an immediate; F may look at the destination.
template <class F, class T>
struct TwoRegister {
    static void run(Pe& pe, const Op* op) {
        const T m = static_cast<T>(op->imm);
        elementwise<F, T>(pe, op, [m](unsigned) { return m; });
    }
};
// Adjacent pairs of n, then of m.
template <class F, class T>
struct Pairwise {
    static void run(Pe& pe, const Op* op) {
        const auto n = lanes<T>(pe.v[op->rn]), m = lanes<T>(pe.v[op->rm]);
        Lanes<T> d{};
        const unsigned half = op->aux / sizeof(T) / 2;
        for (unsigned i = 0; i < half; ++i) {
            d.e[i] = F::f(pe, T{0}, n.e[2 * i], n.e[2 * i + 1]);
            d.e[half + i] = F::f(pe, T{0}, m.e[2 * i], m.e[2 * i + 1]);
        }
        pe.v[op->rd] = to_vreg(d);
    }
};
// Elements of T from the lower or upper (aux2) half of n, results of twice the size.
template <class F, class T, class M>
void lengthened(Pe& pe, const Op* op, M m) {
    using D = Double<T>;
    const auto n = lanes<T>(pe.v[op->rn]);
    auto d = lanes<D>(pe.v[op->rd]);
    const unsigned from = op->aux2 ? d.kCount : 0;
    for (unsigned i = 0; i < op->aux / sizeof(D); ++i)
        d.e[i] = F::template f<T>(pe, d.e[i], n.e[from + i], m(from + i));
    pe.v[op->rd] = to_vreg(d);
    clear_above(pe.v[op->rd], op->aux);
}
template <class F, class T>
struct Long {
    static void run(Pe& pe, const Op* op) {
        const auto m = lanes<T>(pe.v[op->rm]);
        lengthened<F, T>(pe, op, [&](unsigned i) { return m.e[i]; });
    }
};
template <class F, class T>
struct LongByElement {
    static void run(Pe& pe, const Op* op) {
        const T m = lanes<T>(pe.v[op->rm]).e[op->ra];
        lengthened<F, T>(pe, op, [m](unsigned) { return m; });
    }
};
// n of twice the size already.
template <class F, class T>
struct Wide {
    static void run(Pe& pe, const Op* op) {
        using D = Double<T>;
        const auto n = lanes<D>(pe.v[op->rn]);
        const auto m = lanes<T>(pe.v[op->rm]);
        Lanes<D> d;
        const unsigned from = op->aux2 ? d.kCount : 0;
        for (unsigned i = 0; i < d.kCount; ++i) d.e[i] = F::template f<T>(n.e[i], m.e[from + i]);
        pe.v[op->rd] = to_vreg(d);
    }
};
// Elements of twice the size to T, into the lower half (the rest zeroed) or the upper one (aux2). aux: bytes of T's.
template <class F, class T>
struct Narrow {
    static void run(Pe& pe, const Op* op) {
        using D = Double<T>;
        const auto n = lanes<D>(pe.v[op->rn]), m = lanes<D>(pe.v[op->rm]);
        Lanes<T> r{};
        for (unsigned i = 0; i < op->aux / sizeof(T); ++i)
            r.e[i] = F::template f<T>(pe, n.e[i], m.e[i], static_cast<unsigned>(op->imm));
        const VReg low = to_vreg(r);
        VReg& d = pe.v[op->rd];
        if (op->aux2)
            d.hi = low.lo;
        else
            d = {low.lo, 0};
    }
};

// Binds a shape by the element size; kSizes: bit n for elements of 2^n bytes.
template <template <class, class> class Shape, class F, unsigned kSizes, class T>
constexpr Handler handler_if() {
    if constexpr (kSizes & sizeof(T)) return &simd<Shape<F, T>>;
    return nullptr;
}
inline constexpr unsigned kB = 1, kH = 2, kS = 4, kD = 8, kBHS = 7, kBHSD = 15, kHS = 6;

template <template <class, class> class Shape, class F, unsigned kSizes>
void by_size(Op& op, u32 raw, unsigned size) {
    static constexpr Handler kHandlers[4] = {handler_if<Shape, F, kSizes, u8>(), handler_if<Shape, F, kSizes, u16>(),
                                             handler_if<Shape, F, kSizes, u32>(), handler_if<Shape, F, kSizes, u64>()};
    registers(op, raw);
    op.fn = kHandlers[size];
}
// The common encodings: size in 23:22; bit 28 set for scalars, else Q. kScalar: the sizes that scalars have.
template <template <class, class> class Shape, class F, unsigned kSizes, unsigned kScalar = 0>
void same_size(Op& op, u32 raw) {
    const unsigned size = field(raw, 22, 2);
    const bool scalar = bit(raw, 28);
    if (scalar ? !(kScalar & 1u << size) : size == 3 && !bit(raw, 30)) return;
    by_size<Shape, F, kSizes>(op, raw, size);
    op.aux = scalar ? static_cast<u8>(1u << size) : vector_bytes(raw);
}
template <template <class, class> class Shape, class F, unsigned kSizes>
void narrowing(Op& op, u32 raw, unsigned size) {
    by_size<Shape, F, kSizes>(op, raw, size);
    const bool scalar = bit(raw, 28);
    op.aux = scalar ? static_cast<u8>(1u << size) : u8{8};
    op.aux2 = !scalar && bit(raw, 30);
}
template <template <class, class> class Shape, class F, unsigned kSizes>
void lengthening(Op& op, u32 raw, unsigned size) {
    by_size<Shape, F, kSizes>(op, raw, size);
    const bool scalar = bit(raw, 28);
    op.aux = scalar ? static_cast<u8>(2u << size) : u8{16};
    op.aux2 = !scalar && bit(raw, 30);
}

}  // namespace bbmsim::cpu
