/* SPDX-License-Identifier: Apache-2.0
 * The flush after a repaint. Above as many pages as a table has entries Linux gives up single addresses: so here.
 */
#include "lib/sysreg.h"
#include "mm/mm.h"

static void issue(u64 va, u64 end, bool local) {
    const u64 page = table_bytes();
    if (end - va >= page * table_entries()) {
        if (local) tlbi(vmalle1);
        else tlbi(vmalle1is);
        return;
    }
    for (; va < end; va += page) {
        if (local) tlbi_va(vaale1, va);
        else tlbi_va(vaale1is, va);
    }
}

void flush_tlb_kernel_range(u64 va, u64 end) {
    const bool local = machine.sabotage == SABOTAGE_LOCAL_FLUSH;
    if (machine.sabotage == SABOTAGE_NO_FLUSH || va >= end) return;
    if (machine.sabotage != SABOTAGE_NO_DSB_BEFORE_TLBI) dsb(ishst);
    issue(va, end, local);
    if (machine.sabotage == SABOTAGE_NO_DSB_AFTER_TLBI) return;
    if (local) dsb(nsh);
    else dsb(ish);
    isb();
}
