// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/cores/cores.hpp"

namespace bbmsim::cpu::cores {

CoreConfig cortex_a720() {
    CoreConfig c;
    c.name = "cortex-a720";
    c.source =
        "Published: MIDR; ships beside Cortex-X4; not on the list of cores that Linux trusts with FEAT_BBM "
        "level 2. Assumed: TLBs (sizes of Cortex-A76), FEAT_BBM level 0, latencies, walk cache, replacement, "
        "timing, caches.";
    c.midr = 0x410fd811;  // r0p1
    c.freq_mhz = 2600;
    c.features = armv9_2();
    c.timing = out_of_order(5);
    tlb(c, 48, 48, 1280, 5);
    c.mmu.pa_bits = 40;
    caches(c, 64, 4, 512, 8);
    match_features(c);
    return c;
}

}  // namespace bbmsim::cpu::cores
