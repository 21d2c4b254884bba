/* SPDX-License-Identifier: Apache-2.0
 * BBM-WRONG-TLBI: a table of pages is replaced by another, and the TLBI is a last-level form.
 *
 * Cores: cortex-a720*2
 * Levels: 0 1 2 3
 * Writer: swap_tables
 * Holders: 0 1
 */
#include "lab/lab.h"

static u64 tables[2];
static unsigned now;

static void prepare(void) {
    for (unsigned i = 0; i < 2; ++i) {
        tables[i] = table_alloc_zeroed();
        table_pointer(tables[i])[0] = page_at(frame(i));
    }
    map(LAB_VA, 2, tables[0] | DESC_TABLE);
}

static void use(unsigned cpu) {
    (void)cpu;
    expect(LAB_VA, now + 1);
}

/* VAALE1 removes the page's entry; the walk caches keep the way to the old table. */
WRITER void swap_tables(u64 *slot, u64 table) {
    write_once(slot, 0);
    dsb(ishst);
    if (wrong()) tlbi_va(vaale1is, LAB_VA);
    else tlbi_va(vaae1is, LAB_VA);
    dsb(ish);
    write_once(slot, table | DESC_TABLE);
    make_visible();
}

static void change(void) {
    swap_tables(slot_of(LAB_VA, 2), tables[1]);
    now = 1;
}

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
