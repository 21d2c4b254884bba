// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/cores/cores.hpp"

namespace bbmsim::cpu::cores {

CoreConfig olympus() {
    CoreConfig c;
    c.name = "olympus";
    c.source =
        "Published: Linux kernel source: MIDR; on its list of cores trusted with FEAT_BBM level 2 and no TLB "
        "conflict abort. Assumed: TLBs (sizes of Neoverse-V3), latencies, walk cache, replacement, timing, "
        "caches.";
    c.midr = 0x4e0f0100;  // r0p0
    c.freq_mhz = 3000;
    c.features = armv9_2();
    c.timing = out_of_order(8);
    tlb(c, 48, 96, 2048, 8);
    c.mmu.pa_bits = 48;
    c.mmu.bbml = 2;
    c.mmu.conflict_free = true;
    caches(c, 64, 4, 2048, 8);
    match_features(c);
    return c;
}

}  // namespace bbmsim::cpu::cores
