/* SPDX-License-Identifier: Apache-2.0
 * BBM-CONTEXT: MAIR_EL1 gives an attribute index another meaning, and nobody flushes.
 *
 * Cores: cortex-a720*2
 * Levels: 0 1 2 3
 * Writer: set_mair
 * Holders: 0 1
 */
#include "lab/lab.h"

static void prepare(void) { map(LAB_VA, 3, frame(0) | ATTR_NC | DESC_PAGE); }

static void use(unsigned cpu) {
    (void)cpu;
    expect(LAB_VA, 1);
}

WRITER void set_mair(u64 value) {
    write_sysreg(mair_el1, value);
    isb();
    if (!wrong()) local_flush_tlb_all();
}

static void change(void) { set_mair(0xffff00); } /* Attr2: Non-cacheable becomes write-back */
static void change_too(unsigned cpu) {
    (void)cpu;
    change();
}

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change, .meanwhile = change_too};
