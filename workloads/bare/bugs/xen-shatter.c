/* SPDX-License-Identifier: Apache-2.0
 * xen-shatter: the hypervisor shatters the live 2 MiB mapping of itself to set page permissions.
 *
 * Project: Xen
 * Commit: 00c96d77422a
 * Rule: BBM-SIZE
 * Cores: cortex-a720
 * Levels: 0 1
 * Writer: shatter
 * Holders: 0
 * What happened: Xen mapped itself by a 2 MiB block first, and later replaced it by a table of 4 KiB entries with
 * finer permissions, while running from it. (Xen does so at EL2; the tables are the same at EL1.)
 * Hardware: Either translation, a mixture of both, or a TLB conflict abort for each access until a TLBI (R_FVQCK).
 * Fix: The mapping is made of 4 KiB entries from the beginning; what changes later are permissions, which need no
 * break.
 */
#include "lab/lab.h"

static void prepare(void) {
    const u64 block = block_at(block_frame(0));
    map(LAB_VA, 2, wrong() ? block : pages_of(block) | DESC_TABLE);
}

static void use(unsigned cpu) {
    (void)cpu;
    expect(LAB_VA, 1);
    expect(LAB_VA + 2 * table_bytes(), 1);
}

WRITER void shatter(u64 *slot, u64 table) {
    write_once(slot, table | DESC_TABLE);
    flush_all();
}

WRITER void protect(u64 *slot) {
    write_once(slot, *slot | DESC_RO);
    flush_va(LAB_VA);
}

static void change(void) {
    if (!wrong()) {
        protect(slot_of(LAB_VA, 3));
        return;
    }
    const u64 table = pages_of(*slot_of(LAB_VA, 2));
    table_pointer(table)[0] |= DESC_RO;
    dsb(ishst);
    shatter(slot_of(LAB_VA, 2), table);
}

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
