/* SPDX-License-Identifier: Apache-2.0
 * Descriptors one at a time, as a kernel writes them whose one set_pte() serves every caller: each valid kernel
 * descriptor owes a DSB and an ISB, so that the walk which follows sees it. Inside a batch the first one leaves a mark
 * and the end of the batch pays for all (Linux since 6.16: lazy MMU mode for kernel mappings).
 */
#include "lib/sysreg.h"
#include "mm/mm.h"

enum { BATCHING = 1, OWED = 2 };

static volatile u64 batch; /* the boot core's; only it fills tables by entry */

static void barriers(void) {
    dsb(ishst);
    isb();
}

void batch_begin(void) { batch = BATCHING; }

void batch_end(void) {
    const bool owed = batch & OWED;
    batch = 0;
    if (owed) barriers();
}

static inline void owe_barriers(void) {
    if (!(batch & BATCHING)) barriers();
    else if (!(batch & OWED)) batch |= OWED;
}

static inline void set_descriptor(u64 *slot, u64 value) {
    write_once(slot, value);
    if ((value & (DESC_VALID | DESC_USER)) == DESC_VALID) owe_barriers();
}

void set_descriptors(u64 *to, u64 pa, u64 attributes, u64 step, u64 n) {
    for (u64 *const end = to + n; to < end; ++to, pa += step) set_descriptor(to, (pa & DESC_ADDRESS) | attributes);
}
