// SPDX-License-Identifier: Apache-2.0
// One TLB structure: set-associative or fully associative, several translation sizes side by side, every match found.
//
// A translation of 2^n bytes lives in a set that VA bits from n upwards select, folded, so a look-up visits one set for
// each size that is present and was ever put there; n itself counts, or all tables of low addresses would share set 0
// of a walk cache. There a hash (of VA and n) of each way is compared; fully associative structures compare tags,
// four at a time.
#pragma once

#include "models/mmu/config.hpp"
#include "models/mmu/filter.hpp"
#include "models/mmu/origin_index.hpp"
#include "models/mmu/replacement/set_view.hpp"
#include "models/mmu/rng.hpp"
#include "models/mmu/tlb_entry.hpp"

#include <array>
#include <bit>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::mmu {

struct MatchSet {
    static constexpr unsigned kMax = 16;
    std::array<TlbEntry*, kMax> entry;
    unsigned count = 0;
    void add(TlbEntry* e) {
        if (count < kMax) entry[count++] = e;
    }
};

class Tlb {
public:
    Tlb(const TlbConfig& config, u64* clock, SplitMix64* rng, OriginIndex* origins,
        u32 spare_stamps = 0);  // spare: an L1
    Tlb(const Tlb&) = delete;
    Tlb& operator=(const Tlb&) = delete;

    [[nodiscard]] bool present() const { return config_.entries != 0; }
    [[nodiscard]] u32 valid_count() const { return valid_; }
    [[nodiscard]] bool owns(const TlbEntry* e) const {
        return !entries_.empty() && e >= entries_.data() && e < entries_.data() + entries_.size();
    }
    [[nodiscard]] const TlbConfig& config() const { return config_; }
    [[nodiscard]] TlbEntry* at_index(u32 i) { return i < entries_.size() ? &entries_[i] : nullptr; }

    // By TlbEntry::index, with `spare` more behind.
    [[nodiscard]] u64* stamps() { return stamp_.data(); }

    // Every valid entry that answers va for that ASID, in order of set and way.
    void lookup(u64 va, u16 asid, MatchSet& out);
    void touch(TlbEntry* e);

    // The way that a fill of this entry would take: an invalid one, or the policy's victim (still valid: the caller
    // accounts for it, then calls place(), which removes it).
    TlbEntry* choose(const TlbEntry& e);
    // A miss of va: the host fetches the entry that a fill will probably replace. Changes nothing.
    void expect_fill(u64 va);
    void place(TlbEntry* slot, const TlbEntry& e);
    void remove(TlbEntry* e);
    void remove_all();

    // Some valid entry, from a random place on; null if there is none near.
    [[nodiscard]] TlbEntry* any_valid(SplitMix64& rng);

    // Calls f(TlbEntry*) for every valid entry; f may remove it.
    template <class F>
    void for_each(F&& f) {
        if (valid_ == 0) return;
        for (u32 i = 0; i < config_.entries; ++i)
            if (shift_[i] != kNoShift) f(&entries_[i]);
    }
    // Calls f for at least the valid entries that a TLBI of this address concerns: those that cover it, or all of them
    // while splinters (which a TLBI to any part of their block removes) are held.
    template <class F>
    void for_each_near(u64 va, F&& f) {
        if (valid_ == 0) return;
        if (splinters_ != 0) return for_each(f);
        const u32 key = static_cast<u32>(va >> 12);
        if (sets_ == 1) {
            for (u32 i = 0; i < config_.entries; ++i)
                if (((tag_[i] ^ key) & keep_[i]) == 0 && shift_[i] != kNoShift) f(&entries_[i]);
            return;
        }
        for (u64 m = shifts_present_; m; m &= m - 1) {
            const auto shift = static_cast<unsigned>(std::countr_zero(m));
            const u32 set = set_of(va, shift);
            if (!occupied(set, shift)) continue;
            for (u32 i = set * config_.ways; i < (set + 1) * config_.ways; ++i)
                if (shift_[i] == shift) f(&entries_[i]);
        }
    }
    // Every valid entry's tables are in the index again, which has just forgotten them.
    void index_uppers() {
        for_each([this](TlbEntry* e) { upper_[e->index] = origins_->upper_marks(e->origin); });
    }
    // Calls f for the valid entries that may have read a descriptor, perhaps twice.
    template <class F>
    void for_each_candidate(const OriginIndex::Candidates& c, F&& f) {
        if (valid_ == 0) return;
        if (c.leaf | c.group) {
            const u32 leaf = c.leaf ? c.leaf : c.group, group = c.group ? c.group : c.leaf;
            for (u32 i = next_batch(0, leaf, group); i < config_.entries; i = next_batch(i + kBatch, leaf, group)) {
                for (u32 j = i; j < i + kBatch; ++j)
                    if (leaf_hash_[j] == leaf || leaf_hash_[j] == group) f(&entries_[j]);
            }
        }
        if (c.upper)
            for (u32 i = 0; i < config_.entries; ++i)
                if (upper_[i] & c.upper) f(&entries_[i]);
    }
    // Moves the generation of every entry that overlaps e and could answer the same ASID: e is a second match there.
    // After a look-up that missed only entries smaller than e can be meant (`smaller_only`).
    void bump_overlapping(const TlbEntry& e, bool smaller_only);

    void archive(Archive& ar);

    // Told when an entry's generation moves: the filter in front of an L1I. Null: nobody.
    void tell(TranslationFilter* filter) { filter_ = filter; }
    void move(TlbEntry* e) {
        ++e->gen;
        if (filter_) filter_->fetch_moved();
    }

    static unsigned shift_of(const TlbEntry& e) { return static_cast<unsigned>(std::countr_one(e.va_mask)); }

private:
    static constexpr u8 kNoShift = 0xff;
    static constexpr u32 kBatch = 16;  // compact copies are padded to it, and compared so many at a time
    [[nodiscard]] u32 next_batch(u32 from, u32 a, u32 b) const;  // the first with such a leaf hash, or behind the last
    static u32 key_of(u64 va, unsigned shift) {
        return static_cast<u32>(((va >> shift) + shift) * 0x9e3779b97f4a7c15ULL >> 32) | 1;
    }
    [[nodiscard]] u32 set_of(u64 va, unsigned shift) const {
        const u64 v = va >> shift;
        return static_cast<u32>(v ^ (v >> set_bits_) ^ (v >> 2 * set_bits_) ^ shift) & (sets_ - 1);
    }
    [[nodiscard]] replacement::SetView view_of(u32 set);
    void look_in_all(u64 va, u16 asid, MatchSet& out);
    void forget(u32 i);  // what place() noted about the entry beside it
    // Several sets: one of them may hold an entry of 2^shift bytes.
    [[nodiscard]] bool occupied(u32 set, unsigned shift) const {
        return occupied_[shift * words_ + set / 64] >> (set % 64) & 1;
    }
    void occupy(u32 set, unsigned shift) { occupied_[shift * words_ + set / 64] |= u64{1} << (set % 64); }

    const TlbConfig config_;
    const u32 sets_;
    const unsigned set_bits_;
    u64* const clock_;
    SplitMix64* const rng_;
    OriginIndex* const origins_;
    TranslationFilter* filter_ = nullptr;
    u32 valid_ = 0;
    u32 splinters_ = 0;
    u64 shifts_present_ = 0;
    u8 last_shift_ = 12;  // of the last fill
    std::array<u32, 64> shift_count_{};
    const u32 words_;                // a bit for each set
    std::vector<u64> occupied_;      // words_ for each size; bits go when the last entry of a size does
    std::vector<TlbEntry> entries_;  // never resized: filters point into it
    // Compact copies for searching. One set: VA[43:12] and which of those bits count. Several: a hash of VA and span,
    // 0: none.
    std::vector<u32> tag_, keep_;
    std::vector<u32> key_;
    std::vector<u8> shift_;
    std::vector<u32> leaf_hash_;  // of the last descriptor of the origin, 0: none
    std::vector<u64> upper_;      // signature of the others
    std::vector<u64> stamp_;      // replacement state
    std::vector<u8> tree_;
    std::vector<replacement::RecencyNode> rings_;
};

// A splinter: held smaller than the block or page that it came from (R_LGSCG).
bool is_splinter(const TlbEntry& e);
// Several descriptors' entry though they have no Contiguous bit: the nasty TLB's coalesce.
inline unsigned coalesced_members(const TlbEntry& e) {  // 1: it is none
    const unsigned own = e.level < 4 ? level_shift(e.granule, e.level) : 64;
    return e.table || e.contiguous || Tlb::shift_of(e) <= own ? 1 : 1u << (Tlb::shift_of(e) - own);
}

}  // namespace bbmsim::mmu
