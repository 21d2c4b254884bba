// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/conflict.hpp"

namespace bbmsim::mmu {
namespace {

bool aborts_on(ConflictOn on, Access access) {
    if (on == ConflictOn::kBoth) return true;
    return (on == ConflictOn::kFetch) == (access == Access::kFetch);
}

// Each field from any match. The permissions come from one match as a whole, so no right arises that no entry gives;
// the span is a single page, since nothing is known of its neighbours.
void amalgamate(const MatchSet& m, u64 va, SplitMix64& rng, TlbEntry& mixed) {
    mixed = *m.entry[rng.below(m.count)];
    const TlbEntry& address = *m.entry[rng.below(m.count)];
    const u64 pa = address.translate(va);
    mixed.va_base = va & ~kPageMask;
    mixed.va_mask = kPageMask;
    mixed.pa_base = pa & ~kPageMask;
    mixed.attr = m.entry[rng.below(m.count)]->attr;
    mixed.perms = m.entry[rng.below(m.count)]->perms;
    mixed.perms.guarded = m.entry[rng.below(m.count)]->perms.guarded;
}

}  // namespace

bool differ_in_size_only(const MatchSet& m, u64 va) {
    const TlbEntry& first = *m.entry[0];
    for (unsigned i = 1; i < m.count; ++i) {
        const TlbEntry& e = *m.entry[i];
        if (e.translate(va) != first.translate(va) || e.attr != first.attr || e.global != first.global ||
            e.table != first.table)
            return false;
    }
    return true;
}

ConflictChoice resolve_conflict(const MatchSet& m, const Request& request, u64 va, const MmuConfig& config,
                                SplitMix64& rng, TlbEntry& mixed) {
    ConflictBehaviour taken = config.conflict;
    if (config.nasty.conflicts) {
        static constexpr ConflictBehaviour kAnyOf[] = {ConflictBehaviour::kAbort, ConflictBehaviour::kRandom,
                                                       ConflictBehaviour::kAmalgamate};
        taken = kAnyOf[rng.below(3)];
        if (conflict_free(config) && differ_in_size_only(m, va)) taken = ConflictBehaviour::kRandom;  // old or new
    }
    if (taken == ConflictBehaviour::kAbort &&
        (!aborts_on(config.conflict_on, request.access) || (conflict_free(config) && differ_in_size_only(m, va))))
        taken = ConflictBehaviour::kFirst;
    switch (taken) {
        case ConflictBehaviour::kAbort: return {taken, nullptr};
        case ConflictBehaviour::kFirst: return {taken, m.entry[0]};
        case ConflictBehaviour::kLast: return {taken, m.entry[m.count - 1]};
        case ConflictBehaviour::kRandom: return {taken, m.entry[rng.below(m.count)]};
        case ConflictBehaviour::kAmalgamate:
            // A conflict-free core uses one entry for what level 2 permits.
            if (conflict_free(config) && differ_in_size_only(m, va)) return {ConflictBehaviour::kFirst, m.entry[0]};
            amalgamate(m, va, rng, mixed);
            return {taken, &mixed};
    }
    return {ConflictBehaviour::kFirst, m.entry[0]};
}

}  // namespace bbmsim::mmu
