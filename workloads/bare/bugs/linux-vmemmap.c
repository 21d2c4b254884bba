/* SPDX-License-Identifier: Apache-2.0
 * linux-vmemmap: tail pages of the memory map are remapped to one shared page while everybody reads them.
 *
 * Project: Linux
 * Commit: 060a2c92d1b6
 * Rule: BBM-OA
 * Cores: cortex-a720*2
 * Writer: remap_tail
 * Holders: 0 1
 * What happened: To save memory for huge pages, the struct pages of their tails were remapped, read-only, to one
 * frame of the same contents: another output address and another permission in one write to a live, writable
 * entry.
 * Hardware: Either translation, a mixture of both, or a TLB conflict abort for each access until a TLBI (R_FVQCK).
 * A store through an entry that mixes the new frame with the old right to write goes to the shared page.
 * Fix: The feature was switched off for arm64. Here: break-before-make, at a time when nobody reads there.
 */
#include "lab/lab.h"

static void prepare(void) {
    map(LAB_VA, 3, page_at(frame(0)));
    map(LAB_VA + table_bytes(), 3, page_at(frame(1)));
    *table_pointer(frame(1)) = 1; /* the tail says what the head says */
}

static void use(unsigned cpu) {
    (void)cpu;
    expect(LAB_VA, 1);
    expect(LAB_VA + table_bytes(), 1);
}

WRITER void remap_tail(u64 *slot, u64 shared) {
    if (!wrong()) {
        write_once(slot, 0);
        flush_va(LAB_VA + table_bytes());
    }
    write_once(slot, page_at(shared) | DESC_RO);
    make_visible();
}

static void change(void) { remap_tail(slot_of(LAB_VA + table_bytes(), 3), frame(0)); }

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
