/* SPDX-License-Identifier: Apache-2.0
 * BBM-HW-UPDATE: a page is write-protected by a plain store, while another core's hardware marks it dirty.
 *
 * Cores: cortex-a720*2
 * Levels: 0 1 2 3
 * Writer: write_protect
 * Holders: 1
 */
#include "lab/lab.h"

#define TCR_HA (1ULL << 39)
#define TCR_HD (1ULL << 40)

static u64 *slot;
static volatile u32 turn; /* 1: the entry was read, 2: its page was written */
static bool changed;
static u64 dirty;

static void prepare(void) {
    map(LAB_VA, 3, page_at(frame(0)) | DESC_DBM | DESC_RO); /* writable-clean */
    slot = slot_of(LAB_VA, 3);
}

static void use(unsigned cpu) {
    (void)cpu;
    if (!changed) {
        write_sysreg(tcr_el1, read_sysreg(tcr_el1) | TCR_HA | TCR_HD);
        isb();
        local_flush_tlb_all();
    }
    expect(LAB_VA, changed ? 7 : 1);
    expect((u64)&dirty, changed); /* whoever wrote the page back would look here */
}

/* Returns the entry as it was when it was replaced, as far as the caller can know. */
WRITER u64 write_protect(u64 seen) {
    if (wrong())
        write_once(slot, (seen & ~DESC_DBM) | DESC_RO);
    else
        while (!compare_and_swap(slot, &seen, (seen & ~DESC_DBM) | DESC_RO)) continue;
    flush_va(LAB_VA);
    return seen;
}

static void change(void) {
    const u64 seen = read_once(slot);
    turn = 1;
    while (turn != 2) continue;
    dirty = !(write_protect(seen) & DESC_RO);
    changed = true;
}

static void write_meanwhile(unsigned cpu) {
    if (cpu != 1) return;
    while (turn != 1) continue;
    *(volatile u64 *)LAB_VA = 7;
    dsb(ish);
    turn = 2;
}

const struct lesson lesson = {.prepare = prepare, .use = use, .change = change, .meanwhile = write_meanwhile};
