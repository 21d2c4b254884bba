/* SPDX-License-Identifier: Apache-2.0
 * linux-early-remap: the kernel's early map of blocks is refined in place, under the code that runs in it.
 *
 * Project: Linux
 * Commit: 50e1881ddde2
 * Rule: BBM-SIZE
 * Cores: cortex-a720
 * Levels: 0 1
 * Writer: remap_in_place
 * Holders: 0
 * What happened: At boot the running kernel split blocks of its own live map into pages. No break is possible
 * there: the code, its stack or the tables could be in what is unmapped.
 * Hardware: Either translation, a mixture of both, or a TLB conflict abort for each access until a TLBI (R_FVQCK).
 * Fix: New tables are built beside the old ones; TTBR1 goes to an empty reserved table, the TLB is flushed, and
 * TTBR1 comes back with the new tables: never are both reachable without a flush in between.
 */
#include "lab/lab.h"

static void prepare(void) { map(LAB_VA, 2, block_at(block_frame(0))); }

static void use(unsigned cpu) {
    (void)cpu;
    expect(LAB_VA, 1);
    expect(LAB_VA + 5 * table_bytes(), 1);
}

WRITER void remap_in_place(u64 *slot, u64 table) {
    write_once(slot, table | DESC_TABLE);
    flush_all();
}

/* A copy of the tables that lead to LAB_VA, from this one down, in which `pages` has the block's place. */
static u64 copy_with(u64 pages, u64 table, unsigned level) {
    const u64 copy = table_alloc();
    for (unsigned i = 0; i < table_entries(); ++i) table_pointer(copy)[i] = table_pointer(table)[i];
    u64 *slot = &table_pointer(copy)[level_index(LAB_VA, level)];
    *slot = (level == 2 ? pages : copy_with(pages, *slot & DESC_ADDRESS, level + 1)) | DESC_TABLE;
    return copy;
}

static void change(void) {
    const u64 pages = pages_of(*slot_of(LAB_VA, 2));
    dsb(ishst);
    if (wrong()) remap_in_place(slot_of(LAB_VA, 2), pages);
    else replace_ttbr1(copy_with(pages, boot_regs.ttbr1, root_level()));
}

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
