// SPDX-License-Identifier: Apache-2.0
// The ways of one set in exact order of use. As a ring of links touching and finding the oldest take constant time. As
// stamps a touch is one store, which is what accesses of guests do inline, and the oldest is searched for.
#pragma once

#include "models/mmu/types.hpp"

#include <algorithm>
#include <vector>

namespace bbmsim::mmu::replacement {

struct RecencyNode {
    u16 newer = 0, older = 0;  // ways; the ring closes over the node behind the last way
};

// `ring` has `ways` + 1 nodes: the last one's older neighbour is the newest way, its newer neighbour the oldest.
inline void make_newest(RecencyNode* ring, u32 ways, u32 way) {
    RecencyNode& ends = ring[ways];
    if (ends.older == way) return;
    RecencyNode& node = ring[way];
    ring[node.newer].older = node.older;
    ring[node.older].newer = node.newer;
    node.newer = static_cast<u16>(ways);
    node.older = ends.older;
    ring[ends.older].newer = static_cast<u16>(way);
    ends.older = static_cast<u16>(way);
}
inline u32 oldest_of(const RecencyNode* ring, u32 ways) { return ring[ways].newer; }

// One ring for each set, in any order: every way is touched when it is filled.
inline std::vector<RecencyNode> make_rings(u32 sets, u32 ways) {
    std::vector<RecencyNode> nodes(std::size_t{sets} * (ways + 1));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const u32 at = static_cast<u32>(i % (ways + 1));
        nodes[i] = {static_cast<u16>(at == ways ? 0 : at + 1), static_cast<u16>(at == 0 ? ways : at - 1)};
    }
    return nodes;
}

// The time of the last use and, in the low bits, the way itself: the least stamp says whose it is.
inline constexpr unsigned kStampWayBits = 16;
inline void stamp(u64* stamps, u64* clock, u64 way) { stamps[way] = (*clock += u64{1} << kStampWayBits) | way; }
inline u32 least_stamped(const u64* stamps, u32 ways) {
    u64 a = ~u64{0}, b = a, c = a, d = a;  // in registers, and no chain of dependent compares
    u32 way = 0;
    for (; way + 4 <= ways; way += 4) {
        a = std::min(a, stamps[way]);
        b = std::min(b, stamps[way + 1]);
        c = std::min(c, stamps[way + 2]);
        d = std::min(d, stamps[way + 3]);
    }
    for (; way < ways; ++way) a = std::min(a, stamps[way]);
    return static_cast<u32>(std::min(std::min(a, b), std::min(c, d)) & ((u64{1} << kStampWayBits) - 1));
}

}  // namespace bbmsim::mmu::replacement
