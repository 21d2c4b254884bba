// SPDX-License-Identifier: Apache-2.0
// The ways of one set in exact order of use, as a ring of links: touching and finding the oldest take constant time.
#pragma once

#include "models/mmu/types.hpp"

#include <vector>

namespace bbmsim::mmu::replacement {

struct RecencyNode {
    u16 newer = 0, older = 0;  // ways; the ring closes over the node behind the last way
};

// `ring` has `ways` + 1 nodes: the last one's older neighbour is the newest way, its newer neighbour the oldest.
// In an order of few live values: memory accesses of guests have it inline.
inline void make_newest(RecencyNode* ring, u64 ways, u64 way) {
    RecencyNode* const node = ring + way;
    {
        const u64 newer = node->newer, older = node->older;
        ring[newer].older = static_cast<u16>(older);
        ring[older].newer = static_cast<u16>(newer);
    }
    node->newer = static_cast<u16>(ways);
    const u64 newest = ring[ways].older;
    ring[newest].newer = static_cast<u16>(way);
    node->older = static_cast<u16>(newest);
    ring[ways].older = static_cast<u16>(way);
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

}  // namespace bbmsim::mmu::replacement
