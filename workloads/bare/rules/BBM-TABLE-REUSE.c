/* SPDX-License-Identifier: Apache-2.0
 * BBM-TABLE-REUSE: the page of an unlinked table is used for data at once.
 *
 * Cores: cortex-a720*2
 * Levels: 0 1 2 3
 * Writer: free_and_reuse
 * Holders: 0 1
 */
#include "lab/lab.h"

static u64 table;

static void prepare(void) {
    table = table_alloc_zeroed();
    table_pointer(table)[0] = page_at(frame(0));
    map(LAB_VA, 2, table | DESC_TABLE);
}

static void use(unsigned cpu) {
    (void)cpu;
    if (is_valid(*slot_of(LAB_VA, 2))) expect(LAB_VA, 1);
}

WRITER void free_and_reuse(u64 *slot) {
    write_once(slot, 0);
    dsb(ishst);
    if (!wrong()) tlbi_va(vaae1is, LAB_VA);
    dsb(ish);
    write_once(table_pointer(table), 0xdecaf407); /* data, but a walk would take it for a page descriptor */
}

static void change(void) { free_and_reuse(slot_of(LAB_VA, 2)); }

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
