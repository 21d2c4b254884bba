/* SPDX-License-Identifier: Apache-2.0
 * BBM-CONT-GROUP: a group gets a member without the Contiguous bit that the others have.
 *
 * Cores: cortex-a720*2
 * Levels: 0 1 2 3
 * Writer: fill_gap
 * Holders: 0 1
 */
#include "lab/lab.h"

static void prepare(void) { /* all but the last of a group: gaps are allowed */
    const u64 first = block_frame(0);
    for (unsigned i = 0; i + 1 < group_members(3); ++i)
        map(LAB_VA + i * table_bytes(), 3, page_at(first + i * table_bytes()) | DESC_CONT);
}

static void use(unsigned cpu) {
    (void)cpu;
    expect(LAB_VA, 1);
}

WRITER void fill_gap(u64 *slot, u64 pa) {
    write_once(slot, wrong() ? page_at(pa) : page_at(pa) | DESC_CONT);
    make_visible();
}

static void change(void) {
    const unsigned last = group_members(3) - 1;
    fill_gap(slot_of(LAB_VA + last * table_bytes(), 3), block_frame(0) + last * table_bytes());
}

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
