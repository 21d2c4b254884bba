/* SPDX-License-Identifier: Apache-2.0
 * linux-kpti-ng: global kernel entries in contiguous groups are rewritten to non-global ones in place.
 *
 * Project: Linux
 * Commit: f992b4dfd58b
 * Rule: BBM-CONT
 * Cores: cortex-a720*2
 * Levels: 0 1 2 3
 * Writer: rewrite_ng
 * Holders: 0 1
 * What happened: A kernel that learns late that it must isolate itself from user space has to make its global
 * entries non-global. That alone would be safe, but groups have to be dissolved, or changed as one, on the way,
 * and no level of FEAT_BBM permits both in one write (R_PVTFW): the case for which the commit rewrites the map
 * from the identity map, with the others parked.
 * Hardware: While the Contiguous bit differs within a group: some consistent value, or a TLB conflict abort in the
 * kernel's own text (R_NGLXZ).
 * Fix: Nobody uses the map meanwhile, and each group is broken, flushed and made again.
 */
#include "lab/lab.h"

static void prepare(void) {
    const u64 first = block_frame(0);
    for (unsigned i = 0; i < group_members(3); ++i)
        map(LAB_VA + i * table_bytes(), 3, page_at(first + i * table_bytes()) | DESC_CONT);
}

static void use(unsigned cpu) {
    (void)cpu;
    expect(LAB_VA, 1);
    expect(LAB_VA + 7 * table_bytes(), 1);
}

WRITER void rewrite_ng(u64 *group) {
    u64 first = group[0] | DESC_NG;
    if (wrong()) {
        first &= ~DESC_CONT;
    } else {
        for (unsigned i = 0; i < group_members(3); ++i) write_once(&group[i], 0);
        flush_all();
    }
    for (unsigned i = 0; i < group_members(3); ++i) write_once(&group[i], first + i * table_bytes());
    flush_all();
}

static void change(void) { rewrite_ng(slot_of(LAB_VA, 3)); }

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
