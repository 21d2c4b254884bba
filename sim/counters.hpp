// SPDX-License-Identifier: Apache-2.0
// What one PE has done since power-on of the board, gathered from wherever it is counted. Results and phases read the
// same gathering, so that they can't disagree.
#pragma once

#include "models/cpu/pe.hpp"
#include "models/memory/private_caches.hpp"
#include "models/mmu/mmu.hpp"
#include "sim/phases.hpp"

#include <array>

namespace bbmsim::sim {

inline constexpr unsigned kCosts = static_cast<unsigned>(cpu::Cost::kCount);

struct Counters {
    std::array<u64, kCosts> cost{};
    u64 cycles = 0, instructions = 0, loads = 0, stores = 0, exceptions = 0, interrupts = 0, conflict_aborts = 0;
    u64 dsb = 0, dvm_sent = 0, dvm_received = 0;
    u64 l1d_cache_misses = 0, l2_cache_misses = 0, l3_cache_misses = 0, line_transfers = 0;
    memory::PlaceCycles cache_cycles{}, walk_cycles{};  // parts of two causes
    mmu::MmuStats tlb;                                  // L1 accesses include those that the filter answered
    std::array<u64, 4> descriptor_writes{};
    decltype(cpu::Pe::tlbi_count) tlbi{};
};

// Counts by mnemonic, those that occurred, sorted by name.
std::vector<std::pair<std::string, u64>> tlbi_by_mnemonic(const decltype(cpu::Pe::tlbi_count)& counts);
// What happened between two gatherings of one PE.
PhaseCore difference(const Counters& begin, const Counters& end);
void add_to(PhaseCore& sum, const PhaseCore& more);

}  // namespace bbmsim::sim
