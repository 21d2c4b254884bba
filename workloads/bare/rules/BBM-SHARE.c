/* SPDX-License-Identifier: Apache-2.0
 * BBM-SHARE: an Inner Shareable page becomes Outer Shareable.
 *
 * Cores: cortex-a720*2
 * Levels: 0 1 2 3
 * Writer: make_outer_shareable
 * Holders: 0 1
 */
#include "lab/lab.h"

static void prepare(void) { map(LAB_VA, 3, page_at(frame(0))); }

static void use(unsigned cpu) {
    (void)cpu;
    expect(LAB_VA, 1);
}

WRITER void make_outer_shareable(u64 *slot) {
    if (!wrong()) {
        write_once(slot, 0);
        flush_va(LAB_VA);
    }
    write_once(slot, (page_at(frame(0)) & ~DESC_SH) | DESC_SH_OUTER);
    make_visible();
}

static void change(void) { make_outer_shareable(slot_of(LAB_VA, 3)); }

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
