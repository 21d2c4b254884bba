/* SPDX-License-Identifier: Apache-2.0
 * BBM-MEMTYPE: Normal memory becomes Device memory.
 *
 * Cores: cortex-a720*2
 * Levels: 0 1 2 3
 * Writer: make_device
 * Holders: 0 1
 */
#include "lab/lab.h"

static void prepare(void) { map(LAB_VA, 3, page_at(frame(0))); }

static void use(unsigned cpu) {
    (void)cpu;
    expect(LAB_VA, 1);
}

WRITER void make_device(u64 *slot) {
    if (!wrong()) {
        write_once(slot, 0);
        flush_va(LAB_VA);
    }
    write_once(slot, frame(0) | ATTR_DEVICE | DESC_PAGE);
    make_visible();
}

static void change(void) { make_device(slot_of(LAB_VA, 3)); }

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
