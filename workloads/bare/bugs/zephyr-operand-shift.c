/* SPDX-License-Identifier: Apache-2.0
 * zephyr-operand-shift: with pages of 64 KiB, the TLBI is given another page's address.
 *
 * Project: Zephyr
 * Commit: pull request 115712 (issue 115708)
 * Rule: BBM-WRONG-TLBI
 * Cores: cortex-a720*2
 * Set: granule=64k
 * Writer: page_in
 * Holders: 0 1
 * What happened: invalidate_tlb_page() shifted the address by the page's size. The operand is VA[55:12] for every
 * granule, so with 16 KiB and 64 KiB pages another page was invalidated, and frames that were paged out stayed
 * accessible.
 * Hardware: The old entry stays in every TLB.
 * Fix: A shift by 12, always.
 */
#include "lab/lab.h"

#define LAB_PAGE (LAB_VA + 3 * table_bytes())

static unsigned now;

static void prepare(void) {
    map(LAB_PAGE, 3, page_at(frame(0)));
    frame(1);
}

static void use(unsigned cpu) {
    (void)cpu;
    expect(LAB_PAGE, now + 1);
}

static void invalidate_page(u64 va) {
    const unsigned shift = wrong() ? machine.granule_shift : 12;
    __asm__ volatile("tlbi vaae1is, %0" : : "r"((va >> shift) & 0xfffffffffffUL) : "memory");
}

WRITER void page_in(u64 *slot, u64 fresh) {
    write_once(slot, 0);
    dsb(ishst);
    invalidate_page(LAB_PAGE);
    dsb(ish);
    isb();
    write_once(slot, fresh);
    make_visible();
}

static void change(void) {
    page_in(slot_of(LAB_PAGE, 3), page_at(frame(1)));
    now = 1;
}

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
