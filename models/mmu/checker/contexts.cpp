// SPDX-License-Identifier: Apache-2.0
// Context synchronization and power: when a PE begins and ceases to reach a root.
#include "models/mmu/checker/impl.hpp"

#include <algorithm>

namespace bbmsim::mmu {

void BbmChecker::Impl::context_sync(PeId pe, const Context& context, u64 now_ps, u64 pc) {
    Pe& self = pes[pe];
    self.made.clear();
    if (self.context == context) return;
    check_reinterpretation(pe, context, pc, now_ps);
    self.context = context;
    if (context.mmu_on()) {
        static constexpr u8 kSizes[8] = {32, 36, 40, 42, 44, 48, 48, 48};
        self.view.mair = context.mair;
        self.view.ha = self.promise.hardware_af && ((context.tcr >> 39) & 1);
        self.view.hd = self.view.ha && self.promise.hardware_dirty && ((context.tcr >> 40) & 1);
        self.view.oa_bits = kSizes[(context.tcr >> 32) & 7];
    }
    const u16 asid = context.asid(self.promise.asid_bits);
    const u64 now = ordering.tick();
    if (context.mmu_on()) self.dormant = false;
    roots.still_lingered(pe, now);
    std::array<RootId, 2> before = self.reaching;
    for (unsigned half = 0; half < 2; ++half)
        if (before[half] != kNone) roots.leave(before[half], pe, now);
    self.reaching = {kNone, kNone};
    for (unsigned half = 0; half < 2; ++half) {
        RootKey key;
        if (root_of(context, half, key)) enter(pe, half, key, asid, now_ps, pc);
    }
    if (before == std::array{kNone, kNone} && self.reaching != before)
        roots.for_each_touched(pe, [&](RootId id) { tell_reuse(id, pe, now_ps); });
    roots.set_current(pe, self.reaching, asid);
    roots.resumes(pe, now, ordering.tick());
    check_cnp(pe, pc, now_ps);
    for (unsigned half = 0; half < 2; ++half)
        if (before[half] != kNone && before[half] != self.reaching[half]) {
            if (roots.flushed_since_made(before[half], pe) && is_empty(before[half])) roots.forget(before[half], pe);
            release_unheld(before[half]);
        }
    find_strangers(pe);
}

void BbmChecker::Impl::enter(PeId pe, unsigned half, const RootKey& key, u16 asid, u64 now_ps, u64 pc) {
    RootId id = roots.find(key);
    if (id == kNone) {
        if (!domain.ram.contains(PhysAddr(key.pa), u64{key.entries()} * 8)) return;
        id = roots.make(key, kNone);
        roots[id].table = tables.link_root(key, id);
    }
    const bool returns = roots[id].first_pending != kNone;
    check_asid_reuse(pe, half, id, asid, pc, now_ps);
    roots.enter(id, pe, asid);
    pes[pe].reaching[half] = id;
    if (!returns) return;
    pending.came_back(id, pe);
    tell_reuse(id, pe, now_ps);
    // A PE that was off received no broadcast: what changed meanwhile meets what it still holds.
    for (PendingId p = roots[id].first_pending; p != kNone; p = pending[p].root_next) {
        Pending& r = pending[p];
        const u64 present = present_value(r.root, r.va, r.level);
        bool in_force = r.kind == DescKind::kLeaf && desc_global(r.before), known = false;
        roots.for_each_asid_left(id, pe, r.made, [&](u16 a) { known = true, in_force |= a == asid; });
        if (known && !in_force) continue;  // it waits for its ASID
        const bool due = (r.deferred & pe_bit(pe)) && (pending.unclean(r) & pe_bit(pe));
        r.deferred &= ~pe_bit(pe);
        if (r.restored && desc_same_entry(present, r.before, r.level, r.granule))
            pending.restore(p, pe_bit(pe), domain.ram);  // the present value to it as well, from now on
        if (!due) continue;
        Site site{r.writer, r.pc, now_ps, r.desc_pa, r.va, r.root, r.level, r.granule, r.before, present};
        memo.clear();
        // What was written into the page of a table that walk caches no longer lead to is nobody's.
        const bool walks = r.kind != DescKind::kTable || (pending.unclean_walk(r) & pe_bit(pe));
        if (!(walks && old_meets(r, present, pe, false)) && !left_below(site, r, pe, false) &&
            !clashes_with_block_above(r, pe))
            continue;
        site.desc_pa = r.met.pa, site.pc = r.met.pc, site.writer = r.met.writer;  // what it meets came with that
        r.violated |= pe_bit(pe);
        violate(Rule::kNoTlbi, site, pe_bit(pe));
    }
}

// Pages of unlinked tables that were written while the PE was off: its walk caches may lead there.
void BbmChecker::Impl::tell_reuse(RootId id, PeId pe, u64 now_ps) {
    for (PendingId p = roots[id].first_pending; p != kNone; p = pending[p].root_next) {
        Pending& r = pending[p];
        if (!(r.reused & pe_bit(pe))) continue;
        r.reused &= ~pe_bit(pe);
        if (!(pending.unclean_walk(r) & pe_bit(pe))) continue;
        r.violated |= pe_bit(pe), r.deferred &= ~pe_bit(pe);
        Site site{r.writer, r.pc, now_ps, r.desc_pa, r.va, r.root, r.level, r.granule, r.before, r.after};
        site.detail = "unlinked a table whose page was written while the core was off";
        violate(Rule::kTableReuse, site, pe_bit(pe));
    }
}

// A leaf that the PE may hold, where a larger one is by now: whether their sizes may not meet.
bool BbmChecker::Impl::clashes_with_block_above(const Pending& p, PeId pe) const {
    if (p.kind != DescKind::kLeaf) return false;
    const RootKey& key = roots[p.root].key;
    u64 pa = key.pa + 8 * ((p.va >> level_shift(p.granule, key.start_level)) & (key.entries() - 1));
    for (unsigned level = key.start_level; level < p.level && domain.ram.contains(PhysAddr(pa), 8); ++level) {
        const u64 value = domain.ram.read64(PhysAddr(pa));
        const DescKind kind = desc_kind(value, level, p.granule);
        if (kind == DescKind::kLeaf && may_cache(value, kind, level, p.granule, pe_bit(pe)))
            return !desc_sizes_may_mix(value, level, p.before, pes[pe].view.bbml);
        if (kind != DescKind::kTable) return false;
        const u64 index = (p.va >> level_shift(p.granule, level + 1)) & ((u64{1} << index_bits(p.granule)) - 1);
        pa = desc_next_table(value, p.granule) + 8 * index;
    }
    return false;
}

// Nothing is mapped below the root, and no old value is open: what was flushed since cannot have come back.
bool BbmChecker::Impl::is_empty(RootId id) const {
    const Root& r = roots[id];
    if (r.first_pending != kNone) return false;
    for (u32 i = 0; i < r.key.entries(); ++i)
        if (desc_kind(domain.ram.read64(PhysAddr(r.key.pa + 8 * u64{i})), r.key.start_level, r.key.granule) !=
            DescKind::kInvalid)
            return false;
    return true;
}

// Forgets a root that no PE reaches or may hold, unless old values below it are still open: then it waits.
void BbmChecker::Impl::release_unheld(RootId id) {
    Root& r = roots[id];
    if (!r.alive || r.reach || r.residue) return;
    PendingId next;
    for (PendingId p = r.first_pending; p != kNone; p = next) {
        next = pending[p].root_next;
        pending.drop_if_clean(p);
    }
    bool held = r.first_pending != kNone;         // such as a write that no barrier ordered before the TLBI
    if (r.global && !held && r.table != kNone) {  // by ASID all but global entries are gone: are there any?
        bool complete = true;
        for (const LeavesBelow& leaves : leaves_below(r.table, r.key.first_va(), r.global, {}, complete))
            held |= leaves.any_global;
        held |= !complete;
    }
    if (held) {
        if (std::find(waiting.begin(), waiting.end(), id) == waiting.end()) waiting.push_back(id);
        return;
    }
    const TableId table = r.table;
    roots.drop(id);
    if (table != kNone) tables.unlink_root(table, id);
}

}  // namespace bbmsim::mmu
