// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/cores/cores.hpp"

namespace bbmsim::cpu::cores {

CoreConfig cortex_a76() {
    CoreConfig c;
    c.name = "cortex-a76";
    c.source =
        "Published: TRM A5.2: L1 48 and 48 fully associative, L2 1280 5-way, L1 one cycle, L2 usually 3. "
        "Assumed: intermediate addresses kept in a walk cache of 64 entries instead of in the L2 TLB, "
        "replacement, timing, cache geometry.";
    c.midr = 0x414fd0b1;  // r4p1
    c.freq_mhz = 2600;
    c.features = armv8_2();
    c.timing = out_of_order(4);
    tlb(c, 48, 48, 1280, 5);
    c.mmu.l2_tlb.hit_cycles = 2;
    c.mmu.pa_bits = 40;
    caches(c, 64, 4, 512, 8);
    match_features(c);
    return c;
}

}  // namespace bbmsim::cpu::cores
