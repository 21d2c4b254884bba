/* SPDX-License-Identifier: Apache-2.0
 * BBM-OA: a page that every core uses is given to another frame.
 *
 * Cores: cortex-a720*2
 * Levels: 0 1 2 3
 * Writer: replace_page
 * Holders: 0 1
 */
#include "lab/lab.h"

static u64 *slot;
static unsigned now;

static void prepare(void) {
    map(LAB_VA, 3, page_at(frame(0)));
    slot = slot_of(LAB_VA, 3);
    frame(1);
}

static void use(unsigned cpu) {
    (void)cpu;
    expect(LAB_VA, now + 1);
}

WRITER void replace_page(u64 fresh) {
    if (!wrong()) {
        write_once(slot, 0);
        flush_va(LAB_VA);
    }
    write_once(slot, fresh);
    make_visible();
}

static void change(void) {
    replace_page(page_at(frame(1)));
    now = 1;
}

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
