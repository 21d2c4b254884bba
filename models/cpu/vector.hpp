// SPDX-License-Identifier: Apache-2.0
// A SIMD&FP register and its view as elements.
#pragma once

#include "models/mmu/types.hpp"

#include <bit>

namespace bbmsim::cpu {

struct alignas(16) VReg {
    u64 lo = 0, hi = 0;
    bool operator==(const VReg&) const = default;
};

template <class T>
struct Lanes {
    static constexpr unsigned kCount = 16 / sizeof(T);
    T e[kCount];
};
template <class T>
Lanes<T> lanes(const VReg& v) {
    return std::bit_cast<Lanes<T>>(v);
}
template <class T>
VReg to_vreg(const Lanes<T>& l) {
    return std::bit_cast<VReg>(l);
}

}  // namespace bbmsim::cpu
