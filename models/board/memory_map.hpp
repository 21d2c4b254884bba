// SPDX-License-Identifier: Apache-2.0
// Physical memory map: QEMU's `virt` machine (hw/arm/virt.c, base_memmap), so that what runs there runs here
// unmodified. Only regions that this board has are listed; everything else is an external abort. The virtio-mmio
// slots are there only if the board has a disk, hence not in the table.
#pragma once

#include "models/mmu/types.hpp"

#include <array>
#include <string_view>

namespace bbmsim::board {

inline constexpr u64 kGicDistributorBase = 0x0800'0000;
inline constexpr u64 kGicDistributorBytes = 0x1'0000;
inline constexpr u64 kGicRedistributorBase = 0x080A'0000;
inline constexpr u64 kGicRedistributorStride = 0x2'0000;  // RD and SGI frame of one PE
inline constexpr u64 kUartBase = 0x0900'0000;
inline constexpr u64 kUartBytes = 0x1000;
inline constexpr u64 kRtcBase = 0x0901'0000;
inline constexpr u64 kRtcBytes = 0x1000;
inline constexpr u64 kVirtioBase = 0x0A00'0000;  // slot n is at kVirtioBase + n * kVirtioBytes
inline constexpr u64 kVirtioBytes = 0x200;
inline constexpr u64 kRamBase = 0x4000'0000;

inline constexpr unsigned kPmuPpi = 23;  // INTID; the timers' are in generic_timer.hpp

// SPIs: INTID 32 + n.
inline constexpr unsigned kUartSpi = 1;
inline constexpr unsigned kRtcSpi = 2;
inline constexpr unsigned kVirtioSpi = 16;  // slot n: kVirtioSpi + n

// The virtio-mmio slots that are occupied if the board has a disk.
inline constexpr unsigned kDiskSlot = 0, kConsoleSlot = 1, kVirtioSlots = 2;

enum class Region : u8 { kGicDistributor, kGicRedistributors, kUart, kRtc };

struct MappedRegion {
    Region region;
    std::string_view name;
    u64 base;
    u64 bytes;
    [[nodiscard]] constexpr bool contains(u64 pa, u64 size) const {
        return pa >= base && size <= bytes && pa - base <= bytes - size;
    }
};

// Redistributors take one stride per PE: the region is sized for the board's PEs.
constexpr std::array<MappedRegion, 4> memory_map(unsigned pes) {
    return {{{Region::kGicDistributor, "gicd", kGicDistributorBase, kGicDistributorBytes},
             {Region::kGicRedistributors, "gicr", kGicRedistributorBase, kGicRedistributorStride * pes},
             {Region::kUart, "uart", kUartBase, kUartBytes},
             {Region::kRtc, "rtc", kRtcBase, kRtcBytes}}};
}
static_assert(memory_map(kMaxPes)[1].base + memory_map(kMaxPes)[1].bytes <= kUartBase);

}  // namespace bbmsim::board
