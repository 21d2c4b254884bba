// SPDX-License-Identifier: Apache-2.0
// Thirty-two interrupts as bit masks: what one word of GICD_/GICR_ registers speaks of. The distributor has one for
// each 32 SPIs, a redistributor one for its SGIs (bits 0-15) and PPIs (16-31).
#pragma once

#include "models/mmu/types.hpp"

#include <array>

namespace bbmsim::board {

inline constexpr u32 kSpurious = 1023;  // INTID: none
inline constexpr u8 kIdlePriority = 0xff;
inline constexpr unsigned kPriorityBits = 5;  // as QEMU's default; the low bits of a priority are RAZ/WI
inline constexpr u8 kPriorityMask = static_cast<u8>(0xff << (8 - kPriorityBits));

inline constexpr u32 kGroup0 = 1, kGroup1 = 2;  // masks of groups; GICD_CTLR's enable bits have the same places

// The highest priority pending interrupt of some set. Lower value is higher priority; among equals, lower INTID.
struct GicCandidate {
    u32 intid = kSpurious;
    u8 priority = kIdlePriority;
    u8 group = 1;
    [[nodiscard]] bool beats(const GicCandidate& o) const {
        return priority != o.priority ? priority < o.priority : intid < o.intid;
    }
};

struct GicBank {
    u32 group1 = 0;   // IGROUPR
    u32 enabled = 0;  // ISENABLER
    u32 latched = 0;  // pending by an edge or by ISPENDR
    u32 line = 0;     // level of the input
    u32 active = 0;   // ISACTIVER
    u32 edge = 0;     // ICFGR: 1 edge-triggered, 0 level-sensitive
    std::array<u8, 32> priority{};

    // A level-sensitive interrupt is pending while its line is high, even after it was acknowledged.
    [[nodiscard]] u32 pending() const { return latched | (line & ~edge); }
    // Could be signalled: enabled, pending, not active, of one of the groups.
    [[nodiscard]] u32 ready(u32 groups) const {
        const u32 of_groups = ((groups & kGroup1) != 0 ? group1 : 0) | ((groups & kGroup0) != 0 ? ~group1 : 0);
        return enabled & pending() & ~active & of_groups;
    }
    void set_line(unsigned bit, bool level) {
        const u32 m = u32{1} << bit;
        if (level && (line & m) == 0 && (edge & m) != 0) latched |= m;
        line = level ? line | m : line & ~m;
    }
    void acknowledge(unsigned bit) {
        active |= u32{1} << bit;
        latched &= ~(u32{1} << bit);
    }
    [[nodiscard]] u32 config(unsigned half) const {  // ICFGR: two bits for each of 16 interrupts, the upper says edge
        u32 v = 0;
        for (unsigned i = 0; i < 16; ++i) v |= ((edge >> (16 * half + i)) & 1) << (2 * i + 1);
        return v;
    }
    void set_config(unsigned half, u32 value, u32 lanes) {
        for (unsigned i = 0; i < 16; ++i) {
            if ((lanes >> (2 * i + 1) & 1) == 0) continue;
            const u32 m = u32{1} << (16 * half + i);
            edge = (value >> (2 * i + 1) & 1) != 0 ? edge | m : edge & ~m;
        }
    }
    [[nodiscard]] GicCandidate candidate(unsigned bit, u32 first_intid) const {
        return {first_intid + bit, priority[bit], static_cast<u8>(group1 >> bit & 1)};
    }
};

}  // namespace bbmsim::board
