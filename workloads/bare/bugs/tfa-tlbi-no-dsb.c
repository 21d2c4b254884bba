/* SPDX-License-Identifier: Apache-2.0
 * tfa-tlbi-no-dsb: a TLBI that nobody waits for.
 *
 * Project: TF-A
 * Commit: pull request 1273
 * Rule: BBM-NO-DSB-AFTER-TLBI
 * Cores: cortex-a720*2
 * Writer: remap_region
 * Holders: 0 1
 * What happened: Firmware issued TLBIs with no DSB behind them, and went on as if the entries were gone. (TF-A did
 * so at EL3; shown at EL1 for a region that is mapped again elsewhere.)
 * Hardware: A PE that has not performed the TLBI uses the old entry beside the new one (R_YNJCP).
 * Fix: A DSB, and an ISB, after each sequence of TLBIs.
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

WRITER void remap_region(u64 *slot, u64 fresh) {
    write_once(slot, 0);
    dsb(ishst);
    tlbi_va(vaae1is, LAB_VA);
    if (!wrong()) {
        dsb(ish);
        isb();
    }
    write_once(slot, fresh);
    make_visible();
}

static void change(void) {
    remap_region(slot_of(LAB_VA, 3), page_at(frame(1)));
    now = 1;
}

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
