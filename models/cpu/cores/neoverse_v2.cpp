// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/cores/cores.hpp"

namespace bbmsim::cpu::cores {

CoreConfig neoverse_v2() {
    CoreConfig c;
    c.name = "neoverse-v2";
    c.source =
        "Published: published microbenchmarks: L1 48 and 48 fully associative, L2 2048 8-way, L2 hit +6 "
        "(manual; +5 measured); L2 cache 10 cycles. Assumed: the instruction side reaches all of the L2 TLB "
        "(measured: about 1024), FEAT_BBM level 0, walk cache, replacement, timing.";
    c.midr = 0x410fd4f1;  // r0p1
    c.freq_mhz = 2800;
    c.features = armv9_0();
    c.timing = out_of_order(6);
    tlb(c, 48, 48, 2048, 8);
    c.mmu.l2_tlb.hit_cycles = 6;
    c.mmu.pa_bits = 48;
    caches(c, 64, 4, 2048, 8);
    c.cache.l2_cycles = 6;
    match_features(c);
    return c;
}

}  // namespace bbmsim::cpu::cores
