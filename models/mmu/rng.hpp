// SPDX-License-Identifier: Apache-2.0
// SplitMix64: the seeded source of every random choice of one Mmu.
#pragma once

#include "models/mmu/types.hpp"

namespace bbmsim::mmu {

class SplitMix64 {
public:
    explicit SplitMix64(u64 seed) : state_(seed) {}
    u64 next() {
        u64 z = (state_ += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    u32 below(u32 n) { return static_cast<u32>((next() >> 32) * n >> 32); }

private:
    u64 state_;
};

}  // namespace bbmsim::mmu
