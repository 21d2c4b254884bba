/* SPDX-License-Identifier: Apache-2.0
 * Descriptors one at a time, as a kernel writes them whose one set_pte() serves every caller: each valid kernel
 * descriptor owes a DSB and an ISB, so that the walk which follows sees it. Inside a batch the first one leaves a mark
 * and the end of the batch pays for all (Linux since 6.16: lazy MMU mode for kernel mappings).
 */
#include "lib/sysreg.h"
#include "mm/mm.h"

enum { BATCHING = 1, OWED = 2 };

/* The boot core's: only it fills tables by entry. What an interrupt writes may be used before the batch ends. */
static struct {
    volatile u32 interrupts;
    volatile u64 flags;
} batch;

static void barriers(void) {
    dsb(ishst);
    isb();
}

void batch_begin(void) { batch.flags = BATCHING; }

void batch_end(void) {
    const bool owed = batch.flags & OWED;
    batch.flags = 0;
    if (owed) barriers();
}

void batch_interrupted(bool now) { batch.interrupts += now ? 1 : -1; }

static inline void owe_barriers(void) {
    if (batch.interrupts || !(batch.flags & BATCHING)) barriers();
    else if (!(batch.flags & OWED)) batch.flags |= OWED;
}

/* Bits 51:50 of an address have their place in bits 9:8 (D8.3.1, 52-bit output addresses): distributions' kernels are
 * built for them and look each time, whatever the core has. */
static inline u64 output_address(u64 pa) { return (pa | pa >> 42) & (DESC_ADDRESS | 3ULL << 48 | 3ULL << 8); }

static inline void set_descriptor(u64 *slot, u64 value) {
    write_once(slot, value);
    if ((value & (DESC_VALID | DESC_USER)) == DESC_VALID) owe_barriers();
}

void set_descriptors(u64 *to, u64 pa, u64 attributes, u64 step, u64 n) {
    for (u64 *const end = to + n; to < end; ++to, pa += step) set_descriptor(to, output_address(pa) | attributes);
}
