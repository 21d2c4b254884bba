// SPDX-License-Identifier: Apache-2.0
// Hazards: accesses that were answered by a translation which a completed TLBI should have removed or which a broken
// rule let in (design: mechanism 5). Holding an entry, using it before its TLBI completes, stale permissions and
// multi-hits after a change that is legal for the PE are none.
#include "models/mmu/checker/impl.hpp"

#include "models/mmu/event.hpp"
#include "models/mmu/tlb.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bbmsim::mmu {

namespace {
const char* behaviour_text(ConflictBehaviour b) {
    switch (b) {
        case ConflictBehaviour::kAbort: return "abort";
        case ConflictBehaviour::kFirst: return "first";
        case ConflictBehaviour::kLast: return "last";
        case ConflictBehaviour::kRandom: return "random";
        case ConflictBehaviour::kAmalgamate: return "amalgamate";
    }
    return "first";
}
}  // namespace

BbmChecker::Impl::Verdict BbmChecker::Impl::judge_entry(PeId pe, const TlbEntry& entry, u64 va) {
    Verdict verdict;
    const u64 members = coalesced_members(entry);
    for (unsigned i = 0; i < entry.origin.depth; ++i) {
        u64 desc = entry.origin.desc_pa[i], value = entry.origin.desc_value[i];
        if (members > 1 && i + 1u == entry.origin.depth) {  // of several descriptors: the one for va
            const unsigned shift = level_shift(entry.granule, entry.level);
            const u64 from = (desc >> 3) & (members - 1), to = (va >> shift) & (members - 1);
            desc += (to - from) * 8;
            value += (to - from) << shift;
        }
        if (!domain.ram.contains(PhysAddr(desc), 8)) continue;
        const u64 memory = domain.ram.read64(PhysAddr(desc));
        if (memory == value) continue;
        const unsigned level = entry.level - (entry.origin.depth - 1u - i);
        if (level > 3) continue;
        memo.clear();
        const DescKind now = desc_kind(memory, level, entry.granule);
        const bool gone = now == DescKind::kInvalid || (now == DescKind::kLeaf && !(memory & kDescAf));
        if (!gone && !difference(value, memory, level, entry.granule, pe, true)) continue;  // R_GPPYH
        if (const auto it = let_in.find(desc); it != let_in.end() && (it->second.pes & pe_bit(pe)))
            return {Cause::kViolation, it->second.violation, desc, value, memory};
        bool awaited = false;
        for (PendingId id = pending.first_of(desc); id != kNone && !awaited; id = pending[id].next_same_desc) {
            const Pending& p = pending[id];
            memo.clear();
            awaited = (pending.unclean(p) & pe_bit(pe)) &&
                      (p.before == value || !difference(p.before, value, level, entry.granule, pe, true));
        }
        verdict = {awaited ? Cause::kPending : Cause::kShouldBeGone, -1, desc, value, memory};
        if (!awaited) return verdict;
    }
    return verdict;
}

void BbmChecker::Impl::hazard(HazardKind kind, PeId pe, u64 va, u64 pc, u64 now_ps, const Verdict& why,
                              std::string behaviour, u64 matches) {
    const auto [at, fresh] = hazard_at.try_emplace({static_cast<u8>(kind), pe, pc}, hazards.size());
    if (!fresh) {
        Hazard& h = hazards[at->second];
        ++h.count;
        h.va_lo = std::min(h.va_lo, va);
        h.va_hi = std::max(h.va_hi, va + 1);
        if (h.violation < 0) h.violation = why.violation;
        return;
    }
    Hazard h;
    h.kind = kind;
    h.pe = pe;
    h.pc = pc;
    h.first_ps = now_ps;
    h.va_lo = va;
    h.va_hi = va + 1;
    h.desc_pa = why.desc_pa;
    h.entry_value = why.value;
    h.memory_value = why.memory;
    h.violation = why.violation;
    h.behaviour = std::move(behaviour);
    const std::string cause =
        why.cause == Cause::kViolation
            ? fmt::format("a change of the descriptor at {:#x} that broke {} let it in", why.desc_pa,
                          rule_info(violations[static_cast<std::size_t>(why.violation)].rule).id)
            : fmt::format("a completed TLBI should have removed the entry made from the descriptor at {:#x}",
                          why.desc_pa);
    if (kind == HazardKind::kConflict)
        h.text = fmt::format(
            "Core {} looked up {:#x} and {} TLB entries matched; outcome: {} (R_FVQCK). Memory holds "
            "{:#x} where one was made from {:#x}: {}.",
            pe, va, matches, h.behaviour, why.memory, why.value, cause);
    else if (kind == HazardKind::kStale)
        h.text = fmt::format(
            "Core {} translated {:#x} with a stale TLB entry made from {:#x}, though memory holds {:#x}: "
            "{} (R_LXHLD).",
            pe, va, why.value, why.memory, cause);
    else
        h.text = fmt::format(
            "{} wrote {:#x} where hardware had left {:#x} in the descriptor at {:#x}, which nobody had read since: it "
            "{} "
            "(I_BMRWH).",
            pe < pes.size() ? fmt::format("Core {}", pe) : "A write from outside the cores", why.memory, why.value,
            why.desc_pa, h.behaviour);
    hazards.push_back(std::move(h));
    if (domain.bus.wants(EventKind::kHazard))
        domain.bus.emit({.kind = EventKind::kHazard,
                         .pe = pe,
                         .sub = static_cast<u8>(kind),
                         .time_ps = now_ps,
                         .pc = pc,
                         .va = va,
                         .pa = why.desc_pa,
                         .a = at->second});
}

void BbmChecker::Impl::conflict(PeId pe, u64 va, u64 pc, u64 now_ps, std::span<const TlbEntry* const> matches,
                                ConflictBehaviour taken) {
    Verdict worst;
    for (const TlbEntry* e : matches) {
        if (!e) continue;
        const Verdict v = judge_entry(pe, *e, va);
        if (v.cause == Cause::kViolation || (v.cause == Cause::kShouldBeGone && worst.cause != Cause::kViolation))
            worst = v;
    }
    if (worst.cause == Cause::kNone) return;
    hazard(HazardKind::kConflict, pe, va, pc, now_ps, worst, behaviour_text(taken), matches.size());
}

void BbmChecker::Impl::stale_use(PeId pe, u64 va, u64 pc, u64 now_ps, const TlbEntry& entry) {
    const Verdict v = judge_entry(pe, entry, va);
    if (v.cause == Cause::kPending) {
        if (candidates.size() < kMaxCandidates) candidates.push_back({pe, va, pc, now_ps, v});
        return;
    }
    if (v.cause != Cause::kNone) hazard(HazardKind::kStale, pe, va, pc, now_ps, v, "used stale entry", 1);
}

void BbmChecker::Impl::late_hazards(u64 desc_pa, PeMask mask, int violation) {
    for (Candidate& c : candidates) {
        if (c.verdict.desc_pa != desc_pa || !(mask & pe_bit(c.pe))) continue;
        c.verdict.cause = Cause::kViolation;
        c.verdict.violation = violation;
        hazard(HazardKind::kStale, c.pe, c.va, c.pc, c.now_ps, c.verdict, "used stale entry", 1);
    }
}

}  // namespace bbmsim::mmu
