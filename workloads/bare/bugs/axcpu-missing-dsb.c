/* SPDX-License-Identifier: Apache-2.0
 * axcpu-missing-dsb: the TLBI overtakes the write that it is for.
 *
 * Project: axcpu (tgoskits)
 * Commit: pull request 2008
 * Rule: BBM-NO-DSB-BEFORE-TLBI
 * Cores: cortex-a720*2
 * Writer: protect_and_move
 * Holders: 0 1
 * What happened: flush_tlb(va) was TLBI VAAE1IS; DSB; ISB, with nothing between the caller's write of the entry
 * and the TLBI.
 * Hardware: The TLBI may be performed first; another core then walks to the old entry, which nothing removes any
 * more (R_TGVWD).
 * Fix: DSB ISHST before the TLBI.
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

WRITER void protect_and_move(u64 *slot, u64 fresh) {
    write_once(slot, 0);
    if (!wrong()) dsb(ishst);
    tlbi_va(vaae1is, LAB_VA);
    dsb(sy);
    isb();
    write_once(slot, fresh);
    make_visible();
}

static void change(void) {
    protect_and_move(slot_of(LAB_VA, 3), page_at(frame(1)));
    now = 1;
}

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
