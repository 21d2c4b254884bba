// SPDX-License-Identifier: Apache-2.0
// Answers "did some entry's walk read this descriptor?" with no in a few nanoseconds, over all entries of one Mmu. For
// a yes, marks narrow down which entries: a hash of the leaf, and a signature of the tables above it.
//
// Leaves are counted by a hash of their address. The tables above are only ever added, to a filter of bits, since
// they change rarely and most fills share them with the fill before: after enough questions that it could not answer
// with no, worn() asks for it to be made anew from the entries that are held.
//
// The leaf of a contiguous (or coalesced) entry stands for its whole group, wherever in the group the walk read: it is
// kept under the group's address (1 KiB of descriptors, the largest group), so that a write to any member finds it.
#pragma once

#include "models/mmu/tlb_entry.hpp"

#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::mmu {

class OriginIndex {
public:
    // What to look for among marks; all 0: no entry can have read it.
    struct Candidates {
        u32 leaf = 0, group = 0;
        u64 upper = 0;
        explicit operator bool() const { return (leaf | group | upper) != 0; }
    };

    OriginIndex() : leaf_counts_(kLeafSlots), upper_seen_(kUpperBits / 64) {}

    // The mark of the last descriptor, never 0; 0 for an entry without origin.
    u32 add_leaf(const TlbEntry& e) {
        if (e.origin.depth == 0) return 0;
        const u64 pa = e.origin.desc_pa[e.origin.depth - 1u];
        const bool group = e.contiguous || (!e.table && e.va_mask >> level_shift(e.granule, e.level & 3));
        const u32 mark = group ? group_hash(pa) : leaf_hash(pa);
        ++leaf_counts_[leaf_slot(mark)];
        return mark;
    }
    void remove_leaf(u32 mark) {
        if (mark) --leaf_counts_[leaf_slot(mark)];
    }
    // One bit for each descriptor above the last.
    u64 upper_marks(const Origin& o) {
        const unsigned count = o.depth ? o.depth - 1u : 0;
        bool same = count == last_count_;
        for (unsigned i = 0; i < count; ++i) same &= o.desc_pa[i] == last_pa_[i];
        return same ? last_marks_ : add_upper(o, count);
    }
    [[nodiscard]] bool worn() const { return upper_answers_ >= kAnswersUntilWorn; }
    void forget_upper() {
        upper_seen_.assign(upper_seen_.size(), 0);
        upper_answers_ = 0;
        last_count_ = ~0u;
    }

    void archive(Archive& ar);

    [[nodiscard]] Candidates candidates(u64 desc_pa) {
        const u32 leaf = leaf_hash(desc_pa), group = group_hash(desc_pa);
        const u64 upper = upper_hash(desc_pa);
        const bool above = upper_seen_[upper_slot(upper) / 64] >> (upper_slot(upper) % 64) & 1;
        upper_answers_ += above;
        return {leaf_counts_[leaf_slot(leaf)] ? leaf : 0, leaf_counts_[leaf_slot(group)] ? group : 0,
                above ? bit(upper) : 0};
    }

private:
    static constexpr unsigned kLeafSlots = 65536, kUpperBits = 65536, kAnswersUntilWorn = 64;
    static u64 mix(u64 x) { return x * 0x9e3779b97f4a7c15ULL; }
    // Neighbours in a table have neighbouring slots: fills and evictions in order stay within a few host cache lines.
    static u32 mark_of(u64 page, u64 place) {
        return (static_cast<u32>(mix(page) >> 32) & ~u32{0x3ff}) | static_cast<u32>(place) << 1 | 1;
    }
    static u32 leaf_hash(u64 pa) { return mark_of(pa >> 12, (pa >> 3) & 0x1ff); }
    static u32 group_hash(u64 pa) { return mark_of((pa >> 12) | u64{1} << 61, (pa >> 10) & 3); }
    static u64 upper_hash(u64 pa) { return mix((pa >> 3) | u64{1} << 62) >> 32; }
    static u32 leaf_slot(u32 mark) { return (mark >> 1) & (kLeafSlots - 1); }
    static u32 upper_slot(u64 hash) { return static_cast<u32>(hash >> 3) & (kUpperBits - 1); }
    static u64 bit(u64 hash) { return u64{1} << (hash >> 26); }

    u64 add_upper(const Origin& o, unsigned count) {
        last_count_ = count;
        last_marks_ = 0;
        for (unsigned i = 0; i < count; ++i) {
            last_pa_[i] = o.desc_pa[i];
            const u64 hash = upper_hash(o.desc_pa[i]);
            upper_seen_[upper_slot(hash) / 64] |= u64{1} << (upper_slot(hash) % 64);
            last_marks_ |= bit(hash);
        }
        return last_marks_;
    }

    std::vector<u32> leaf_counts_;
    std::vector<u64> upper_seen_;
    u32 upper_answers_ = 0;
    // The chain of the last fill.
    unsigned last_count_ = ~0u;
    std::array<u64, 3> last_pa_{};
    u64 last_marks_ = 0;
};

}  // namespace bbmsim::mmu
