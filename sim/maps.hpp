// SPDX-License-Identifier: Apache-2.0
// Maps to be taken during a run: a census of a range of virtual addresses at a symbol, a time, or the end; and what the
// run changed of the sizes of live mappings.
#pragma once

#include "models/mmu/census.hpp"

#include <optional>
#include <string>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

enum class MapWhen : u8 { kEntry, kReturn, kTime, kEnd, kPhaseBegin, kPhaseEnd };

struct MapSpec {
    MapWhen when = MapWhen::kEnd;
    std::string symbol;        // kEntry, kReturn: as of a phase, also SYMBOL+0x1c. kReturn: of that call on its PE.
                               // kPhaseBegin, kPhaseEnd: the phase's name
    u64 time_ps = 0;           // kTime
    std::optional<PeId> core;  // whose entry counts, and whose tables; none: any PE's entry, PE 0 at a time or the end
    u64 nth = 1;               // of the entries
    u64 va_first = 0, va_last = 0;  // inclusive; last 0: mmu::linear_map_range of that PE at that time
    void archive(Archive& ar);
};

struct MapResult {
    MapSpec spec;
    bool taken = false;  // false: the run ended before
    PeId core = 0;
    u64 time_ps = 0;
    mmu::Census census;
    void archive(Archive& ar);
};

// Changes of the size of what live descriptors map, one line for each writer, instruction and phase.
enum class MapChangeKind : u8 { kSplit, kMerge, kContiguousCleared, kContiguousSet, kCount };

struct MapChange {
    PeId pe = kNoPe;
    u64 pc = 0;
    std::string phase;  // the innermost that the PE was in; empty: none
    MapChangeKind kind{};
    u8 level = 0;
    bool linear_map = false;  // the address is in mmu::linear_map_range
    u64 descriptors = 0;
    u64 occurrences = 0;  // of the phase, in which there was one
    u64 first_ps = 0, last_ps = 0;
};

}  // namespace bbmsim::sim
