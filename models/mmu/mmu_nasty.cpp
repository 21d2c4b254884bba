// SPDX-License-Identifier: Apache-2.0
// What the architecture lets a TLB do and hardware rarely does (design: mechanism 6): speculative walks of whatever is
// reachable, entries that leave L1 for no reason, TLBIs that take effect only where they must.
#include "models/mmu/mmu_impl.hpp"

#include <algorithm>

namespace bbmsim::mmu {

MmuConfig nasty_structures(MmuConfig c) {
    if (c.nasty.retain) {  // nothing leaves but by TLBI, as far as 64 Ki entries go
        c.l2_tlb = {65536, 16, Policy::kRandom, c.l2_tlb.hit_cycles, c.l2_tlb.max_block_shift};
        c.walk_cache = {4096, 16, Policy::kRandom, c.walk_cache.hit_cycles, c.walk_cache.max_block_shift};
    }
    if (c.nasty.conflicts) c.conflict_across_structures = true;
    return c;
}

// A valid descriptor at each level, each as likely as the others: some VA that the tables map now. False: none found.
bool Mmu::Impl::pick_mapped(const HalfRegime& half, unsigned upper, u64& va) {
    WalkCursor cursor;
    if (walk_start(half, cursor)) return false;
    va = upper ? ~u64{0} << half.input_bits : 0;
    for (u64 table = cursor.table; cursor.level <= 3; ++cursor.level) {
        const unsigned shift = level_shift(half.granule, cursor.level);
        const unsigned width = cursor.level == half.start_level ? half.input_bits - shift : index_bits(half.granule);
        const u32 entries = u32{1} << width;
        if (!ram.contains(PhysAddr(table), 8 * u64{entries})) return false;
        u64 index = 0, value = 0;
        const auto valid = [&](u64 i) {
            value = ram.read64(PhysAddr(table + 8 * i));
            return Descriptor{value}.kind(half.granule, cursor.level) != DescriptorKind::kInvalid;
        };
        constexpr unsigned kTries = 4;  // a full table is not read as a whole
        unsigned tries = 0;
        while (tries < kTries && !valid(index = rng.below(entries))) ++tries;
        if (tries == kTries) {
            u32 count = 0;
            for (u32 i = 0; i < entries; ++i) count += valid(i);
            if (!count) return false;
            u32 before = rng.below(count);
            for (index = 0; !valid(index) || before--;) ++index;
        }
        va |= index << shift;
        const Descriptor d{value};
        if (d.kind(half.granule, cursor.level) != DescriptorKind::kTable) {
            va |= (rng.next() & ((u64{1} << shift) - 1)) & ~kPageMask;
            return true;
        }
        table = d.next_table(half.granule);
    }
    return false;
}

// Whether memory now translates va to another place, with other attributes or in another size than the entry.
bool Mmu::Impl::moved(const TlbEntry& e, u64 va) const {
    const WalkResult now = inspect_walk(ram, context, mmu.config, va);
    return !now.fault &&
           (now.pa != e.translate(va) || now.attr != e.attr || now.level != e.level || now.contiguous != e.contiguous);
}

// A walk that no instruction asked for: it fills like any other, and neither faults nor updates descriptors.
void Mmu::Impl::speculate() {
    const unsigned upper = rng.below(2);
    u64 va = 0;
    if (rng.below(2) && recent_count) {  // near what was walked or changed lately
        const u64 near = recent[rng.below(std::min<u32>(recent_count, recent.size()))];
        va = near + (u64{rng.below(3)} - 1) * kPageBytes * (rng.below(2) ? 1 : 16);
    } else if (!pick_mapped(regime.half[upper], upper, va)) {
        return;
    }
    const HalfRegime& half = regime.half[(va >> 55) & 1];
    const bool fetch = rng.below(4) == 0;
    if (!in_range(half, va, fetch)) return;
    // What is held already is not walked again, but where memory says something else by now (R_WHZWS: that needs a
    // broken rule, or FEAT_BBM); a change of permissions alone makes no second entry (R_GPPYH).
    MatchSet held;
    (fetch ? l1i : l1d).lookup(va, regime.asid, held);
    l2.lookup(va, regime.asid, held);
    for (unsigned i = 0; i < held.count; ++i)
        if (!held.entry[i]->stale || !moved(*held.entry[i], va)) return;
    const Request q{
        .va = va, .access = fetch ? Access::kFetch : Access::kRead, .maintenance = true, .speculative = true};
    ++mmu.stats.speculative_walks;
    (void)walk_and_fill(q, va, {});
}

void Mmu::disturb() {
    Impl& m = *impl_;
    if (!m.regime.on) return;
    if (config.nasty.speculate) m.speculate();
    if (config.nasty.retain && m.rng.below(4) == 0) {  // the next access asks the larger structures
        Tlb& l1 = m.rng.below(4) == 0 ? m.l1i : m.l1d;
        if (TlbEntry* e = l1.any_valid(m.rng)) {
            ++stats.evictions;
            l1.remove(e);
        }
    }
}

bool Mmu::Impl::postpone(const Tlbi& op) {
    constexpr std::size_t kMost = 64;
    if (postponed.size() == kMost) mmu.complete_maintenance();
    postponed.push_back(op);
    return true;
}

void Mmu::complete_maintenance() {
    Impl& m = *impl_;
    if (m.postponed.empty()) return;
    std::vector<Tlbi> due;
    due.swap(m.postponed);
    for (const Tlbi& op : due) m.invalidate_now(op);
}

}  // namespace bbmsim::mmu
