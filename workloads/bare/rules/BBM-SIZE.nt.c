/* SPDX-License-Identifier: Apache-2.0
 * BBM-SIZE.nt: on level 1 cores a block becomes a table by way of nT=1, and the table comes before the TLBI.
 *
 * Rule: BBM-SIZE
 * Cores: cortex-a720:bbml=1*2
 * Levels: 1
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

/* FEAT_BBM, by level: break first; nT=1, flush, table, flush; table, flush. */
WRITER void split(u64 *slot, u64 table) {
    const u64 bbm = (read_sysreg(id_aa64mmfr2_el1) >> 52) & 15;
    if (bbm == 0) {
        write_once(slot, 0);
        flush_va(LAB_VA);
    } else if (bbm == 1) {
        write_once(slot, *slot | DESC_NT);
        if (!wrong()) flush_va(LAB_VA); /* from now on no TLB has the block without nT */
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
