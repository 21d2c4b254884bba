/* SPDX-License-Identifier: Apache-2.0
 * zephyr-local-tlbi: a kernel for several cores flushes its own only.
 *
 * Project: Zephyr
 * Commit: pull request 97887 (issue 98344)
 * Rule: BBM-LOCAL-TLBI
 * Cores: cortex-a720*2
 * Writer: map_again
 * Holders: 1
 * What happened: invalidate_tlb_all() was TLBI VMALLE1, in builds for several cores too: the others went on with
 * the old translations, and many tests of user space failed.
 * Hardware: The other cores keep the old entry for as long as they like.
 * Fix: TLBI VMALLE1IS, and VAE1IS for single pages.
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

WRITER void map_again(u64 *slot, u64 fresh) {
    write_once(slot, 0);
    dsb(ishst);
    if (wrong()) tlbi(vmalle1);
    else tlbi(vmalle1is);
    dsb(sy);
    isb();
    write_once(slot, fresh);
    make_visible();
}

static void change(void) {
    map_again(slot_of(LAB_VA, 3), page_at(frame(1)));
    now = 1;
}

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
