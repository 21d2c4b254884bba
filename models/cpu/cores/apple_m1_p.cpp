// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/cores/cores.hpp"

namespace bbmsim::cpu::cores {

CoreConfig apple_m1_p() {
    CoreConfig c;
    c.name = "apple-m1-p";
    c.source =
        "Published: published microbenchmarks (16K granule): L1 I 192, L1 D 160 5-way, L2 3072 12-way; 3 "
        "cycles in L1, 9 in L2, 35 with a walk from cached entries; DSB ISHST and ISB behind a store "
        "15 ns on an M2 (docs/calibration.md); 22 of a walk's 32 cycles are whatever a miss costs beside reading the "
        "descriptor. Assumed: L1 I fully associative, FEAT_BBM "
        "level 0, features (Armv8.4 as far as modelled), walk cache, replacement, timing, caches (L2 as if "
        "private).";
    c.midr = 0x610f0230;  // r0p0
    c.freq_mhz = 3200;
    c.features = armv8_4();
    c.timing = out_of_order(8);
    c.timing.barrier = 24;
    tlb(c, 192, 160, 3072, 12);
    c.mmu.l1d_tlb.ways = 5;
    c.mmu.l2_tlb.hit_cycles = 6;
    c.mmu.walk_start_cycles = 22;
    c.mmu.granule_64k = false;
    c.mmu.pa_bits = 36;
    c.features.sb = c.features.flagm2 = c.features.frintts = true;
    c.features.pmu = false;  // its own kind
    caches(c, 128, 8, 12288, 12);
    match_features(c);
    return c;
}

}  // namespace bbmsim::cpu::cores
