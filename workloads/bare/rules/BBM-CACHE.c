/* SPDX-License-Identifier: Apache-2.0
 * BBM-CACHE: a write-back page becomes Non-cacheable, as for a DMA buffer.
 *
 * Cores: cortex-a720*2
 * Levels: 0 1 2 3
 * Writer: make_noncacheable
 * Holders: 0 1
 */
#include "lab/lab.h"

static void prepare(void) { map(LAB_VA, 3, page_at(frame(0))); }

static void use(unsigned cpu) {
    (void)cpu;
    expect(LAB_VA, 1);
}

WRITER void make_noncacheable(u64 *slot) {
    if (!wrong()) {
        write_once(slot, 0);
        flush_va(LAB_VA);
    }
    write_once(slot, frame(0) | ATTR_NC | DESC_PAGE);
    make_visible();
}

static void change(void) { make_noncacheable(slot_of(LAB_VA, 3)); }

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
