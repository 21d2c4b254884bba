// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/cores/cores.hpp"

namespace bbmsim::cpu::cores {

CoreConfig neoverse_v3() {
    CoreConfig c;
    c.name = "neoverse-v3";
    c.source =
        "Published: published microbenchmarks: L1 I 48, L1 D 96 fully associative, L2 2048 8-way, L2 hit +6; "
        "FEAT_BBM level 2, on the list of cores that Linux trusts to raise no TLB conflict abort. Assumed: "
        "walk cache, replacement, timing, cache geometry.";
    c.midr = 0x410fd842;  // r0p2, the first that Linux trusts
    c.freq_mhz = 3000;
    c.features = armv9_2();
    c.timing = out_of_order(8);
    tlb(c, 48, 96, 2048, 8);
    c.mmu.l2_tlb.hit_cycles = 6;
    c.mmu.pa_bits = 48;
    c.mmu.bbml = 2;
    c.mmu.conflict_free = true;
    caches(c, 64, 4, 2048, 8);
    match_features(c);
    return c;
}

}  // namespace bbmsim::cpu::cores
