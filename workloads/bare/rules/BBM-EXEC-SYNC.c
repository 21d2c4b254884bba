/* SPDX-License-Identifier: Apache-2.0
 * BBM-EXEC-SYNC: code is called through a mapping that this core has just made.
 *
 * Cores: cortex-a720*2
 * Levels: 0 1 2 3
 * Writer: map_and_call
 * Holders: 0
 */
#include "lab/lab.h"

enum { RET = 0xd65f03c0 };

static u64 code;

static void prepare(void) {
    code = frame(0);
    *(volatile u32 *)table_pointer(code) = RET;
    __asm__ volatile("dc cvau, %0" : : "r"(table_pointer(code)) : "memory");
    dsb(ish);
    slot_of(LAB_VA, 3); /* the tables above */
}

/* The DSB makes the entry visible to walks; only the ISB discards what was fetched before. */
WRITER void map_and_call(u64 *slot) {
    write_once(slot, code | ATTR_CODE | DESC_PAGE);
    dsb(ish);
    if (!wrong()) isb();
    ((void (*)(void))LAB_VA)();
}

static void change(void) { map_and_call(slot_of(LAB_VA, 3)); }

const struct lesson lesson = {.prepare = prepare, .change = change};
