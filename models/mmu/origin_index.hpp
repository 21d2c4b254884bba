// SPDX-License-Identifier: Apache-2.0
// Answers "did some entry's walk read this descriptor?" with no in a few nanoseconds: counts by a hash of the
// descriptor's address, over all entries of one Mmu. For a yes, marks narrow down which entries: a hash of the leaf,
// and a signature of the tables above it.
//
// The leaf of a contiguous entry stands for its whole group, wherever in the group the walk read: it is kept under the
// group's address (1 KiB of descriptors, the largest group), so that a write to any member finds it.
#pragma once

#include "models/mmu/tlb_entry.hpp"

#include <vector>

namespace bbmsim::mmu {

class OriginIndex {
public:
    struct Marks {
        u32 leaf = 0;   // hash of the last descriptor; never 0 for an entry with an origin
        u64 upper = 0;  // one bit for each descriptor above it
    };
    // What to look for among marks; all 0: no entry can have read it.
    struct Candidates {
        u32 leaf = 0, group = 0;
        u64 upper = 0;
        explicit operator bool() const { return (leaf | group | upper) != 0; }
    };

    OriginIndex() : leaf_counts_(kLeafSlots), upper_counts_(kUpperSlots) {}
    Marks add(const TlbEntry& e) { return change(e, 1); }
    void remove(const TlbEntry& e) { change(e, ~u32{0}); }

    [[nodiscard]] Candidates candidates(u64 desc_pa) const {
        const u32 leaf = leaf_hash(desc_pa), group = group_hash(desc_pa);
        const u64 upper = upper_hash(desc_pa);
        return {leaf_counts_[leaf_slot(leaf)] ? leaf : 0, leaf_counts_[leaf_slot(group)] ? group : 0,
                upper_counts_[upper_slot(upper)] ? bit(upper) : 0};
    }

private:
    static constexpr unsigned kLeafSlots = 16384, kUpperSlots = 2048;  // few tables stand above many leaves
    static u64 mix(u64 x) { return x * 0x9e3779b97f4a7c15ULL; }
    static u32 leaf_hash(u64 pa) { return static_cast<u32>(mix(pa >> 3) >> 32) | 1; }
    static u32 group_hash(u64 pa) { return static_cast<u32>(mix((pa >> 10) | u64{1} << 61) >> 32) | 1; }
    static u64 upper_hash(u64 pa) { return mix((pa >> 3) | u64{1} << 62) >> 32; }
    static u32 leaf_slot(u32 hash) { return (hash >> 3) & (kLeafSlots - 1); }
    static u32 upper_slot(u64 hash) { return static_cast<u32>(hash >> 3) & (kUpperSlots - 1); }
    static u64 bit(u64 hash) { return u64{1} << (hash >> 26); }

    Marks change(const TlbEntry& e, u32 by) {
        Marks marks;
        if (e.origin.depth == 0) return marks;
        const unsigned last = e.origin.depth - 1u;
        for (unsigned i = 0; i < last; ++i) {
            const u64 hash = upper_hash(e.origin.desc_pa[i]);
            upper_counts_[upper_slot(hash)] += by;
            marks.upper |= bit(hash);
        }
        marks.leaf = e.contiguous ? group_hash(e.origin.desc_pa[last]) : leaf_hash(e.origin.desc_pa[last]);
        leaf_counts_[leaf_slot(marks.leaf)] += by;
        return marks;
    }
    std::vector<u32> leaf_counts_, upper_counts_;
};

}  // namespace bbmsim::mmu
