// SPDX-License-Identifier: Apache-2.0
// Phases: what happened between two points, per PE and per cause (design: mechanism 10).
#pragma once

#include "models/cpu/pe.hpp"
#include "models/memory/private_caches.hpp"
#include "models/mmu/types.hpp"

#include <array>
#include <string>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

// Begins when a PE executes `enter`, ends when the same PE executes `leave`, or returns from `enter` if `leave` is
// empty; with `leave_anywhere` when any PE executes `leave`. Guest markers make phases of their own, by name, without a
// spec. Several specs of one name are one phase that begins in several ways. Symbols, SYMBOL+0x1c, or addresses written
// 0x..., are resolved when the run starts. One result per name and entering PE: specs first, in the order in which they
// were added, then the others in order of their first entry. The PEs' clocks are read where each stands: they agree
// with the phase's duration to within the board's quantum.
struct PhaseSpec {
    std::string name;
    std::string enter;
    std::string leave;
    bool leave_anywhere = false;
    void archive(Archive& ar);
};

struct PhaseCore {
    std::array<u64, static_cast<unsigned>(cpu::Cost::kCount)> cycles{};  // by cause; the sum is the core's whole time
    u64 total_cycles = 0;
    u64 instructions = 0;
    std::array<u64, 4> descriptor_writes{};         // to live tables, by level
    std::vector<std::pair<std::string, u64>> tlbi;  // by mnemonic
    u64 dvm_sent = 0, dvm_received = 0, dsb = 0;
    u64 l1i_misses = 0, l1d_misses = 0, l2_misses = 0, walks = 0, walk_reads = 0;
    u64 l1d_cache_misses = 0, l2_cache_misses = 0, l3_cache_misses = 0, line_transfers = 0;
    memory::PlaceCycles cache_cycles{}, walk_cycles{};  // where those of `cache` went, and those of `walk` in part
    void archive(Archive& ar);
};

struct PhaseResult {
    std::string name;
    PeId pe = 0;  // whose entry began it
    u64 begin_ps = 0, end_ps = 0;
    u64 duration_ps = 0;           // end - begin, summed over its occurrences
    bool complete = false;         // false: the run ended inside, or it was never entered
    u64 count = 0;                 // occurrences: a phase entered again adds up; 0: never entered
    u64 table_pages = 0;           // tables that became live in it
    u64 total_cycles = 0;          // sum over the cores
    std::vector<PhaseCore> cores;  // every core of the board over the phase's time
    void archive(Archive& ar);
};

}  // namespace bbmsim::sim
