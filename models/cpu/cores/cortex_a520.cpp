// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/cores/cores.hpp"

namespace bbmsim::cpu::cores {

CoreConfig cortex_a520() {
    CoreConfig c;
    c.name = "cortex-a520";
    c.source =
        "Published: MIDR; ships beside Cortex-X4; not on the list of cores that Linux trusts with FEAT_BBM "
        "level 2. Assumed: TLBs (sizes of Cortex-A55), FEAT_BBM level 0, latencies, walk cache, replacement, "
        "timing, caches.";
    c.midr = 0x410fd801;  // r0p1
    c.freq_mhz = 2000;
    c.features = armv9_2();
    c.timing = in_order(3);
    tlb(c, 16, 16, 1024, 4);
    c.mmu.pa_bits = 40;
    caches(c, 32, 4, 512, 8);
    match_features(c);
    return c;
}

}  // namespace bbmsim::cpu::cores
