/* SPDX-License-Identifier: Apache-2.0
 * axcpu-local-tlbi: the flush of everything, for large ranges, is not broadcast.
 *
 * Project: axcpu (tgoskits)
 * Commit: pull request 2008
 * Rule: BBM-LOCAL-TLBI
 * Cores: cortex-a720*2
 * Writer: replace_range
 * Holders: 1
 * What happened: Above a number of pages, single TLBIs VAAE1IS were given up for one TLBI VMALLE1: local, where
 * the others were broadcast.
 * Hardware: The other cores keep all entries of the range.
 * Fix: TLBI VMALLE1IS.
 */
#include "lab/lab.h"

enum { PAGES = 8 };

static unsigned now;

static void prepare(void) {
    for (unsigned i = 0; i < PAGES; ++i) map(LAB_VA + i * table_bytes(), 3, page_at(frame(0)));
    frame(1);
}

static void use(unsigned cpu) {
    (void)cpu;
    for (unsigned i = 0; i < PAGES; ++i) expect(LAB_VA + i * table_bytes(), now + 1);
}

WRITER void replace_range(u64 *slots, u64 fresh) {
    for (unsigned i = 0; i < PAGES; ++i) write_once(&slots[i], 0);
    dsb(ishst);
    if (wrong()) tlbi(vmalle1);
    else tlbi(vmalle1is);
    dsb(sy);
    isb();
    for (unsigned i = 0; i < PAGES; ++i) write_once(&slots[i], fresh);
    make_visible();
}

static void change(void) {
    replace_range(slot_of(LAB_VA, 3), page_at(frame(1)));
    now = 1;
}

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
