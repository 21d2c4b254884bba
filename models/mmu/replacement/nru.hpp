// SPDX-License-Identifier: Apache-2.0
// Not recently used: one referenced bit a way; the first way without it leaves. When all have it, all are cleared.
#pragma once

#include "models/mmu/replacement/set_view.hpp"

namespace bbmsim::mmu::replacement {

struct Nru {
    static void touch(const SetView& set, u32 way) { set.stamps[way] = 1; }
    static void filled(const SetView& set, u32 way) { set.stamps[way] = 1; }
    static u32 victim(const SetView& set) {
        for (u32 way = 0; way < set.count; ++way)
            if (set.stamps[way] == 0) return way;
        for (u32 way = 0; way < set.count; ++way) set.stamps[way] = 0;
        return 0;
    }
};

}  // namespace bbmsim::mmu::replacement
