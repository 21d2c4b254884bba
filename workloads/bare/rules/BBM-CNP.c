/* SPDX-License-Identifier: Apache-2.0
 * BBM-CNP: two cores declare their translations common, with other tables for one ASID.
 *
 * Cores: cortex-a720*2
 * Levels: 0 1 2 3
 * Writer: switch_to
 * Holders: 0 1
 */
#include "lab/lab.h"

#define USER_VA 0x400000UL
#define CNP 1UL

static u64 spaces[2];

static void prepare(void) {
    for (unsigned i = 0; i < 2; ++i) {
        spaces[i] = table_alloc_zeroed();
        write_once(slot_in(spaces[i], USER_VA, 3), page_at(frame(i)) | DESC_NG);
    }
    make_visible();
}

WRITER void switch_to(u64 ttbr0, u64 asid) {
    write_sysreg(ttbr0_el1, boot_regs.empty);
    isb();
    write_sysreg(ttbr1_el1, boot_regs.ttbr1 | asid << 48);
    isb();
    write_sysreg(ttbr0_el1, ttbr0);
    isb();
}

/* Each core its own address space; right with an ASID for each. */
static void use_own_space(unsigned cpu) {
    switch_to(spaces[cpu % 2] | CNP, wrong() ? 7 : 7 + cpu % 2);
    expect(USER_VA, cpu % 2 + 1);
    barrier();
    switch_to(boot_regs.empty, 0);
}

static void change(void) { use_own_space(0); }

const struct lesson lesson = {.prepare = prepare, .change = change, .meanwhile = use_own_space};
