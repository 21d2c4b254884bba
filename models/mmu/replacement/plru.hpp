// SPDX-License-Identifier: Apache-2.0
// Tree pseudo-LRU: each node of a binary tree points away from the half used last. Ways that are not a power of two
// leave the right of the tree empty; a node whose right half has no way always points left.
#pragma once

#include "models/mmu/replacement/set_view.hpp"

#include <bit>

namespace bbmsim::mmu::replacement {

struct Plru {
    static void touch(const SetView& set, u32 way) {
        u32 node = std::bit_ceil(set.count) + way;
        for (; node > 1; node >>= 1) set.tree[node >> 1] = (node & 1) == 0;  // 1: the right half is older
    }
    static void filled(const SetView& set, u32 way) { touch(set, way); }
    static u32 victim(const SetView& set) {
        const u32 leaves = std::bit_ceil(set.count);
        u32 node = 1, first = 0;
        for (u32 half = leaves / 2; half > 0; half /= 2) {
            const bool right = set.tree[node] && first + half < set.count;
            node = 2 * node + right;
            if (right) first += half;
        }
        return node - leaves;
    }
};

}  // namespace bbmsim::mmu::replacement
