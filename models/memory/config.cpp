// SPDX-License-Identifier: Apache-2.0
#include "models/memory/config.hpp"

#include "models/memory/tags.hpp"

#include <fmt/format.h>
#include <bit>

namespace bbmsim::memory {

namespace {

constexpr u32 kMostCycles = 100'000, kMostNs = 100'000, kMostBuffered = 1024;
constexpr u32 kLeastBandwidth = 100, kMostBandwidth = 10'000'000, kMostWays = 32, kMostBanks = 4096;
constexpr u32 kLineBytes = 1u << kLineShift;
constexpr u64 kRamBase = u64{1} << 30;

// Bytes and ways of a level, which may be absent.
void check_shape(std::vector<std::string>& problems, const char* name, u32 bytes, u32 ways) {
    if (!bytes) return;
    if (!ways || bytes % (u64{ways} * kLineBytes)) {
        problems.push_back(
            fmt::format("{0}_ways={1} does not divide {0}_bytes={2} into sets of 64-byte lines", name, ways, bytes));
        return;
    }
    const u32 sets = bytes / (ways * kLineBytes);
    if (!std::has_single_bit(sets))
        problems.push_back(
            fmt::format("{0}_bytes={1} with {0}_ways={2} makes {3} sets, not a power of two", name, bytes, ways, sets));
}

void check_most(std::vector<std::string>& problems, const char* name, u32 value, u32 most) {
    if (value > most) problems.push_back(fmt::format("{}={} exceeds {}", name, value, most));
}

}  // namespace

std::vector<std::string> validate(const CacheConfig& c) {
    std::vector<std::string> problems;
    check_shape(problems, "l1d", c.l1d_bytes, c.l1d_ways);
    check_shape(problems, "l2", c.l2_bytes, c.l2_ways);
    check_most(problems, "l2_cycles", c.l2_cycles, kMostCycles);
    check_most(problems, "l3_cycles", c.l3_cycles, kMostCycles);
    check_most(problems, "memory_cycles", c.memory_cycles, kMostCycles);
    check_most(problems, "store_line_cycles", c.store_line_cycles, kMostCycles);
    check_most(problems, "store_buffer_lines", c.store_buffer_lines, kMostBuffered);
    return problems;
}

std::vector<std::string> validate(const SharedConfig& c, u64 memory_bytes) {
    std::vector<std::string> problems;
    check_shape(problems, "l3", c.l3_bytes, c.l3_ways);
    if (c.l3_bytes) check_most(problems, "l3_ways", c.l3_ways, kMostWays);
    if (problems.empty() && c.l3_bytes) {
        const u64 sets = c.l3_bytes / (c.l3_ways * kLineBytes);
        if ((kRamBase + memory_bytes) / kLineBytes / sets >= u64{1} << 31)
            problems.push_back(fmt::format("l3_bytes={} is too small for tags of so much memory", c.l3_bytes));
    }
    check_most(problems, "transfer_ns", c.transfer_ns, kMostNs);
    check_most(problems, "dram_row_ns", c.dram_row_ns, kMostNs);
    if (c.bandwidth_mb_s < kLeastBandwidth || c.bandwidth_mb_s > kMostBandwidth)
        problems.push_back(fmt::format("bandwidth_mb_s={} is not between {} and {}", c.bandwidth_mb_s, kLeastBandwidth,
                                       kMostBandwidth));
    if (c.dram_row_bytes < kLineBytes || !std::has_single_bit(c.dram_row_bytes))
        problems.push_back(fmt::format("dram_row_bytes={} is not a power of two from 64 up", c.dram_row_bytes));
    if (c.dram_banks == 0 || c.dram_banks > kMostBanks || !std::has_single_bit(c.dram_banks))
        problems.push_back(fmt::format("dram_banks={} is not a power of two up to {}", c.dram_banks, kMostBanks));
    return problems;
}

}  // namespace bbmsim::memory
