// SPDX-License-Identifier: Apache-2.0
// How a device that is a bus master reaches memory. The machine provides it: writes are seen by the checker, the TLBs,
// the monitors and decoded code, as those of any other writer.
#pragma once

#include "models/mmu/types.hpp"

#include <functional>
#include <span>

namespace bbmsim::board {

// Both are false, and do nothing, unless the whole range lies in RAM.
struct Dma {
    std::function<bool(u64 pa, std::span<u8> bytes)> read;
    std::function<bool(u64 pa, std::span<const u8> bytes)> write;
};

}  // namespace bbmsim::board
