/* SPDX-License-Identifier: Apache-2.0
 * BBM-SIZE: a 2 MiB block becomes a table of pages that map the same memory.
 *
 * Cores: cortex-a720*2
 * Levels: 0 1
 * Writer: split
 * Holders: 0 1
 */
#include "lab/lab.h"

static void prepare(void) { map(LAB_VA, 2, block_at(block_frame(0))); }

static void use(unsigned cpu) {
    (void)cpu;
    expect(LAB_VA, 1);
    expect(LAB_VA + table_bytes(), 1);
}

/* The direct replacement is right at FEAT_BBM level 2, with the TLBI afterwards. */
WRITER void split(u64 *slot, u64 table) {
    if (!wrong()) {
        write_once(slot, 0);
        flush_va(LAB_VA);
    }
    write_once(slot, table | DESC_TABLE);
    flush_all();
}

static void change(void) {
    u64 *slot = slot_of(LAB_VA, 2);
    const u64 table = pages_of(*slot);
    dsb(ishst); /* the table's contents before the link to it */
    split(slot, table);
}

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
