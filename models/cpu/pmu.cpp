// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/pmu.hpp"

#include "models/cpu/engine_impl.hpp"

#include <algorithm>

namespace bbmsim::cpu {

namespace {

constexpr u64 kEnable = 1, kResetEvents = 2, kResetCycles = 4, kDivide = 8, kLong = 0x40;  // PMCR_EL0: E, P, C, D, LC
constexpr u64 kNotAtEl1 = u64{1} << 31, kNotAtEl0 = u64{1} << 30;                          // PMEVTYPER: P, U
constexpr u64 kEventMask = 0x3ff;
constexpr u64 kImplemented = u64{1} << Pmu::kCycleBit | ((u64{1} << Pmu::kEventCounters) - 1);

enum Event : u16 {
    kSwIncr = 0x00,
    kL1iTlbRefill = 0x02,
    kL1dCacheRefill = 0x03,
    kL1dCache = 0x04,
    kL1dTlbRefill = 0x05,
    kInstRetired = 0x08,
    kExcTaken = 0x09,
    kCpuCycles = 0x11,
    kMemAccess = 0x13,
    kL2dCache = 0x16,
    kL2dCacheRefill = 0x17,
    kChain = 0x1e,
    kL1dTlb = 0x25,
    kL1iTlb = 0x26,
    kL2dTlbRefill = 0x2d,
    kL2dTlb = 0x2f,
    kDtlbWalk = 0x34,
    kItlbWalk = 0x35,
};
constexpr Event kEvents[] = {kSwIncr,   kL1iTlbRefill, kL1dCacheRefill, kL1dCache, kL1dTlbRefill,   kInstRetired,
                             kExcTaken, kCpuCycles,    kMemAccess,      kL2dCache, kL2dCacheRefill, kChain,
                             kL1dTlb,   kL1iTlb,       kL2dTlbRefill,   kL2dTlb,   kDtlbWalk,       kItlbWalk};

u64 awake_cycles(const Pe& pe) {
    return pe.cycles - pe.cost[static_cast<unsigned>(Cost::kParked)] - pe.cost[static_cast<unsigned>(Cost::kWfe)];
}

// How often the event has happened since the PE exists. SW_INCR, CHAIN and unknown ones: never, by this count.
u64 count_of(Pe& pe, u64 event) {
    const Engine::Impl& impl = impl_of(pe);
    const mmu::MmuStats& tlb = impl.mmu.stats;
    const bool hits = impl.mmu.counts_tlb_accesses();
    switch (event) {
        case kL1iTlbRefill: return tlb.l1i_misses;
        case kL1dCacheRefill:
        case kL2dCache: return impl.cache.l1_misses;
        case kL1dCache:
        case kMemAccess: return pe.loads + pe.stores;
        case kL1dTlbRefill: return tlb.l1d_misses;
        case kInstRetired: return pe.instructions;
        case kExcTaken: return pe.exceptions;
        case kCpuCycles: return awake_cycles(pe);
        case kL2dCacheRefill: return impl.cache.l2_misses;
        case kL1dTlb: return tlb.l1d_accesses + (hits ? pe.filter_data_hits : 0);
        case kL1iTlb: return tlb.l1i_accesses + (hits ? pe.filter_fetch_hits : 0);
        case kL2dTlbRefill: return tlb.l2_misses;
        case kL2dTlb: return tlb.l2_accesses;
        case kDtlbWalk: return tlb.walks - tlb.fetch_walks;
        case kItlbWalk: return tlb.fetch_walks;
        default: return 0;
    }
}

constexpr unsigned bit_of(unsigned counter) { return counter == Pmu::kCycleCounter ? Pmu::kCycleBit : counter; }

bool counts(const Pe& pe, unsigned counter) {
    const Pmu& pmu = pe.sys.pmu;
    return (pmu.control & kEnable) && (pmu.enabled >> bit_of(counter) & 1) &&
           !(pmu.type[counter] & (pe.ps.el == 1 ? kNotAtEl1 : kNotAtEl0));
}

// Event counters have 32 bits; the cycle counter 64, of which the lower half overflows without PMCR_EL0.LC. Returns how
// often it overflowed.
u64 add(Pmu& pmu, unsigned counter, u64 more) {
    u64& value = pmu.value[counter];
    u64 overflows;
    if (counter != Pmu::kCycleCounter) {
        overflows = (value + more) >> 32;
        value = static_cast<u32>(value + more);
    } else {
        overflows = pmu.control & kLong ? value + more < value : (static_cast<u32>(value) + more) >> 32;
        value += more;
    }
    if (overflows) pmu.overflows |= u64{1} << bit_of(counter);
    return overflows;
}

void add_event(Pe& pe, unsigned counter, u64 more) {
    Pmu& pmu = pe.sys.pmu;
    const u64 overflows = add(pmu, counter, more);
    const unsigned next = counter + 1;
    if (overflows && counter % 2 == 0 && next < Pmu::kEventCounters && (pmu.type[next] & kEventMask) == kChain &&
        counts(pe, next))
        add(pmu, next, overflows);
}

u64 seen_now(Pe& pe, unsigned counter) {
    const Pmu& pmu = pe.sys.pmu;
    if (counter != Pmu::kCycleCounter) return count_of(pe, pmu.type[counter] & kEventMask);
    const u64 cycles = awake_cycles(pe);
    return (pmu.control & (kDivide | kLong)) == kDivide ? cycles / 64 : cycles;
}

void set_line(Pe& pe) {
    Pmu& pmu = pe.sys.pmu;
    const bool line = (pmu.control & kEnable) && (pmu.overflows & pmu.interrupts);
    if (line != pmu.line) pe.attend();  // Engine::run comes back with kPmu
    pmu.line = line;
}

// After a change of what counts, or of what is counted.
void settle(Pe& pe) {
    Pmu& pmu = pe.sys.pmu;
    pmu.by_el = false;
    for (unsigned i = 0; i <= Pmu::kCycleCounter; ++i) {
        pmu.seen[i] = seen_now(pe, i);
        const u64 filter = pmu.type[i] & (kNotAtEl1 | kNotAtEl0);
        if ((pmu.control & kEnable) && (pmu.enabled >> bit_of(i) & 1) && filter) pmu.by_el = true;
    }
    pmu.armed = (pmu.control & kEnable) && (pmu.enabled & pmu.interrupts);
    if (pmu.armed) pe.attend();  // how far the engine may run is another question now
    set_line(pe);
}

}  // namespace

void pmu_update(Pe& pe) {
    Pmu& pmu = pe.sys.pmu;
    for (unsigned i = 0; i <= Pmu::kCycleCounter; ++i) {
        const u64 now = seen_now(pe, i);
        if (counts(pe, i) && now != pmu.seen[i]) add_event(pe, i, now - pmu.seen[i]);
        pmu.seen[i] = now;
    }
    set_line(pe);
}

PmuDistance pmu_distance(const Pe& pe) {
    constexpr u64 kMostPerInstruction = 16;  // accesses, refills and walks of one instruction that crosses pages
    const Pmu& pmu = pe.sys.pmu;
    PmuDistance d;
    for (unsigned i = 0; i <= Pmu::kCycleCounter; ++i) {
        const bool chained = i % 2 == 0 && i + 1 < Pmu::kEventCounters && (pmu.type[i + 1] & kEventMask) == kChain;
        const u64 wanted = pmu.interrupts >> bit_of(i) | (chained ? pmu.interrupts >> (i + 1) : 0);
        if (!(wanted & 1) || !counts(pe, i)) continue;
        const bool whole = i == Pmu::kCycleCounter && (pmu.control & kLong);
        const u64 left =
            whole ? (pmu.value[i] ? -pmu.value[i] : ~u64{0}) : (u64{1} << 32) - static_cast<u32>(pmu.value[i]);
        const u64 event = pmu.type[i] & kEventMask;
        if (i == Pmu::kCycleCounter) {
            const bool divided = (pmu.control & (kDivide | kLong)) == kDivide;
            d.cycles = std::min(d.cycles, divided ? left * 64 - awake_cycles(pe) % 64 : left);
        } else if (event == kCpuCycles) {
            d.cycles = std::min(d.cycles, left);
        } else if (event == kInstRetired) {
            d.instructions = std::min(d.instructions, left);
        } else if (event != kSwIncr && event != kChain) {
            d.others = std::min(d.others, left / kMostPerInstruction);
        }
    }
    return d;
}

u64 pmu_events(unsigned half) {
    u64 events = 0;
    for (const Event e : kEvents)
        if (e / 32 == half) events |= u64{1} << e % 32;
    return events;
}

u64 pmu_control(Pe& pe) {
    constexpr u64 kArm = u64{0x41} << 24, kNumber = u64{Pmu::kEventCounters} << 11;
    return kArm | kNumber | pe.sys.pmu.control;
}
void pmu_set_control(Pe& pe, u64 v) {
    pmu_update(pe);
    Pmu& pmu = pe.sys.pmu;
    pmu.control = v & 0x79;  // E, D, X, DP, LC
    if (v & kResetEvents)
        for (unsigned i = 0; i < Pmu::kEventCounters; ++i) pmu.value[i] = 0;
    if (v & kResetCycles) pmu.value[Pmu::kCycleCounter] = 0;
    settle(pe);
}
void pmu_enable(Pe& pe, u64 mask, bool on) {
    pmu_update(pe);
    u64& enabled = pe.sys.pmu.enabled;
    enabled = on ? enabled | (mask & kImplemented) : enabled & ~mask;
    settle(pe);
}
void pmu_enable_interrupts(Pe& pe, u64 mask, bool on) {
    pmu_update(pe);
    u64& interrupts = pe.sys.pmu.interrupts;
    interrupts = on ? interrupts | (mask & kImplemented) : interrupts & ~mask;
    settle(pe);
}
void pmu_overflow(Pe& pe, u64 mask, bool set) {
    pmu_update(pe);
    u64& overflows = pe.sys.pmu.overflows;
    overflows = set ? overflows | (mask & kImplemented) : overflows & ~mask;
    settle(pe);
}
void pmu_software_increment(Pe& pe, u64 mask) {
    pmu_update(pe);
    for (unsigned i = 0; i < Pmu::kEventCounters; ++i)
        if ((mask >> i & 1) && (pe.sys.pmu.type[i] & kEventMask) == kSwIncr && counts(pe, i)) add_event(pe, i, 1);
    settle(pe);
}
u64 pmu_value(Pe& pe, unsigned counter) {
    pmu_update(pe);
    return counter <= Pmu::kCycleCounter ? pe.sys.pmu.value[counter] : 0;
}
void pmu_set_value(Pe& pe, unsigned counter, u64 v) {
    pmu_update(pe);
    if (counter <= Pmu::kCycleCounter)
        pe.sys.pmu.value[counter] = counter == Pmu::kCycleCounter ? v : static_cast<u32>(v);
    if (pe.sys.pmu.armed) pe.attend();
}
u64 pmu_type(Pe& pe, unsigned counter) { return counter <= Pmu::kCycleCounter ? pe.sys.pmu.type[counter] : 0; }
void pmu_set_type(Pe& pe, unsigned counter, u64 v) {
    pmu_update(pe);
    constexpr u64 kFilter = kNotAtEl1 | kNotAtEl0;
    if (counter == Pmu::kCycleCounter) pe.sys.pmu.type[counter] = v & kFilter;
    if (counter < Pmu::kCycleCounter) pe.sys.pmu.type[counter] = v & (kFilter | kEventMask);
    settle(pe);
}
unsigned pmu_selected(const Pe& pe) {
    const u64 n = pe.sys.pmu.selected;
    return n == 31 ? Pmu::kCycleCounter : n < Pmu::kEventCounters ? static_cast<unsigned>(n) : Pmu::kCycleCounter + 1;
}

}  // namespace bbmsim::cpu
