// SPDX-License-Identifier: Apache-2.0
// What an access that hits several entries does (R_FVQCK): one of the core's declared behaviours.
#pragma once

#include "models/mmu/config.hpp"
#include "models/mmu/mmu.hpp"
#include "models/mmu/rng.hpp"
#include "models/mmu/tlb.hpp"

namespace bbmsim::mmu {

struct ConflictChoice {
    ConflictBehaviour taken = ConflictBehaviour::kFirst;
    TlbEntry* use = nullptr;  // null: abort
};

// Never a TLB conflict abort for what level 2 permits: said of the core, or by level 3 (FEAT_BBML3).
constexpr bool conflict_free(const MmuConfig& config) { return config.conflict_free || config.bbml >= 3; }

// True if the matches differ in nothing but size and contiguity for this address (permissions may differ: R_GPPYH
// changes need no break), which a conflict-free core tolerates without an abort.
bool differ_in_size_only(const MatchSet& matches, u64 va);

// `mixed` is where an amalgamation is put together. Order of matches: L1 before L2, by set and way.
ConflictChoice resolve_conflict(const MatchSet& matches, const Request& request, u64 va, const MmuConfig& config,
                                SplitMix64& rng, TlbEntry& mixed);

}  // namespace bbmsim::mmu
