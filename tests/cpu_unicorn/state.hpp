// SPDX-License-Identifier: Apache-2.0
// What both sides of the differential test start from and are compared by, and the memory map that they share.
#pragma once

#include "models/cpu/vector.hpp"
#include "models/mmu/types.hpp"

#include <array>
#include <vector>

namespace bbmsim::difftest {

// 2 MiB block of code (EL1 only), then one of data (EL0 may access it too, for LDTR and STTR), then the tables.
inline constexpr u64 kRamBase = 0x40000000, kRamBytes = 0x600000;
inline constexpr u64 kCodeBase = 0x40180000, kCodeBytes = 0x40000;
inline constexpr u64 kData = 0x40200000, kDataBytes = 0x10000;
inline constexpr u64 kTables = 0x40400000;

struct State {
    std::array<u64, 31> x{};
    u64 sp = 0, pc = 0;
    u32 nzcv = 0;
    std::array<cpu::VReg, 32> v{};
    u32 fpcr = 0, fpsr = 0;
    bool operator==(const State&) const = default;
};

struct Sequence {
    std::vector<u32> words;  // the last one ends it
    State start;
    bool pauth = false;  // run in a child: some Unicorn builds abort on it
};

}  // namespace bbmsim::difftest
