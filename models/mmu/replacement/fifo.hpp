// SPDX-License-Identifier: Apache-2.0
// First in, first out: the way filled longest ago leaves; hits change nothing.
#pragma once

#include "models/mmu/replacement/set_view.hpp"

namespace bbmsim::mmu::replacement {

struct Fifo {
    static void touch(const SetView&, u32) {}
    static void filled(const SetView& set, u32 way) { set.stamps[way] = ++*set.clock; }
    static u32 victim(const SetView& set) { return oldest_stamp(set); }
};

}  // namespace bbmsim::mmu::replacement
