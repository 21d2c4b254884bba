// SPDX-License-Identifier: Apache-2.0
// Least recently used, exactly: a clock stamp on every touch.
#pragma once

#include "models/mmu/replacement/set_view.hpp"

namespace bbmsim::mmu::replacement {

struct Lru {
    static void touch(const SetView& set, u32 way) { set.stamps[way] = ++*set.clock; }
    static void filled(const SetView& set, u32 way) { touch(set, way); }
    static u32 victim(const SetView& set) { return oldest_stamp(set); }
};

}  // namespace bbmsim::mmu::replacement
