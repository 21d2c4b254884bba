/* SPDX-License-Identifier: Apache-2.0
 * edk2-live-split: firmware splits a block of its live tables to change the attributes of a part.
 *
 * Project: EDK2 (ArmMmuLib)
 * Commit: 61b02ba1f2
 * Rule: BBM-SIZE
 * Cores: cortex-a720
 * Levels: 0 1
 * Writer: replace_entry
 * Holders: 0
 * What happened: To set the attributes of a few pages, the library wrote a table descriptor over a block
 * descriptor in the tables in use.
 * Hardware: Either translation, a mixture of both, or a TLB conflict abort for each access until a TLBI (R_FVQCK).
 * Fix: A live entry is replaced by a helper that writes an invalid entry, flushes, and then writes the new one,
 * and that itself needs nothing that the entry maps (or runs with the MMU off).
 */
#include "lab/lab.h"

static void prepare(void) { map(LAB_VA, 2, block_at(block_frame(0))); }

static void use(unsigned cpu) {
    (void)cpu;
    expect(LAB_VA, 1);
    expect(LAB_VA + table_bytes(), 1);
}

WRITER void replace_entry(u64 *slot, u64 fresh) {
    if (!wrong()) {
        write_once(slot, 0);
        flush_va(LAB_VA);
    }
    write_once(slot, fresh);
    flush_va(LAB_VA);
}

static void change(void) {
    const u64 table = pages_of(*slot_of(LAB_VA, 2));
    table_pointer(table)[0] |= DESC_RO; /* what the split is for */
    dsb(ishst);
    replace_entry(slot_of(LAB_VA, 2), table | DESC_TABLE);
}

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
