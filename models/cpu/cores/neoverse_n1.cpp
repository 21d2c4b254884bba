// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/cores/cores.hpp"

namespace bbmsim::cpu::cores {

CoreConfig neoverse_n1() {
    CoreConfig c;
    c.name = "neoverse-n1";
    c.source =
        "Published: Cortex-A76 TRM A5.2 (same design): L1 48 and 48 fully associative, L2 1280 5-way, L2 "
        "usually 3 cycles; L1D 4, L2 11 cycles; DSB ISHST and ISB behind a store 16 ns, 48 "
        "cycles (docs/calibration.md). Assumed: intermediate addresses kept in a walk cache of 64 "
        "entries, replacement, timing, memory latency.";
    c.midr = 0x413fd0c1;  // r3p1
    c.freq_mhz = 2600;
    c.features = armv8_2();
    c.timing = out_of_order(4);
    c.timing.barrier = 24;
    tlb(c, 48, 48, 1280, 5);
    c.mmu.l2_tlb.hit_cycles = 2;
    c.mmu.pa_bits = 48;
    caches(c, 64, 4, 1024, 8);
    c.cache.l2_cycles = 7;
    match_features(c);
    return c;
}

}  // namespace bbmsim::cpu::cores
