// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/cores/cores.hpp"

namespace bbmsim::cpu::cores {

CoreConfig ampereone() {
    CoreConfig c;
    c.name = "ampereone";
    c.source =
        "Published: vendor slides: any page size in every entry; FEAT_BBM level 2, on the list of cores that "
        "Linux trusts to raise no TLB conflict abort. Assumed: TLB sizes, features (Armv8.6 as far as "
        "modelled), latencies, walk cache, replacement, timing, caches.";
    c.midr = 0xc00fac30;  // r0p0
    c.freq_mhz = 3000;
    c.features = armv9_0();
    c.timing = out_of_order(4);
    tlb(c, 48, 48, 2048, 8);
    c.features.bti = true;
    c.mmu.pa_bits = 48;
    c.mmu.bbml = 2;
    c.mmu.conflict_free = true;
    caches(c, 64, 4, 2048, 8);
    match_features(c);
    return c;
}

}  // namespace bbmsim::cpu::cores
