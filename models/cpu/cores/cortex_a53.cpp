// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/cores/cores.hpp"

namespace bbmsim::cpu::cores {

CoreConfig cortex_a53() {
    CoreConfig c;
    c.name = "cortex-a53";
    c.source =
        "Published: Arm DDI0500 5.2.2: L1 TLBs of 10 entries, L2 TLB 512 entries 4-way, 1 GiB blocks held as "
        "512 MiB. Assumed: latencies, walk cache, replacement, timing, cache geometry of a common "
        "configuration (L2 as if private).";
    c.midr = 0x410fd034;  // r0p4
    c.freq_mhz = 1500;
    c.features = armv8_0();
    c.timing = in_order(2);
    tlb(c, 10, 10, 512, 4);
    c.mmu.l1i_tlb.max_block_shift = c.mmu.l1d_tlb.max_block_shift = c.mmu.l2_tlb.max_block_shift = 29;
    c.mmu.pa_bits = 40;
    c.mmu.granule_16k = false;
    caches(c, 32, 4, 512, 16);
    match_features(c);
    return c;
}

}  // namespace bbmsim::cpu::cores
