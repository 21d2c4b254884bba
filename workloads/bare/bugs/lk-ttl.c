/* SPDX-License-Identifier: Apache-2.0
 * lk-ttl: upper bits of the address get into the TLBI's TTL field.
 *
 * Project: Little Kernel
 * Commit: pull request 386
 * Rule: BBM-WRONG-TLBI
 * Cores: cortex-a720*2
 * Writer: remap
 * Holders: 0 1
 * What happened: The operand was the address shifted right by 12, not cut to 44 bits: VA[59:56], ones for a kernel
 * address, became the TTL field, which says at which level and granule the entry is: 0b1111, level 3 of the 64K granule.
 * Hardware: With FEAT_TTL, a TLBI whose TTL doesn't fit the entry need not remove anything (R_SQXYZ).
 * Fix: Bits [43:0] of the operand hold VA[55:12], the others are zero or what they are meant to be.
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

static void invalidate_page(u64 va) {
    const u64 operand = wrong() ? va >> 12 : (va >> 12) & 0xfffffffffffUL;
    __asm__ volatile("tlbi vaae1is, %0" : : "r"(operand) : "memory");
}

WRITER void remap(u64 *slot, u64 fresh) {
    write_once(slot, 0);
    dsb(ishst);
    invalidate_page(LAB_VA);
    dsb(ish);
    isb();
    write_once(slot, fresh);
    make_visible();
}

static void change(void) {
    remap(slot_of(LAB_VA, 3), page_at(frame(1)));
    now = 1;
}

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
