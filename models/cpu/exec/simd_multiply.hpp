// SPDX-License-Identifier: Apache-2.0
// Integer multiplications of elements that exist both vector by vector and vector by indexed element.
// kAccumulate: 0 none, 1 add to the destination, -1 subtract from it.
#pragma once

#include "models/cpu/exec/simd_elements.hpp"

namespace bbmsim::cpu {

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
// Both steps saturate.
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
// FEAT_RDM: accumulates before it rounds and saturates.
template <int kAccumulate>
struct DoublingHighAccumulate {
    template <class T>
    static T f(Pe& pe, T d, T n, T m) {
        const i128 sum = number<true>(d) * (i128{1} << kBits<T>)+kAccumulate * 2 * number<true>(n) * number<true>(m);
        return saturate<true, T>(pe, (sum + (i128{1} << (kBits<T> - 1))) >> kBits<T>);
    }
};

}  // namespace bbmsim::cpu
