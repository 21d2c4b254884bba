// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/config.hpp"

#include <fmt/format.h>
#include <bit>

namespace bbmsim::mmu {
namespace {

constexpr u32 kMaxEntries = 65536;
constexpr u32 kMaxWays = 4096;
constexpr u32 kMaxCycles = 1'000'000;

void check_cycles(std::vector<std::string>& problems, const char* name, u32 value) {
    if (value > kMaxCycles) problems.push_back(fmt::format("{}={} is more than {}", name, value, kMaxCycles));
}

void check(std::vector<std::string>& problems, const char* name, const TlbConfig& c) {
    check_cycles(problems, fmt::format("{}.hit_cycles", name).c_str(), c.hit_cycles);
    if (c.max_block_shift < 12 || c.max_block_shift > 48)
        problems.push_back(fmt::format("{}.max_block_shift={} is not within 12 to 48", name, c.max_block_shift));
    if (c.entries == 0) return;
    if (c.entries > kMaxEntries)
        problems.push_back(fmt::format("{}.entries={} is more than {}", name, c.entries, kMaxEntries));
    if (c.ways == 0) {
        problems.push_back(fmt::format("{}.ways=0: at least one way is needed", name));
    } else if (c.ways > c.entries) {
        problems.push_back(fmt::format("{}.ways={} is more than entries={}", name, c.ways, c.entries));
    } else if (c.entries % c.ways != 0) {
        problems.push_back(fmt::format("{}.ways={} does not divide entries={}", name, c.ways, c.entries));
    } else if (!std::has_single_bit(c.entries / c.ways)) {
        problems.push_back(fmt::format("{}: entries/ways={} sets is not a power of two", name, c.entries / c.ways));
    }
    if (c.ways > kMaxWays) problems.push_back(fmt::format("{}.ways={} is more than {}", name, c.ways, kMaxWays));
}

}  // namespace

std::vector<std::string> validate(const MmuConfig& c) {
    std::vector<std::string> problems;
    check(problems, "l1i_tlb", c.l1i_tlb);
    check(problems, "l1d_tlb", c.l1d_tlb);
    check(problems, "l2_tlb", c.l2_tlb);
    check(problems, "walk_cache", c.walk_cache);
    check_cycles(problems, "walk_read_cycles", c.walk_read_cycles);
    check_cycles(problems, "walk_start_cycles", c.walk_start_cycles);
    if (c.bbml > 3) problems.push_back(fmt::format("bbml={} is not 0, 1, 2 or 3", c.bbml));
    switch (c.pa_bits) {
        case 32:
        case 36:
        case 40:
        case 42:
        case 44:
        case 48: break;
        default: problems.push_back(fmt::format("pa_bits={} is not one of 32, 36, 40, 42, 44, 48", c.pa_bits));
    }
    if (c.asid_bits != 8 && c.asid_bits != 16)
        problems.push_back(fmt::format("asid_bits={} is not 8 or 16", c.asid_bits));
    if (!c.granule_4k && !c.granule_16k && !c.granule_64k)
        problems.emplace_back("granule_4k, granule_16k and granule_64k are all false: one granule is needed");
    if (c.nasty.interval_ns == 0 || c.nasty.interval_ns > kMaxCycles)
        problems.push_back(fmt::format("nasty.interval_ns={} is not within 1 to {}", c.nasty.interval_ns, kMaxCycles));
    if (c.nasty.window_ns == 0 || c.nasty.window_ns > kMaxCycles)
        problems.push_back(fmt::format("nasty.window_ns={} is not within 1 to {}", c.nasty.window_ns, kMaxCycles));
    if (c.hafdbs_dirty && !c.hafdbs_af) problems.emplace_back("hafdbs_dirty=true needs hafdbs_af=true");
    return problems;
}

}  // namespace bbmsim::mmu
