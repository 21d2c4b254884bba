// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/mmu.hpp"

#include "models/mmu/checker/bbm_checker.hpp"
#include "models/mmu/inner_domain.hpp"
#include "models/mmu/mmu_impl.hpp"

#include <algorithm>

namespace bbmsim::mmu {
namespace {
// Stamps behind an L1's own, so that the MMU-off entry's index lies behind both L1s' entries and inside both arrays.
u32 spare_stamps(const TlbConfig& other, const TlbConfig& own) {
    return std::max(other.entries, own.entries) - own.entries + 1;
}
}  // namespace

Mmu::Impl::Impl(Mmu& owner, const RamView& ram_view, EventBus& event_bus, u64 seed)
    : mmu(owner),
      ram(ram_view),
      bus(event_bus),
      rng(seed),
      l1i(owner.config.l1i_tlb, &owner.l1_clock_[0], &rng, &origins,
          spare_stamps(owner.config.l1d_tlb, owner.config.l1i_tlb)),
      l1d(owner.config.l1d_tlb, &owner.l1_clock_[1], &rng, &origins,
          spare_stamps(owner.config.l1i_tlb, owner.config.l1d_tlb)),
      l2(owner.config.l2_tlb, &other_clock[0], &rng, &origins),
      walk_cache(owner.config.walk_cache, &other_clock[1], &rng, &origins),
      structures{&l1i, &l1d, &l2, &walk_cache} {
    off_entry.va_mask = ~u64{0};
    off_entry.valid = true;
    off_entry.global = true;
    off_entry.level = kMmuOffLevel;
    off_entry.attr = decode_mair(0);
    off_entry.perms = {true, true, true, true, true, true, false, false};
    regime = decode_regime(context, owner.config);
}

Mmu::Touch Mmu::touch_kind(const TlbConfig& c) {
    if (c.entries == 0) return Touch::kNothing;
    switch (c.policy) {
        case Policy::kLru: return c.ways == c.entries ? Touch::kStamp : Touch::kInSet;
        case Policy::kNru: return Touch::kReferenced;
        case Policy::kPlru: return Touch::kInSet;
        case Policy::kFifo:
        case Policy::kRandom: break;
    }
    return Touch::kNothing;
}

Mmu::Mmu(PeId pe, const MmuConfig& mmu_config, const RamView& ram, EventBus& bus, u64 seed)
    : config(nasty_structures(mmu_config)),
      id(pe),
      touch_{touch_kind(config.l1i_tlb), touch_kind(config.l1d_tlb)},
      impl_(std::make_unique<Impl>(*this, ram, bus, seed)) {
    impl_->l1i.tell(&filter);
    l1_stamps_[0] = impl_->l1i.stamps();
    l1_stamps_[1] = impl_->l1d.stamps();
    // One spare stamp in both, so that touching the MMU-off entry harms nobody.
    impl_->off_entry.index = std::max(config.l1i_tlb.entries, config.l1d_tlb.entries);
}
Mmu::~Mmu() = default;

const Context& Mmu::context() const { return impl_->context; }

void Mmu::set_context(const Context& context) {
    Impl& m = *impl_;
    if (m.context == context) return;
    m.context = context;
    m.regime = decode_regime(context, config);
    ++m.off_entry.gen;
    filter.clear();
}

void Mmu::touch_in_set(unsigned l1, TlbEntry* entry) {
    if (is_mmu_off(entry)) return;
    (l1 ? impl_->l1d : impl_->l1i).touch(entry);
}

Outcome Mmu::translate(const Request& request) {
    if (!impl_->regime.on) return impl_->translate_off(request);
    if (request.access == Access::kFetch && !request.speculative && !request.maintenance && domain && domain->checker)
        domain->checker->on_fetch(id, request.va, request.privileged, impl_->now());
    return impl_->translate_on(request);
}

// Stage 1 off (D8.2.12): flat; a VA beyond the PA size is a level 0 Address size fault.
Outcome Mmu::Impl::translate_off(const Request& q) {
    Outcome out;
    const bool fetch = q.access == Access::kFetch;
    const u64 va = regime.half[(q.va >> 55) & 1].tbi[fetch] ? q.va & (~u64{0} >> 8) : q.va;
    if (va >> regime.pa_bits) {
        out.fault = {FaultType::kAddressSize, 0};
        return out;
    }
    out.pa = va;
    out.attr = fetch ? MemAttr{} : off_entry.attr;
    out.entry = &off_entry;
    out.filterable = !q.maintenance;
    out.writable = true;
    return out;
}

void Mmu::Impl::note_stale(const TlbEntry& e, u64 va) {
    ++mmu.stats.stale_uses;
    if (mmu.domain && mmu.domain->checker) mmu.domain->checker->on_stale_use(mmu.id, va, pc(), now(), e);
}

TlbEntry* Mmu::Impl::settle(const MatchSet& matches, const Request& q, u64 va, Outcome& out) {
    if (matches.count == 1) return matches.entry[0];
    const NastyConfig& nasty = mmu.config.nasty;
    if ((nasty.splinter || nasty.coalesce) && all_alike(matches, va)) return matches.entry[0];  // of one descriptor
    const ConflictChoice choice = resolve_conflict(matches, q, va, mmu.config, rng, mixed);
    ++mmu.stats.conflicts;
    if (bus.wants(EventKind::kConflict)) {
        const TlbEntry* largest = matches.entry[0];
        for (unsigned i = 1; i < matches.count; ++i)
            if (matches.entry[i]->level < largest->level) largest = matches.entry[i];
        const Origin& from = largest->origin;
        bus.emit({EventKind::kConflict, mmu.id, largest->level, static_cast<u8>(choice.taken), now(), pc(), va,
                  from.depth ? from.desc_pa[from.depth - 1u] : 0, matches.count, 0});
    }
    if (mmu.domain && mmu.domain->checker)
        mmu.domain->checker->on_conflict(mmu.id, va, pc(), now(), {matches.entry.data(), matches.count}, choice.taken);
    if (!choice.use) {
        ++mmu.stats.conflict_aborts;
        out.fault = {FaultType::kTlbConflict, 0};
    }
    return choice.use;
}

bool Mmu::Impl::finish(const TlbEntry& e, const Request& q, u64 va, Outcome& out) const {
    const Allowed allowed = check_permission(e.perms, regime.wxn, q);
    if (allowed == Allowed::kNeedsDirty && !q.maintenance) return false;
    if (allowed == Allowed::kNo) {
        out.fault = {FaultType::kPermission, e.level};
        return true;
    }
    out.pa = e.translate(va);
    out.attr = e.attr;
    const Permissions& p = e.perms;
    out.writable = (q.privileged ? p.write_el1 && !(q.pan && p.read_el0) : p.write_el0) && !p.dirty_managed;
    return true;
}

Outcome Mmu::Impl::translate_on(const Request& q) {
    Outcome out;
    const bool fetch = q.access == Access::kFetch;
    const HalfRegime& half = regime.half[(q.va >> 55) & 1];
    if (!in_range(half, q.va, fetch) || (half.e0pd && !q.privileged)) {
        out.fault = {FaultType::kTranslation, 0};
        return out;
    }
    const u64 va = canonical(q.va, half.tbi[fetch]);
    const Structure which = fetch ? Structure::kL1I : Structure::kL1D;
    Tlb& l1 = fetch ? l1i : l1d;
    ++(fetch ? mmu.stats.l1i_accesses : mmu.stats.l1d_accesses);

    MatchSet matches;
    l1.lookup(va, regime.asid, matches);
    if (matches.count) {
        if (mmu.config.conflict_across_structures) add_other_structure(matches, va);
        const bool single = matches.count == 1;
        TlbEntry* e = settle(matches, q, va, out);
        if (!e) return out;
        out.cycles = l1.config().hit_cycles;
        // An entry of L2 may have been chosen, or a mixture: only a real L1 entry is touched and handed out.
        TlbEntry* held = l1.owns(e) ? e : nullptr;
        if (held) mmu.touch(fetch ? 0 : 1, held);
        if (e->stale) note_stale(*e, va);
        if (!finish(*e, q, va, out)) {
            return set_dirty(q, va, out);
        }
        if (!out.fault) {
            out.entry = held;
            out.filterable = single && !e->stale && out.cycles == 0 && !out.attr.is_device() && !q.maintenance;
        }
        return out;
    }
    ++(fetch ? mmu.stats.l1i_misses : mmu.stats.l1d_misses);

    ++mmu.stats.l2_accesses;
    l2.lookup(va, regime.asid, matches);
    if (matches.count == 0) {
        ++mmu.stats.l2_misses;
        l2.expect_fill(va);
        return walk_and_fill(q, va, out);
    }
    out.cycles = l2.config().hit_cycles;
    const bool single = matches.count == 1;
    TlbEntry* e = settle(matches, q, va, out);
    if (!e) return out;
    if (e != &mixed) l2.touch(e);
    if (e->stale) note_stale(*e, va);
    const bool done = finish(*e, q, va, out);
    if (!done) {
        return set_dirty(q, va, out);
    }
    // What several matches gave stays out of L1, so that each access meets the conflict again.
    TlbEntry* filled = single ? fill(which, *e, va) : nullptr;
    if (!out.fault) {
        out.entry = filled;
        out.filterable =
            filled && !filled->stale && l1.config().hit_cycles == 0 && !out.attr.is_device() && !q.maintenance;
    }
    return out;
}

// A write to a clean page: the clean entries leave, a walk sets the dirty state and fills anew. Other matches of the
// address may remain, and then the new entry is not the only one.
Outcome Mmu::Impl::set_dirty(const Request& q, u64 va, const Outcome& so_far) {
    drop_clean(va);
    Outcome out = walk_and_fill(q, va, so_far, false);
    if (out.filterable) {
        MatchSet matches;
        l1d.lookup(va, regime.asid, matches);
        if (mmu.config.conflict_across_structures) add_other_structure(matches, va);
        out.filterable = matches.count == 1;
    }
    return out;
}

// Matches in L2 that are not the source or a copy of one already found are conflicts too, where the core says so.
void Mmu::Impl::add_other_structure(MatchSet& matches, u64 va) {
    MatchSet second;
    l2.lookup(va, regime.asid, second);
    for (unsigned i = 0; i < second.count; ++i) {
        bool copy = false;
        for (unsigned j = 0; j < matches.count; ++j) copy |= same_source(*second.entry[i], *matches.entry[j], va);
        if (!copy) matches.add(second.entry[i]);
    }
}

bool Mmu::Impl::all_alike(const MatchSet& matches, u64 va) {
    for (unsigned i = 1; i < matches.count; ++i)
        if (!same_source(*matches.entry[0], *matches.entry[i], va)) return false;
    return true;
}

bool Mmu::Impl::same_source(const TlbEntry& a, const TlbEntry& b, u64 va) {
    if (a.level != b.level || a.granule != b.granule || a.translate(va) != b.translate(va) || a.attr != b.attr)
        return false;
    if (a.origin.depth == 0 || b.origin.depth == 0) return a.va_mask == b.va_mask && a.perms == b.perms;
    return a.contiguous == b.contiguous && a.perms == b.perms;
}

}  // namespace bbmsim::mmu
