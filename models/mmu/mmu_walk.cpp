// SPDX-License-Identifier: Apache-2.0
// Misses: the walk with its walk cache, hardware updates of descriptors, and fills.
#include "models/mmu/checker/bbm_checker.hpp"
#include "models/mmu/inner_domain.hpp"
#include "models/mmu/mmu_impl.hpp"

#include <algorithm>
#include <cstring>

namespace bbmsim::mmu {
namespace {

constexpr u64 low_mask(unsigned bits) { return (u64{1} << bits) - 1; }

// Gathers what the walk reads: the chain for origins, the tables for the walk cache.
struct Gatherer {
    struct Table {
        u64 next;
        Permissions limit;
        u8 level, depth;  // of its descriptor, of the chain up to it
    };
    InnerDomain* const domain;
    const RamView& ram;
    const HalfRegime& half;
    const u64 va;
    const u16 asid;
    const u8 upper_half;
    SplitMix64* late = nullptr;  // nasty.late_walk: draws whether a former value is read
    u64 now_ps = 0;
    PeId pe = 0;
    bool stale = false;
    WalkMemory* memory = nullptr;
    unsigned table_count = 0, reads = 0;
    u32 read_cycles = 0;  // if there is a memory to ask
    Origin origin;
    std::array<Table, 3> tables;  // at most levels 0 to 2; not cleared for each walk

    Gatherer(InnerDomain* d, const RamView& r, const HalfRegime& h, u64 address, u16 current_asid)
        : domain(d), ram(r), half(h), va(address), asid(current_asid), upper_half((address >> 55) & 1) {}
    u64 seen(u64 pa, u64 value) {
        if (!late) [[likely]]
            return value;
        const u64* earlier = domain->late.earlier(pe, pa, now_ps);
        if (!earlier || *earlier == value || late->below(2)) return value;
        stale = true;
        return *earlier;
    }
    void read(u64 pa, u64 value, u8) {
        ++reads;
        if (memory) read_cycles += memory->read(pa);
        if (origin.depth == origin.desc_pa.size()) return;
        origin.desc_pa[origin.depth] = pa;
        origin.desc_value[origin.depth] = value;
        ++origin.depth;
        // From now on stores to this table page are looked at: they may make entries stale.
        if (domain && !(ram.page_flags(PhysAddr(pa)) & kWatched)) domain->flag_page(PhysAddr(pa), kWatched);
    }
    void table(const WalkCursor& next, u64, u64, u8 level) {
        tables[table_count++] = {next.table, to_permissions(next.restriction), level, origin.depth};
    }
    [[nodiscard]] TlbEntry entry_of(const Table& t, u64 time_ps) const {
        TlbEntry e;
        e.va_mask = low_mask(level_shift(half.granule, t.level));
        e.va_base = va & ~e.va_mask;
        e.pa_base = t.next;
        e.asid = asid;
        e.table = true;
        e.stale = stale;
        e.level = t.level;
        e.granule = half.granule;
        e.upper_half = upper_half;
        e.perms = t.limit;
        e.origin.depth = t.depth;
        std::copy_n(origin.desc_pa.begin(), t.depth, e.origin.desc_pa.begin());
        std::copy_n(origin.desc_value.begin(), t.depth, e.origin.desc_value.begin());
        e.origin.filled_ps = time_ps;
        return e;
    }
};

}  // namespace

void Mmu::Impl::emit_fill(EventKind kind, const TlbEntry& e, Structure which, u8 sub) {
    if (bus.wants(kind))
        bus.emit(
            {kind, mmu.id, e.level, sub, now(), pc(), e.va_base, e.pa_base, e.va_mask + 1, static_cast<u64>(which)});
}

TlbEntry* Mmu::Impl::fill(Structure which, const TlbEntry& e, u64 va, bool missed) {
    Tlb& t = tlb(which);
    if (!t.present()) return nullptr;
    TlbEntry* slot;
    const auto put = [&](const TlbEntry& entry) {
        slot = t.choose(entry);
        if (slot->valid) {
            ++mmu.stats.evictions;
            emit_fill(EventKind::kEvict, *slot, which, 0);
        }
        t.place(slot, entry);
    };
    if (mmu.config.nasty.coalesce && which != Structure::kL2 && !e.table && e.origin.depth && coalesced_members(e) > 1)
        return fill(which, member_of(e, va), va, missed);
    unsigned largest = t.config().max_block_shift;
    if (mmu.config.nasty.splinter && which != Structure::kL2 && Tlb::shift_of(e) > 12)
        largest = std::min(largest, 12 + rng.below(Tlb::shift_of(e) - 11));
    if (Tlb::shift_of(e) > largest && !e.table) {
        TlbEntry part = e;  // a splinter: the aligned part that holds va
        part.va_mask = low_mask(largest);
        part.va_base = va & ~part.va_mask;
        part.pa_base = e.translate(part.va_base);
        put(part);
    } else if (TlbEntry wide = e; mmu.config.nasty.coalesce && coalesce(which, wide, va)) {
        put(wide);
    } else {
        put(e);
    }
    ++mmu.stats.fills;
    emit_fill(EventKind::kFill, *slot, which, 0);
    // A second match for pages that smaller entries answer: their filter slots must go.
    if (which == Structure::kL1I || which == Structure::kL1D) {
        t.bump_overlapping(*slot, missed);
    } else if (which == Structure::kL2 && mmu.config.conflict_across_structures) {
        l1i.bump_overlapping(*slot, false);
        l1d.bump_overlapping(*slot, false);
    }
    return slot;
}

// The clean entries of va leave, so that the walk that sets the dirty state can replace them.
void Mmu::Impl::drop_clean(u64 va) {
    for (const Structure which : {Structure::kL1I, Structure::kL1D, Structure::kL2}) {
        MatchSet matches;
        tlb(which).lookup(va, regime.asid, matches);
        for (unsigned i = 0; i < matches.count; ++i)
            if (matches.entry[i]->perms.dirty_managed) {
                ++mmu.stats.evictions;
                emit_fill(EventKind::kEvict, *matches.entry[i], which, 0);
                tlb(which).remove(matches.entry[i]);
            }
    }
}

void Mmu::Impl::update_descriptor(u64 desc_pa, u64 value) {
    if (mmu.domain) {
        mmu.domain->store(mmu.id, PhysAddr(desc_pa), &value, sizeof value, pc(), StoreKind::kHardware);
    } else {
        ram.back(PhysAddr(desc_pa));
        std::memcpy(ram.at(PhysAddr(desc_pa)), &value, sizeof value);
    }
}

Outcome Mmu::Impl::walk_and_fill(const Request& q, u64 va, Outcome out, bool missed, bool prompt) {
    const bool fetch = q.access == Access::kFetch;
    const HalfRegime& half = regime.half[(va >> 55) & 1];
    WalkCursor cursor;
    out.fault = walk_start(half, cursor);
    if (out.fault) return out;

    if (mmu.interceptor) [[unlikely]] {
        out.fault = mmu.interceptor->before_walk(va);
        if (out.fault) return out;
    }

    BbmChecker* checker = mmu.domain ? mmu.domain->checker : nullptr;
    Gatherer g(mmu.domain, ram, half, va, regime.asid);
    if (mmu.config.nasty.late_walk && mmu.domain && !prompt) {
        g.late = &rng;
        g.pe = mmu.id;
        g.now_ps = now();
    }
    if (!q.speculative) {
        g.memory = mmu.walk_memory;
        ++mmu.stats.walks;
        if (fetch) ++mmu.stats.fetch_walks;
        if (mmu.config.nasty.walks()) recent[recent_count++ % recent.size()] = va;
    }
    u32 cycles = mmu.config.walk_start_cycles;

    // The deepest table that the walk cache knows; several at that level are a conflict.
    MatchSet known;
    walk_cache.lookup(va, regime.asid, known);
    MatchSet deepest;
    int level = -1;
    for (unsigned i = 0; i < known.count; ++i) {
        TlbEntry* e = known.entry[i];
        if (e->granule != half.granule || e->level < half.start_level || e->level < level) continue;
        if (e->level > level) deepest.count = 0;
        level = e->level;
        deepest.add(e);
    }
    if (deepest.count) {
        TlbEntry* e = q.speculative ? deepest.entry[rng.below(deepest.count)] : settle(deepest, q, va, out);
        if (!e) return out;
        ++mmu.stats.walk_cache_hits;
        cycles += walk_cache.config().hit_cycles;
        if (walk_cache.owns(e)) walk_cache.touch(e);
        if (e->stale && !q.speculative) note_stale(*e, va);
        g.stale = e->stale;
        g.origin = e->origin;
        cursor = {e->pa_base, static_cast<u8>(e->level + 1), to_restriction(e->perms)};
    }

    const bool nt_faults = mmu.config.nasty.conflicts ? rng.below(2) : mmu.config.nt_faults;  // R_MRRPW
    const WalkEnd end = walk(ram, half, nt_faults, va, cursor, g);
    cycles += g.memory ? g.read_cycles : g.reads * mmu.config.walk_read_cycles;
    mmu.stats.walk_reads += g.reads;
    mmu.stats.walk_cycles += cycles;
    out.cycles += cycles;
    const u64 time = now();
    const bool keep = !q.speculative || mmu.config.nasty.speculate;
    for (unsigned i = 0; keep && i < g.table_count; ++i) {
        TlbEntry* e = fill(Structure::kWalkCache, g.entry_of(g.tables[i], time), va);
        if (e && checker) checker->on_fill();
    }
    out.fault = end.fault;
    TlbEntry& entry = walked;
    const auto set_flags = [&](const WalkEnd& of, u64 value) {
        mmu.stats.hw_af_updates += ((value ^ of.value) & kAccessFlagBit) != 0;
        entry.origin.desc_value[entry.origin.depth - 1u] = value;
        update_descriptor(of.desc_pa, value);
    };
    if (!out.fault) {
        const Leaf leaf = decode_leaf(regime, half, end.restriction, end.value, end.level, va);
        entry.va_mask = leaf.span - 1;
        entry.va_base = va & ~entry.va_mask;
        entry.pa_base = leaf.pa_base;
        entry.asid = regime.asid;
        entry.global = leaf.global;
        entry.stale = g.stale;
        entry.level = end.level;
        entry.contiguous = leaf.contiguous;
        entry.granule = half.granule;
        entry.upper_half = g.upper_half;
        entry.attr = leaf.attr;
        entry.perms = leaf.perms;
        entry.origin = g.origin;
        entry.origin.filled_ps = time;
        bool cacheable = leaf.access_flag;
        if (q.speculative) {
            // What an access would be told is nobody's business.
            if (!cacheable && sets_access_flag(q, entry, end)) {
                set_flags(end, end.value | kAccessFlagBit);
                cacheable = true;
            }
            cacheable &= keep;
        } else if (!leaf.access_flag && !regime.access_flag_by_hw) {
            out.fault = {FaultType::kAccessFlag, end.level};
        } else if (check_permission(entry.perms, regime.wxn, q) == Allowed::kNo) {
            out.fault = {FaultType::kPermission, end.level};  // may be cached, if AF is set (R_XCLRD)
        } else {
            u64 value = end.value | kAccessFlagBit;
            const bool dirty = q.access == Access::kWrite && entry.perms.dirty_managed && !q.maintenance;
            if (dirty) value &= ~kReadOnlyBit;
            if (value != end.value && g.late && ram.read64(PhysAddr(end.desc_pa)) != end.value) {
                // An update is atomic with the read: it sees memory, and can't bring a former value back.
                return walk_and_fill(q, va, out, missed, true);
            }
            if (dirty) {
                ++mmu.stats.hw_dirty_updates;
                entry.perms.dirty_managed = false;
            }
            if (value != end.value) {
                set_flags(end, value);
                if (g.memory) {
                    const u32 more = g.memory->update(end.desc_pa);
                    out.cycles += more;
                    mmu.stats.walk_cycles += more;
                }
            }
            cacheable = true;
        }
        if (cacheable) {
            (void)fill(Structure::kL2, entry, va);
            TlbEntry* in_l1 = fill(fetch ? Structure::kL1I : Structure::kL1D, entry, va, missed);
            if (checker) checker->on_fill();
            if (!out.fault && !q.speculative) {
                finish(entry, q, va, out);
                out.entry = in_l1;
                const Tlb& l1 = fetch ? l1i : l1d;
                out.filterable =
                    in_l1 && !entry.stale && l1.config().hit_cycles == 0 && !entry.attr.is_device() && !q.maintenance;
            }
        }
    }
    if (bus.wants(EventKind::kWalk))
        bus.emit({EventKind::kWalk, mmu.id, end.level, 0, time, pc(), va, out.pa, cycles, g.reads});
    return out;
}

}  // namespace bbmsim::mmu
