/* SPDX-License-Identifier: Apache-2.0
 * edk2-missing-isb: code is fetched through an entry that was just made again, without an ISB.
 *
 * Project: EDK2 (ArmMmuLib)
 * Commit: 5ce29ae84d, pull request 4418
 * Rule: BBM-EXEC-SYNC
 * Cores: cortex-a720
 * Writer: replace_live_entry
 * Holders: 0
 * What happened: The helper that replaces live entries ended with a DSB after the new entry. It stops no
 * instruction fetch: some were made before, met the invalid entry, and the firmware died of a Translation fault,
 * once in a while.
 * Hardware: A fetch before the context synchronization event may still use the invalid entry: a spurious
 * Translation fault (I_WZCBG).
 * Fix: An ISB behind the DSB.
 */
#include "lab/lab.h"

enum { RET = 0xd65f03c0 };

static void prepare(void) {
    *(volatile u32 *)table_pointer(frame(0)) = RET;
    __asm__ volatile("dc cvau, %0" : : "r"(table_pointer(frame(0))) : "memory");
    dsb(ish);
    map(LAB_VA, 3, frame(0) | ATTR_CODE | DESC_PAGE);
}

static void use(unsigned cpu) {
    (void)cpu;
    ((void (*)(void))LAB_VA)();
}

WRITER void replace_live_entry(u64 *slot, u64 fresh) {
    write_once(slot, 0);
    flush_va(LAB_VA);
    write_once(slot, fresh);
    dsb(ish);
    if (!wrong()) isb();
    ((void (*)(void))LAB_VA)(); /* the helper returns into what it mapped */
}

static void change(void) { replace_live_entry(slot_of(LAB_VA, 3), frame(0) | ATTR_CODE | DESC_PAGE); }

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
