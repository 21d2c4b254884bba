// SPDX-License-Identifier: Apache-2.0
// What of the MMUs is state (snapshot/archive.hpp). Filters are not: they are exact, and fill again.
#include "models/mmu/inner_domain.hpp"
#include "models/mmu/mmu_impl.hpp"
#include "models/mmu/snapshot/archive.hpp"

#include <algorithm>

namespace bbmsim::mmu {
namespace {

constexpr u32 kNowhere = ~u32{0}, kOff = kNowhere - 1, kMixed = kNowhere - 2;
constexpr unsigned kStructureShift = 28;

}  // namespace

void OriginIndex::archive(Archive& ar) {
    auto& [leaf_counts, upper_seen, upper_answers, last_count, last_pa, last_marks] = *this;
    ar.fixed(leaf_counts);
    ar.fixed(upper_seen);
    ar(upper_answers, last_count, last_pa, last_marks);
}

void Tlb::archive(Archive& ar) {
    auto& [config, sets, set_bits, clock, rng, origins, filter, valid, splinters, shifts_present, last_shift,
           shift_count, words, sets_by_size, entries, tag, keep, key, shift, leaf_hash, upper, stamp, tree, rings] =
        *this;
    ar(valid, splinters, shifts_present, last_shift, shift_count);
    ar.fixed(entries);
    ar.fixed(tag);
    ar.fixed(keep);
    ar.fixed(key);
    ar.fixed(shift);
    ar.fixed(leaf_hash);
    ar.fixed(upper);
    ar.fixed(stamp);
    ar.fixed(tree);
    ar.fixed(rings);
    if (!ar.loading() || sets_ == 1) return;
    std::fill(occupied_.begin(), occupied_.end(), 0);
    for_each([this](TlbEntry* e) { occupy(e->index / config_.ways, shift_of(*e)); });
}

void Mmu::Impl::archive(Archive& ar) {
    auto& [owner, ram_view, event_bus, random, origin_index, clocks, first_i, first_d, second, walks, all, in_force,
           decoded, off, amalgamation, late, places, place_count, last_walked] = *this;
    ar.part("mmu");
    ar(random, origin_index, clocks, first_i, first_d, second, walks, in_force, decoded, off, amalgamation, late,
       places, place_count, last_walked);
}

void Mmu::archive(Archive& ar) {
    auto& [exact, counts, settings, number, time, pc, shared, asked, behind, clocks, stamps, touching, impl] = *this;
    if (ar.loading()) exact.clear();
    ar(counts, clocks);
    impl->archive(ar);
}

void Mmu::reseed(u64 seed) { impl_->rng = SplitMix64(seed); }

u32 Mmu::place_of(const TlbEntry* entry) const {
    if (!entry) return kNowhere;
    if (entry == &impl_->off_entry) return kOff;
    for (u32 i = 0; i < impl_->structures.size(); ++i)
        if (impl_->structures[i]->owns(entry)) return i << kStructureShift | entry->index;
    return kMixed;
}

TlbEntry* Mmu::at_place(u32 place) {
    if (place == kNowhere) return nullptr;
    if (place == kOff) return &impl_->off_entry;
    if (place == kMixed) return &impl_->mixed;
    const u32 which = place >> kStructureShift;
    TlbEntry* entry = which < impl_->structures.size()
                          ? impl_->structures[which]->at_index(place & ((u32{1} << kStructureShift) - 1))
                          : nullptr;
    if (!entry) throw StateError("no TLB entry at this place");
    return entry;
}

void LateWrites::archive(Archive& ar) {
    auto& [window, writes, next] = *this;
    ar(writes, next);
}

void InnerDomain::archive(Archive& ar) {
    auto& [view, events, mmus, late_writes, bbm, stores, now] = *this;
    late_writes.archive(ar);
}

}  // namespace bbmsim::mmu
