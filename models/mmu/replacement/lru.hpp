// SPDX-License-Identifier: Apache-2.0
// Least recently used, exactly: every touch makes the way the newest.
#pragma once

#include "models/mmu/replacement/set_view.hpp"

namespace bbmsim::mmu::replacement {

struct Lru {
    static void touch(const SetView& set, u32 way) {
        if (set.ring)
            make_newest(set.ring, set.count, way);
        else
            stamp(set.stamps, set.clock, way);
    }
    static void filled(const SetView& set, u32 way) { touch(set, way); }
    static u32 victim(const SetView& set) {
        return set.ring ? oldest_of(set.ring, set.count) : least_stamped(set.stamps, set.count);
    }
};

}  // namespace bbmsim::mmu::replacement
