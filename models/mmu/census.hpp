// SPDX-License-Identifier: Apache-2.0
// What a range of virtual addresses is mapped with: descriptors counted by level, Contiguous bit, memory type and
// permissions, and where the blocks are. Reads the tables as memory holds them; no TLB, no cost, no side effect.
#pragma once

#include "models/mmu/mmu.hpp"

#include <array>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::mmu {

struct CensusRow {
    u8 level = 0;
    bool contiguous = false;  // the Contiguous bit, whether or not the group is whole
    MemAttr attr;
    Permissions perms;
    u64 descriptors = 0;  // blocks or pages
};

struct BlockRun {                   // adjacent blocks of one level and Contiguous bit
    u64 va_first = 0, va_last = 0;  // inclusive
    u8 level = 0;
    bool contiguous = false;
};

struct Census {
    static constexpr std::size_t kMostRuns = 4096;  // of block_runs; a guest can make as many as it likes
    static constexpr u64 kMostReads = u64{1} << 31;
    static constexpr std::size_t kMostRows = 1024;

    Granule granule = Granule::k4K;
    u64 va_first = 0, va_last = 0;          // the range that was asked for, clamped to its half; inclusive
    u64 mapped_first = 0, mapped_last = 0;  // inclusive; meaningless without rows
    u64 table_pages = 0;                    // tables visited, each as often as it is reached
    std::array<u64, 4> groups{};            // by level: aligned groups with a contiguous member
    std::vector<CensusRow> rows;            // by level, then the contiguous first; none: nothing is mapped
    std::vector<BlockRun> block_runs;
    u64 more_block_runs = 0;  // beyond kMostRuns
    bool complete = true;     // false: given up after kMostReads, or more than kMostRows kinds
    void archive(Archive& ar);
};

// va_first to va_last, inclusive, of the half of the address space that va_first is in. With the MMU off, or a half
// without tables, nothing is mapped. Entries that give an address size fault on output are not counted; a clear access
// flag does not matter.
Census census(const RamView& ram, const Context& context, const MmuConfig& config, u64 va_first, u64 va_last);

// The lower half of the upper half: where arm64 Linux has its linear map (from PAGE_OFFSET of the VA size in force to
// PAGE_END), and the guests of workloads/bare theirs. A matter of TCR_EL1 alone.
struct VaRange {
    u64 first = 0, last = 0;  // inclusive
};
VaRange linear_map_range(const Context& context, const MmuConfig& config);

}  // namespace bbmsim::mmu
