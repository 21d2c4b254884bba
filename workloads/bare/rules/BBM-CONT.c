/* SPDX-License-Identifier: Apache-2.0
 * BBM-CONT: sixteen pages become a contiguous group.
 *
 * Cores: cortex-a720*2
 * Levels: 0
 * Writer: fold
 * Holders: 0 1
 */
#include "lab/lab.h"

static void prepare(void) {
    const u64 first = block_frame(0);
    for (unsigned i = 0; i < group_members(3); ++i)
        map(LAB_VA + i * table_bytes(), 3, page_at(first + i * table_bytes()));
}

static void use(unsigned cpu) {
    (void)cpu;
    expect(LAB_VA, 1);
    expect(LAB_VA + table_bytes(), 1);
}

/* Setting the bit in place is right at FEAT_BBM level 1 and above, with the TLBI afterwards. */
WRITER void fold(u64 *group) {
    const u64 first = group[0] | DESC_CONT;
    for (unsigned i = 0; i < group_members(3) && !wrong(); ++i) write_once(&group[i], 0);
    if (!wrong()) flush_all();
    for (unsigned i = 0; i < group_members(3); ++i) write_once(&group[i], first + i * table_bytes());
    flush_all();
}

static void change(void) { fold(slot_of(LAB_VA, 3)); }

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
