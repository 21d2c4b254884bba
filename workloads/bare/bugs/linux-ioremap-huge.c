/* SPDX-License-Identifier: Apache-2.0
 * linux-ioremap-huge: a block is put where an emptied table of pages is still linked.
 *
 * Project: Linux
 * Commit: 785a19f9d1dd
 * Rule: BBM-SIZE
 * Cores: cortex-a720*2
 * Levels: 0 1
 * Writer: map_huge
 * Holders: 0 1
 * What happened: iounmap cleared and flushed the pages, by a last-level TLBI, and left their table linked. A later
 * ioremap of 2 MiB wrote a block over the table descriptor and freed the table.
 * Hardware: A walk cache still leads to the old table: the new mapping faults, or translates by whatever the freed
 * page holds now (R_RVJDB).
 * Fix: The table descriptor is cleared and flushed by a form that covers walk caches, and the table freed, before
 * the block is written; 785a19f9d1dd gives the helpers the address that the flush needs.
 */
#include "lab/lab.h"

static bool huge;

static void prepare(void) {
    map(LAB_VA, 3, page_at(frame(0)));
    block_frame(1);
}

static void use(unsigned cpu) {
    (void)cpu;
    if (!huge) expect(LAB_VA, 1);
    else if (!wrong()) expect(LAB_VA, 2); /* through the old table it would fault */
}

static void unmap_pages(u64 *slot) {
    write_once(slot, 0);
    dsb(ishst);
    tlbi_va(vaale1is, LAB_VA);
    dsb(ish);
}

WRITER void map_huge(u64 *slot, u64 block) {
    if (!wrong()) {
        write_once(slot, 0);
        flush_va(LAB_VA);
    }
    write_once(slot, block);
    make_visible();
}

static void change(void) {
    unmap_pages(slot_of(LAB_VA, 3));
    map_huge(slot_of(LAB_VA, 2), block_at(block_frame(1)));
    huge = true;
}

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
