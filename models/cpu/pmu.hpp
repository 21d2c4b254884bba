// SPDX-License-Identifier: Apache-2.0
// Performance monitors, PMUv3 (DDI 0487 D11): a cycle counter and six event counters.
//
// Counters are derived: each remembers the model's own count of its event when it was last brought up to date, so
// counting costs nothing where the events happen. All are brought up to date whenever a PMU register is accessed, when
// the EL changes while some counter counts at one EL only, and, while an overflow interrupt is wanted, when the engine
// has run as far as pmu_distance() allows: no counter can overflow before that. Engine::run comes back with kPmu when
// the interrupt line changes: behind the instruction that overflowed for INST_RETIRED, CPU_CYCLES and the cycle
// counter (which advance by whole instructions), at the end of its block for other events.
//
// Models: the events of pmu_events() (PMCEID says the same), filtering by EL (P, U), 32-bit event counters with CHAIN,
// the 64-bit cycle counter with PMCR_EL0.LC, D, overflow flags and interrupt, EL0 access by PMUSERENR_EL0. Cycles spent
// in WFI and WFE, as if the clock were gated, are no CPU_CYCLES. Leaves out: 64-bit event counters, sampling of events
// in a debugger, export (PMCR_EL0.X has no effect).
#pragma once

#include "models/mmu/types.hpp"

#include <array>

namespace bbmsim::cpu {

struct Pe;

struct Pmu {
    static constexpr unsigned kEventCounters = 6, kCycleCounter = kEventCounters;  // index of the latter below
    static constexpr unsigned kCycleBit = 31;
    u64 control = 0, enabled = 0, interrupts = 0, overflows = 0, selected = 0, user = 0;  // PMCR and so on
    std::array<u64, kEventCounters + 1> type{}, value{}, seen{};
    bool by_el = false;  // an enabled counter counts at one EL only
    bool armed = false;  // an enabled counter may interrupt
    bool line = false;   // the interrupt, level
};

void pmu_update(Pe& pe);  // brings every counter up to date, and the interrupt line

// How far the PE may run before a counter that may interrupt overflows, with every counter up to date.
struct PmuDistance {
    u64 instructions = ~u64{0}, cycles = ~u64{0};  // to the overflow, exactly
    u64 others = ~u64{0};                          // instructions that can't bring any other event to its overflow
};
PmuDistance pmu_distance(const Pe& pe);
u64 pmu_events(unsigned half);  // PMCEID<half>_EL0

// The registers. `counter`: index into Pmu's arrays.
u64 pmu_control(Pe& pe);
void pmu_set_control(Pe& pe, u64 v);
void pmu_enable(Pe& pe, u64 mask, bool on);
void pmu_enable_interrupts(Pe& pe, u64 mask, bool on);
void pmu_overflow(Pe& pe, u64 mask, bool set);
void pmu_software_increment(Pe& pe, u64 mask);
u64 pmu_value(Pe& pe, unsigned counter);
void pmu_set_value(Pe& pe, unsigned counter, u64 v);
u64 pmu_type(Pe& pe, unsigned counter);
void pmu_set_type(Pe& pe, unsigned counter, u64 v);
unsigned pmu_selected(const Pe& pe);  // by PMSELR_EL0; kEventCounters + 1: none

}  // namespace bbmsim::cpu
