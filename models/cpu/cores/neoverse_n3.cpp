// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/cores/cores.hpp"

namespace bbmsim::cpu::cores {

CoreConfig neoverse_n3() {
    CoreConfig c;
    c.name = "neoverse-n3";
    c.source =
        "Published: TRM: L1 I 32, L1 D 48 fully associative, L2 1536 6-way for small pages beside 256 4-way "
        "for medium ones; on the list of cores that Linux 7.3 trusts with FEAT_BBM level 2. Assumed: one L2 "
        "TLB of 1536 for all sizes, latencies, walk cache, replacement, timing, caches.";
    c.midr = 0x410fd8e0;  // r0p0
    c.freq_mhz = 2800;
    c.features = armv9_2();
    c.timing = out_of_order(5);
    tlb(c, 32, 48, 1536, 6);
    c.mmu.pa_bits = 48;
    c.mmu.bbml = 2;
    c.mmu.conflict_free = true;
    caches(c, 64, 4, 2048, 8);
    match_features(c);
    return c;
}

}  // namespace bbmsim::cpu::cores
