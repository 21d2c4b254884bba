// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/cores/cores.hpp"

namespace bbmsim::cpu::cores {

CoreConfig cortex_a715() {
    CoreConfig c;
    c.name = "cortex-a715";
    c.source =
        "Published: MIDR; on the list of cores that Linux 7.3 trusts with FEAT_BBM level 2 and no TLB "
        "conflict abort. Assumed: TLBs (sizes of Cortex-A76), latencies, walk cache, replacement, timing, "
        "caches.";
    c.midr = 0x411fd4d1;  // r1p1
    c.freq_mhz = 2600;
    c.features = armv9_0();
    c.timing = out_of_order(5);
    tlb(c, 48, 48, 1280, 5);
    c.mmu.pa_bits = 40;
    c.mmu.bbml = 2;
    c.mmu.conflict_free = true;
    caches(c, 64, 4, 512, 8);
    match_features(c);
    return c;
}

}  // namespace bbmsim::cpu::cores
