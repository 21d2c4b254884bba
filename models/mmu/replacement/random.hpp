// SPDX-License-Identifier: Apache-2.0
// Random: any way, from the Mmu's seed; hits change nothing.
#pragma once

#include "models/mmu/replacement/set_view.hpp"

namespace bbmsim::mmu::replacement {

struct Random {
    static void touch(const SetView&, u32) {}
    static void filled(const SetView&, u32) {}
    static u32 victim(const SetView& set) { return set.rng->below(set.count); }
};

}  // namespace bbmsim::mmu::replacement
