// SPDX-License-Identifier: Apache-2.0
// One PE's data caches as latencies: tags of a private L1D and L2 by physical line, LRU, write-allocate.
//
// Models: 64-byte lines, set-associative, a hit in L1D adds nothing, a miss l2_cycles or memory_cycles. One look-up per
// access that stays within a 4 KiB page, by the line of its first byte. Leaves out: coherence traffic (a line
// written by another PE still hits), dirty evictions, prefetching, the instruction side, and the table walker, whose
// reads cost MmuConfig::walk_read_cycles and do not come here. Contents are never held: memory is always current.
#pragma once

#include "models/cpu/core_config.hpp"
#include "models/mmu/types.hpp"

#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::cpu {

class DataCache {
public:
    static constexpr unsigned kLineShift = 6;

    explicit DataCache(const CacheConfig& config);

    // Cycles that the access adds. The most recently used line of each set is checked inline.
    u32 access(u64 pa) {
        const u64 line = pa >> kLineShift;
        if (l1_.front[line & l1_.set_mask] == line) [[likely]]
            return 0;
        return access_slow(line);
    }
    // An access to a line that its set has in front adds nothing and changes nothing. They stay where they are.
    [[nodiscard]] const u64* front_lines() const { return l1_.front.data(); }
    [[nodiscard]] u64 set_mask() const { return l1_.set_mask; }
    void clean_invalidate(u64 pa);  // DC IVAC, CIVAC
    void reset();
    void archive(Archive& ar);

    u64 l1_misses = 0, l2_misses = 0;

private:
    struct Level {
        u64 set_mask = 0;
        unsigned rest_ways = 0;  // ways beside the most recently used one
        std::vector<u64> front;  // most recently used line of each set
        std::vector<u64> rest;   // the others, by recency
        bool present = false;
        void configure(u32 bytes, u32 ways);
        bool lookup_fill(u64 line);  // true: hit; afterwards the line is the front one
        void remove(u64 line);
        void archive(Archive& ar);
    };
    u32 access_slow(u64 line);

    Level l1_, l2_;
    u32 l2_cycles_, memory_cycles_;
};

}  // namespace bbmsim::cpu
