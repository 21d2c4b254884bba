// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/cores/cores.hpp"

namespace bbmsim::cpu::cores {

CoreConfig neoverse_v1() {
    CoreConfig c;
    c.name = "neoverse-v1";
    c.source =
        "Published: Arm slides: L1 D 40, L2 2048. Assumed: L1 I, associativity, FEAT_BBM level 0, latencies, "
        "walk cache, replacement, timing, caches.";
    c.midr = 0x411fd401;  // r1p1
    c.freq_mhz = 2600;
    c.features = armv8_4();
    c.timing = out_of_order(6);
    tlb(c, 48, 40, 2048, 8);
    c.mmu.pa_bits = 48;
    caches(c, 64, 4, 1024, 8);
    match_features(c);
    return c;
}

}  // namespace bbmsim::cpu::cores
