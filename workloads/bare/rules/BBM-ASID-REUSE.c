/* SPDX-License-Identifier: Apache-2.0
 * BBM-ASID-REUSE: a second address space gets the ASID of the first.
 *
 * Cores: cortex-a720*2
 * Levels: 0 1 2 3
 * Writer: switch_to
 * Holders: 0
 */
#include "lab/lab.h"

#define USER_VA 0x400000UL

static u64 spaces[2];
static unsigned now;

static void prepare(void) {
    for (unsigned i = 0; i < 2; ++i) {
        spaces[i] = table_alloc_zeroed();
        write_once(slot_in(spaces[i], USER_VA, 3), page_at(frame(i)) | DESC_NG);
    }
    make_visible();
}

/* ASIDs are TTBR1's (TCR_EL1.A1), so the lower half is empty while the two registers disagree. */
WRITER void switch_to(u64 root, u64 asid) {
    write_sysreg(ttbr0_el1, boot_regs.empty);
    isb();
    write_sysreg(ttbr1_el1, boot_regs.ttbr1 | asid << 48);
    isb();
    write_sysreg(ttbr0_el1, root);
    isb();
}

static void use(unsigned cpu) {
    if (cpu) return;
    switch_to(spaces[now], 7);
    expect(USER_VA, now + 1);
    switch_to(boot_regs.empty, 0);
}

static void change(void) {
    dsb(ishst);
    if (!wrong()) __asm__ volatile("tlbi aside1is, %0" : : "r"(7UL << 48) : "memory");
    dsb(ish);
    isb();
    now = 1;
}

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
