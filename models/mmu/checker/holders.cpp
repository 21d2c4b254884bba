// SPDX-License-Identifier: Apache-2.0
// Which PEs may hold the value that a descriptor has: those that walk to it, and those that left and were not flushed.
#include "models/mmu/checker/impl.hpp"

#include <algorithm>

namespace bbmsim::mmu {

// Reaching, or left with it: it was there when the PE was, and no TLBI has covered it since.
PeMask BbmChecker::Impl::holders(const Occurrence& place, u64 value, DescKind kind, unsigned level) {
    if (kind == DescKind::kInvalid) return 0;
    const Root& r = roots[place.root];
    PeMask held = r.reach;
    const PeMask left = (r.residue | (kind == DescKind::kLeaf && desc_global(value) ? r.global : 0)) & ~r.reach;
    for_each_pe(left, [&](PeId pe) {
        if (tables.read_by(roots, place.root, pe, place.va, level, place.made) &&
            !tables.flushed(roots, place.root, pe, value, kind, place.va, level, place.made))
            held |= pe_bit(pe);
    });
    return held | lingering(place, level);
}

// A value comes back that PEs which left may hold as an old one: since when, if that says right who of them does.
std::optional<u64> BbmChecker::Impl::held_since(const Occurrence& place, const Site& s, PeMask left) const {
    std::optional<u64> since;
    PeMask holding = 0;
    for (PendingId id = pending.first_of(s.desc_pa); id != kNone; id = pending[id].next_same_desc) {
        const Pending& p = pending[id];
        const PeMask open = left & pending.unclean_walk(p);
        if (!open || p.root != place.root || p.va != place.va || p.level != s.level ||
            !desc_same_entry(p.before, s.after, s.level, p.granule))
            continue;
        if (open & pending.under_way(p)) return {};
        holding |= open;
        since = std::min(since.value_or(p.made), p.made);
    }
    if (!since) return {};
    const DescKind kind = desc_kind(s.after, s.level, s.granule);
    bool right = true;
    for_each_pe(left & ~holding, [&](PeId pe) {
        right &= !tables.read_by(roots, place.root, pe, place.va, s.level, *since) ||
                 tables.flushed(roots, place.root, pe, s.after, kind, place.va, s.level, *since);
    });
    return right ? since : std::nullopt;
}

PeMask BbmChecker::Impl::lingering(const Occurrence& place, unsigned level) const {
    PeMask pes_there = 0;
    for_each_pe(roots[place.root].residue & ~roots[place.root].reach, [&](PeId pe) {
        if (roots.lingers(place.root, pe) && tables.still_leads(roots, place.root, pe, place.va, level, nullptr))
            pes_there |= pe_bit(pe);
    });
    return pes_there;
}

}  // namespace bbmsim::mmu
