// SPDX-License-Identifier: Apache-2.0
// Which PEs may hold a line: a snoop filter by groups of 4 KiB pages. It never misses a holder; it may name a PE that
// has another line of the group, or had one: then that PE's tags say so, and only the host's time was lost. Bits are
// only ever set, so now and then they are all made again from what the PEs hold. Its size depends on nothing.
#pragma once

#include "models/mmu/types.hpp"

#include <algorithm>
#include <vector>

namespace bbmsim::memory {

class Presence {
public:
    Presence() : mask_(u64{1} << kGroupBits) {}

    [[nodiscard]] u64 others(PeId pe, u64 line) const { return mask_[group(line)] & ~(u64{1} << pe); }
    void add(PeId pe, u64 line) { mask_[group(line)] |= u64{1} << pe; }
    void clear() { std::ranges::fill(mask_, 0); }
    void prefetch(u64 line) const { __builtin_prefetch(&mask_[group(line)]); }

private:
    static constexpr unsigned kGroupBits = 14;
    static u64 group(u64 line) { return ((line >> 6) * 0x9e3779b97f4a7c15) >> (64 - kGroupBits); }

    std::vector<u64> mask_;
};

}  // namespace bbmsim::memory
