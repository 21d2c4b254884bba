/* SPDX-License-Identifier: Apache-2.0
 * BBM-NO-TLBI: an entry is broken and made again, and nobody removes the old one from the TLBs.
 *
 * Cores: cortex-a720*2
 * Levels: 0 1 2 3
 * Writer: move_page
 * Holders: 0 1
 */
#include "lab/lab.h"

static unsigned now;

static void prepare(void) {
    map(LAB_VA, 3, page_at(frame(0)));
    frame(1);
}

static void use(unsigned cpu) {
    (void)cpu;
    expect(LAB_VA, now + 1);
}

WRITER void move_page(u64 *slot, u64 fresh) {
    write_once(slot, 0);
    dsb(ishst);
    if (!wrong()) tlbi_va(vaae1is, LAB_VA);
    dsb(ish);
    write_once(slot, fresh);
    make_visible();
}

static void change(void) {
    move_page(slot_of(LAB_VA, 3), page_at(frame(1)));
    now = 1;
}

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
