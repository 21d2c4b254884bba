// SPDX-License-Identifier: Apache-2.0
#include "sim/config.hpp"

#include "models/board/memory_map.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <iterator>

namespace bbmsim::sim {

namespace {

constexpr u64 kLeastMemory = u64{16} << 20;
constexpr u32 kMostChanges = 10'000, kLongestHoldNs = 1'000'000'000;

std::string size_text(u64 bytes) {
    constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    unsigned unit = 0;
    while (unit < 6 && bytes && bytes % 1024 == 0) {
        bytes /= 1024;
        ++unit;
    }
    return fmt::format("{}{}", bytes, kUnits[unit]);
}

void check_memory(const BoardConfig& board, std::vector<std::string>& problems) {
    const u64 bytes = board.memory_bytes;
    if (bytes < kLeastMemory) {
        problems.push_back(fmt::format("memory={} is less than the 16MiB that a board needs", size_text(bytes)));
        return;
    }
    if (bytes % kPageBytes) problems.push_back(fmt::format("memory={} is not a multiple of 4KiB", size_text(bytes)));
    std::size_t first = 0, many = 0;  // cores that can't address all of it: one line for all
    for (std::size_t i = 0; i < board.cores.size(); ++i) {
        const u32 bits = board.cores[i].mmu.pa_bits;
        if (bits >= 64 || (bytes <= (u64{1} << bits) && board::kRamBase <= (u64{1} << bits) - bytes)) continue;
        if (many++ == 0) first = i;
    }
    if (!many) return;
    problems.push_back(fmt::format("memory={} exceeds cores[{}]'s {}-bit physical address range (RAM begins at 1GiB){}",
                                   size_text(bytes), first, board.cores[first].mmu.pa_bits,
                                   many > 1 ? fmt::format(", and that of {} more cores", many - 1) : ""));
}

void check_schedule(const ScheduleConfig& schedule, std::vector<std::string>& problems) {
    constexpr const char* kNames[] = {"default", "random", "pct", "targeted"};
    if (std::ranges::find(kNames, schedule.name) == std::end(kNames))
        problems.push_back(fmt::format("schedule.name={}: one of default, random, pct, targeted", schedule.name));
    if (schedule.depth > kMostChanges)
        problems.push_back(fmt::format("schedule.depth={} exceeds {}", schedule.depth, kMostChanges));
    if (schedule.hold_ns == 0 || schedule.hold_ns > kLongestHoldNs)
        problems.push_back(fmt::format("schedule.hold_ns={}: 1 to {}", schedule.hold_ns, kLongestHoldNs));
}

}  // namespace

std::vector<std::string> validate(const BoardConfig& board) {
    std::vector<std::string> problems;
    if (board.cores.empty()) problems.push_back("cores is empty: a board needs at least one core");
    if (board.cores.size() > kMaxPes)
        problems.push_back(fmt::format("cores has {} entries, at most {} are possible", board.cores.size(), kMaxPes));
    for (std::size_t i = 0; i < board.cores.size(); ++i) {
        for (const std::string& line : cpu::validate(board.cores[i]))
            problems.push_back(fmt::format("cores[{}].{}", i, line));
    }
    check_memory(board, problems);
    if (board.quantum_ns == 0) problems.push_back("quantum_ns=0 must be at least 1");
    if (board.counter_hz == 0) problems.push_back("counter_hz=0 must be positive");
    if (board.interconnect.dvm_outstanding == 0)
        problems.push_back("interconnect.dvm_outstanding=0 must be at least 1");
    for (const std::string& line : memory::validate(board.shared, board.memory_bytes))
        problems.push_back("shared." + line);
    check_schedule(board.schedule, problems);
    return problems;
}

}  // namespace bbmsim::sim
