// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/cores/cores.hpp"

namespace bbmsim::cpu::cores {

CoreConfig cortex_a57() {
    CoreConfig c;
    c.name = "cortex-a57";
    c.source =
        "Published: TRM: L1 I 48, L1 D 32 fully associative, L2 1024 4-way. Assumed: latencies, walk cache, "
        "replacement, timing, cache geometry.";
    c.midr = 0x411fd073;  // r1p3
    c.freq_mhz = 2000;
    c.features = armv8_0();
    c.timing = out_of_order(3);
    tlb(c, 48, 32, 1024, 4);
    c.mmu.pa_bits = 44;
    c.mmu.granule_16k = false;
    caches(c, 32, 2, 2048, 16);
    match_features(c);
    return c;
}

}  // namespace bbmsim::cpu::cores
