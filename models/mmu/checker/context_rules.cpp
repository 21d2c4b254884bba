// SPDX-License-Identifier: Apache-2.0
// Rules on registers rather than descriptors, judged when a context synchronization makes them effective: ASIDs given
// to other tables, CnP, fields that TLBs may cache; and the fetch through a mapping that its own writer just made.
#include "models/mmu/checker/impl.hpp"
#include "models/mmu/walk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace bbmsim::mmu {

namespace {

constexpr u64 bits(unsigned hi, unsigned lo) { return ((u64{2} << (hi - lo)) - 1) << lo; }

// Fields that TLBs may cache, by half of the address space (D8.16; TCR_EL1, SCTLR_EL1).
constexpr u64 kTcrCommon = bits(34, 32) | bits(36, 36) | bits(40, 39) | bits(59, 59);  // IPS, AS, HA, HD, DS
constexpr u64 kTcrHalf[2] = {bits(5, 0) | bits(15, 8) | bits(37, 37) | bits(41, 41),   // T0SZ, TG0, SH0.., TBI0, HPD0
                             bits(21, 16) | bits(31, 24) | bits(38, 38) | bits(42, 42)};
constexpr u64 kSctlr = bits(19, 19) | bits(25, 25);  // WXN, EE

}  // namespace

// The PE may hold entries that it walked from this root: it reached it, and the root was not empty all the while.
bool BbmChecker::Impl::may_hold_some(RootId id, PeId pe) const {
    const Root& r = roots[id];
    if (!((r.reach | r.residue | r.global) & pe_bit(pe))) return false;
    return !is_empty(id) || (r.last_made && !roots.flushed_since_made(id, pe));
}

// Tables of two roots, entry by entry; what was replaced since is among the old values that are not clean.
bool BbmChecker::Impl::translates_alike(const RootKey& a, const RootKey& b, PeId pe) {
    if (a.granule != b.granule || a.input_bits != b.input_bits) return false;
    for (u32 i = 0; i < a.entries(); ++i) {
        const u64 x = domain.ram.read64(PhysAddr(a.pa + 8 * u64{i})),
                  y = domain.ram.read64(PhysAddr(b.pa + 8 * u64{i}));
        if (x != y && comparer.difference(x, y, a.start_level, a.granule, pes[pe].view)) return false;
    }
    return true;
}

void BbmChecker::Impl::check_asid_reuse(PeId pe, unsigned half, RootId now_at, u16 asid, u64 pc, u64 now_ps) {
    RootId former = kNone;
    roots.for_each([&](RootId id, Root& r) {
        if (id == now_at || r.key.half != half || !(r.residue & pe_bit(pe)) || former != kNone) return;
        if (r.key.pa == roots[now_at].key.pa) return;  // the same tables under other registers: BBM-CONTEXT
        const auto& uses = r.uses[pe];
        if (std::any_of(uses.begin(), uses.end(), [&](const AsidUse& u) { return u.asid == asid && !u.reaching; }) &&
            may_hold_some(id, pe))
            former = id;
    });
    if (is_empty(now_at)) return;
    const RootKey key = roots[now_at].key;
    bool differs = false;
    if (former != kNone) {
        // Something that the PE may hold is no longer in memory, or the tables differ.
        for (PendingId p = roots[former].first_pending; p != kNone && !differs; p = pending[p].root_next)
            differs = pending.unclean(pending[p]) & pe_bit(pe);
        differs = differs || !translates_alike(roots[former].key, key, pe);
    }
    if (!differs) {
        roots.for_each_touched(pe, [&](RootId id) {
            const Root& r = roots[id];
            if (differs || id == now_at || r.key.half != half || !(r.global & pe_bit(pe)) || !may_have_globals(id))
                return;
            if (meets_globals(id, now_at, pe)) former = id, differs = true;
        });
        if (!differs) return;
    }
    const RootKey old = roots[former].key;
    Site site{pe, pc, now_ps, key.pa, key.first_va(), now_at, key.start_level, key.granule, old.pa, key.pa};
    site.detail =
        fmt::format("loaded TTBR{} with the tables at {:#x} and ASID {}, under which it walked the tables at {:#x}",
                    half, key.pa, asid, old.pa);
    violate(Rule::kAsidReuse, site, pe_bit(pe));
}

void BbmChecker::Impl::check_cnp(PeId pe, u64 pc, u64 now_ps) {
    const Pe& self = pes[pe];
    for (unsigned half = 0; half < 2; ++half) {
        const auto base = [half](const Context& c) { return half ? c.ttbr1 : c.ttbr0; };
        if (self.reaching[half] == kNone || !(base(self.context) & 1)) continue;
        for (std::size_t i = 0; i < pes.size(); ++i) {
            const auto q = static_cast<PeId>(i);
            const Pe& other = pes[i];
            if (q == pe || !other.online || other.reaching[half] == kNone || !(base(other.context) & 1)) continue;
            const u16 asid = self.context.asid(self.promise.asid_bits);
            if (other.reaching[half] == self.reaching[half] || other.context.asid(other.promise.asid_bits) != asid)
                continue;
            const RootKey key = roots[self.reaching[half]].key, others = roots[other.reaching[half]].key;
            Site site{pe,          pc,        now_ps, key.pa, key.first_va(), self.reaching[half], key.start_level,
                      key.granule, others.pa, key.pa};
            site.detail = fmt::format(
                "set CnP in TTBR{} with the tables at {:#x} and ASID {}; core {} has CnP set there "
                "with the tables at {:#x}",
                half, key.pa, asid, q, others.pa);
            violate(Rule::kCnp, site, pe_bit(pe) | pe_bit(q));
        }
    }
}

// Before the new context takes effect: what was cached under the old one is what matters.
void BbmChecker::Impl::check_reinterpretation(PeId pe, const Context& context, u64 pc, u64 now_ps) {
    Pe& self = pes[pe];
    if (!context.mmu_on()) return;
    const Context old = self.translated;
    self.translated = context;
    if (!old.mmu_on()) return;
    for (unsigned half = 0; half < 2; ++half) {
        const char* name = nullptr;
        u64 before = 0, after = 0;
        const auto compare = [&](const char* what, u64 was, u64 is, u64 mask) {
            if (!name && ((was ^ is) & mask)) name = what, before = was, after = is;
        };
        compare("TCR_EL1", old.tcr, context.tcr, kTcrCommon | kTcrHalf[half]);
        compare("MAIR_EL1", old.mair, context.mair, ~u64{0});
        compare("SCTLR_EL1", old.sctlr, context.sctlr, kSctlr);
        if (!name) continue;
        RootId held = self.reaching[half];
        if (held != kNone && !may_hold_some(held, pe)) held = kNone;
        roots.for_each([&](RootId id, Root& r) {
            if (held == kNone && r.key.half == half && may_hold_some(id, pe)) held = id;
        });
        if (held == kNone) continue;
        const RootKey key = roots[held].key;
        Site site{pe, pc, now_ps, key.pa, key.first_va(), held, key.start_level, key.granule, before, after};
        site.detail = fmt::format(
            "changed {} from {:#x} to {:#x} while translations of TTBR{}'s half may be cached, and no "
            "TLBI of everything followed",
            name, before, after, half);
        // One flush does for several changes: none of them has a deadline. Bounded, for software that never flushes.
        auto& open = self.reinterpreted[half];
        std::erase_if(open, [&](const auto& o) { return o.site.pc == pc && o.site.before == before; });
        if (open.size() >= kMaxReinterpretations) {
            if (roots[open.front().site.root].alive) violate(Rule::kContext, open.front().site, pe_bit(pe));
            open.erase(open.begin());
        }
        open.push_back({ordering.tick(), std::move(site)});
    }
}

void BbmChecker::Impl::judge_reinterpretation(PeId pe, unsigned half) {
    if (pes[pe].dormant) return;  // what it holds matters when it comes back, and is flushed then or not
    for (const auto& open : pes[pe].reinterpreted[half])
        if (roots[open.site.root].alive) violate(Rule::kContext, open.site, pe_bit(pe));  // or nobody holds any of it
    pes[pe].reinterpreted[half].clear();
}

void BbmChecker::Impl::reinterpretation_flushed(PeId pe, u64 issued) {
    for (auto& list : pes[pe].reinterpreted) std::erase_if(list, [&](const auto& open) { return open.at < issued; });
}

// Who made an entry valid must synchronize before it fetches through it; what others make of it since is theirs.
void BbmChecker::Impl::made_valid(u64 desc_pa, PeId writer, u64 pc) {
    made_invalid(desc_pa);
    if (writer < pes.size() && pes[writer].made.size() < kMaxMade) pes[writer].made[desc_pa] = pc;
}
void BbmChecker::Impl::made_invalid(u64 desc_pa) {
    for (Pe& pe : pes)
        if (!pe.made.empty()) pe.made.erase(desc_pa);
}

// A table went, and what was made below it with it: whoever links it again makes it valid.
void BbmChecker::Impl::forget_unlinked() {
    const auto leads_nowhere = [&](const auto& entry) {
        found.clear();
        tables.at(entry.first, found);
        return std::none_of(found.begin(), found.end(), [&](TableId table) {
            places.clear();
            const auto stale = [&](PendingId p) { return LiveTables::StalePlace{pending[p].root, pending[p].va}; };
            tables.occurrences(table, static_cast<u32>((entry.first - tables[table].pa) / 8), roots, stale, places);
            return std::any_of(places.begin(), places.end(),
                               [](const Occurrence& place) { return place.through == kNone; });
        });
    };
    for (Pe& pe : pes) std::erase_if(pe.made, leads_nowhere);
}

// Judged by memory, not by what the TLBs answer: the order of a fetch and of the fill that it needs is not the rule's.
void BbmChecker::Impl::fetched(PeId pe, u64 va, bool privileged, u64 now_ps) {
    Pe& self = pes[pe];
    if (self.made.empty() || !self.context.mmu_on() || pe >= domain.pes.size() || !domain.pes[pe]) return;
    const MmuConfig& config = domain.pes[pe]->config;
    WalkResult walk;
    if (config.hafdbs_af == self.promise.hardware_af && config.hafdbs_dirty == self.promise.hardware_dirty) {
        walk = inspect_walk(domain.ram, self.context, config, va);
    } else {  // of a trace, in which what walkers write are events
        MmuConfig promised = config;
        promised.hafdbs_af = self.promise.hardware_af;
        promised.hafdbs_dirty = self.promise.hardware_dirty;
        walk = inspect_walk(domain.ram, self.context, promised, va);
    }
    const Request request{.va = va, .access = Access::kFetch, .privileged = privileged};
    if (walk.fault || check_permission(walk.perms, self.context.sctlr & bits(19, 19), request) != Allowed::kYes) return;
    for (const WalkStep& step : walk.steps) {
        const auto m = self.made.find(step.pa);
        if (m == self.made.end()) continue;
        const unsigned half = (va >> 55) & 1;
        const RootId root = self.reaching[half];
        if (root == kNone) return;
        Site site{pe, m->second, now_ps, step.pa, va, root, step.level, roots[root].key.granule, 0, step.value};
        site.detail = fmt::format(
            "fetched from {:#x} through the entry that it had just made valid, with no context synchronization event "
            "in between",
            va);
        for (const WalkStep& s : walk.steps) self.made.erase(s.pa);
        violate(Rule::kExecSync, site, pe_bit(pe));
        return;
    }
}

}  // namespace bbmsim::mmu
