/* SPDX-License-Identifier: Apache-2.0
 * linux-hugetlb-contiguous: a huge page of contiguous entries is replaced entry by entry.
 *
 * Project: Linux
 * Commit: d8bdcff28764
 * Rule: BBM-OA
 * Cores: cortex-a720*2
 * Writer: set_huge_pages
 * Holders: 0 1
 * What happened: The accessors of huge pages that are made of contiguous entries wrote new values over live ones,
 * one entry after another. Shown here with the worst new value: another page, as for a copy on write.
 * Hardware: A TLB that keeps one entry for the group answers for all sixteen with old or new values, mixes them,
 * or takes a TLB conflict abort (R_NGLXZ, R_FVQCK).
 * Fix: All entries of the group are made invalid and flushed before the first new one is written.
 */
#include "lab/lab.h"

static unsigned now;

static void prepare(void) {
    const u64 first = page_at(block_frame(0)) | DESC_CONT;
    for (unsigned i = 0; i < group_members(3); ++i) map(LAB_VA + i * table_bytes(), 3, first + i * table_bytes());
    block_frame(1);
}

static void use(unsigned cpu) {
    (void)cpu;
    expect(LAB_VA + 3 * table_bytes(), now + 1);
}

WRITER void set_huge_pages(u64 *group, u64 pa) {
    if (!wrong()) {
        for (unsigned i = 0; i < group_members(3); ++i) write_once(&group[i], 0);
        flush_all();
    }
    const u64 first = page_at(pa) | DESC_CONT;
    for (unsigned i = 0; i < group_members(3); ++i) write_once(&group[i], first + i * table_bytes());
    make_visible();
}

static void change(void) {
    set_huge_pages(slot_of(LAB_VA, 3), block_frame(1));
    now = 1;
}

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change};
