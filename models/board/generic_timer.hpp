// SPDX-License-Identifier: Apache-2.0
// The generic timer as functions of board time: the system counter, and a timer's condition, line and deadline.
//
// Models: CNTPCT/CNTVCT (CNTVOFF is 0: no EL2), CTL with ENABLE, IMASK, ISTATUS, the CVAL and TVAL views (D12.2).
// All arithmetic is exact: counts and picoseconds are converted through 128 bits, rounding so that a deadline is the
// first picosecond at which the condition holds.
#pragma once

#include "models/mmu/types.hpp"

#include <optional>

namespace bbmsim::board {

inline constexpr unsigned kVirtualTimerPpi = 27;   // INTIDs
inline constexpr unsigned kPhysicalTimerPpi = 30;  // EL1 physical, non-secure

inline constexpr u64 kTimerEnable = 1, kTimerImask = 2, kTimerIstatus = 4;

// The counter that every PE sees: `start` counts at time 0, then hz per second.
struct SystemCounter {
    u64 hz = 62'500'000;
    u64 start = 0;
    [[nodiscard]] u64 at_ps(u64 ps) const;
    // First picosecond at which the counter is >= count; none if picoseconds can't express it.
    [[nodiscard]] std::optional<u64> when_ps(u64 count) const;
};

// One timer's registers, as the PE holds them (CNTV_* or CNTP_*).
struct Timer {
    u64 ctl = 0;  // ENABLE and IMASK as written
    u64 cval = 0;

    [[nodiscard]] bool condition(u64 count) const { return (ctl & kTimerEnable) != 0 && count >= cval; }
    [[nodiscard]] bool line(u64 count) const { return condition(count) && (ctl & kTimerImask) == 0; }
    // What reads of CTL and TVAL give, and what a write of TVAL makes of CVAL.
    [[nodiscard]] u64 read_ctl(u64 count) const {
        return (ctl & (kTimerEnable | kTimerImask)) | (condition(count) ? kTimerIstatus : 0);
    }
    [[nodiscard]] u64 read_tval(u64 count) const { return static_cast<u32>(cval - count); }
    void write_tval(u64 value, u64 count) {
        cval = count + static_cast<u64>(i64{static_cast<i32>(static_cast<u32>(value))});
    }
    // When the line will rise without anything being written: none if it is high, masked, disabled or out of reach.
    [[nodiscard]] std::optional<u64> next_deadline_ps(const SystemCounter& counter, u64 now_ps) const;
};

}  // namespace bbmsim::board
