// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/cores/cores.hpp"

namespace bbmsim::cpu::cores {

CoreConfig cortex_a72() {
    CoreConfig c;
    c.name = "cortex-a72";
    c.source =
        "Published: TRM 100095 5.2.3: L2 1024 4-way, slower while maintenance is in flight. Assumed: L1 TLBs "
        "as Cortex-A57, latencies, walk cache, replacement, what maintenance costs, timing, cache geometry.";
    c.midr = 0x410fd083;  // r0p3
    c.freq_mhz = 2000;
    c.features = armv8_0();
    c.timing = out_of_order(3);
    tlb(c, 48, 32, 1024, 4);
    c.mmu.pa_bits = 44;
    c.mmu.granule_16k = false;
    c.maintenance.tlbi_receive_cycles = 60;
    caches(c, 32, 2, 1024, 16);
    match_features(c);
    return c;
}

}  // namespace bbmsim::cpu::cores
