// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/cores/cores.hpp"

namespace bbmsim::cpu::cores {

CoreConfig cortex_a55() {
    CoreConfig c;
    c.name = "cortex-a55";
    c.source =
        "Published: TRM and Intel 814346 table 48: L1 I 15, L1 D 16 fully associative, L2 1024 4-way, walk "
        "cache 64 4-way, every TLBI empties both L1 TLBs. Assumed: latencies, replacement, timing, cache "
        "geometry.";
    c.midr = 0x412fd050;  // r2p0
    c.freq_mhz = 1800;
    c.features = armv8_2();
    c.timing = in_order(2);
    tlb(c, 15, 16, 1024, 4);
    c.mmu.walk_cache = {64, 4};
    c.mmu.tlbi_empties_l1 = true;
    c.mmu.pa_bits = 40;
    c.features.ssbs = false;
    caches(c, 32, 4, 256, 4);
    match_features(c);
    return c;
}

}  // namespace bbmsim::cpu::cores
