// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/cores/cores.hpp"

namespace bbmsim::cpu::cores {

CoreConfig cortex_a510() {
    CoreConfig c;
    c.name = "cortex-a510";
    c.source =
        "Published: MIDR only. Assumed: TLBs (sizes of Cortex-A55), FEAT_BBM level 0, latencies, walk cache, "
        "replacement, timing, caches.";
    c.midr = 0x411fd461;  // r1p1
    c.freq_mhz = 1800;
    c.features = armv9_0();
    c.timing = in_order(3);
    tlb(c, 16, 16, 1024, 4);
    c.mmu.pa_bits = 40;
    caches(c, 32, 4, 256, 8);
    match_features(c);
    return c;
}

}  // namespace bbmsim::cpu::cores
