// SPDX-License-Identifier: Apache-2.0
// What a replacement policy sees: one set of a TLB. A policy is three static functions, chosen by enum, not virtual.
#pragma once

#include "models/mmu/replacement/recency.hpp"
#include "models/mmu/rng.hpp"
#include "models/mmu/types.hpp"

#include <algorithm>

namespace bbmsim::mmu::replacement {

struct SetView {
    u64* stamps;        // one a way, the policy's own; all ways are valid when a victim is asked for
    u32 count;          // of ways
    u8* tree;           // plru only: one node each, (smallest power of two >= count) of them, root at 1
    RecencyNode* ring;  // lru; null: stamps in its place
    u64* clock;         // of the structure
    SplitMix64* rng;    // of the Mmu; drawn from at fills only
};

// The first way with the smallest stamp. Four running minima, since one is a chain of dependent compares.
inline u32 oldest_stamp(const SetView& set) {
    u64 oldest[4] = {~u64{0}, ~u64{0}, ~u64{0}, ~u64{0}};
    u32 way = 0;
    for (; way + 4 <= set.count; way += 4)
        for (u32 lane = 0; lane < 4; ++lane) oldest[lane] = std::min(oldest[lane], set.stamps[way + lane]);
    for (; way < set.count; ++way) oldest[0] = std::min(oldest[0], set.stamps[way]);
    const u64 least = std::min(std::min(oldest[0], oldest[1]), std::min(oldest[2], oldest[3]));
    u32 victim = 0;
    while (victim + 1 < set.count && set.stamps[victim] != least) ++victim;
    return victim;
}

}  // namespace bbmsim::mmu::replacement
