/* SPDX-License-Identifier: Apache-2.0
 * What the programs of rules/ and bugs/ share: a spot of the kernel's map (TTBR1) that is theirs, and the order of
 * events. Each program is one file that defines `lesson`; every core uses the spot, core 0 changes it, every core
 * uses it again. --set variant=violating|correct (rules), bug|fix (bugs) chooses what the change does.
 */
#ifndef BARE_LAB_H
#define BARE_LAB_H

#include "lib/console.h"
#include "lib/guest.h"
#include "lib/string.h"
#include "lib/sysreg.h"
#include "mm/mm.h"
#include "smp/smp.h"

#define LAB_VA 0xffffd00000000000 /* aligned to every level of every granule */

#define DESC_NG (1ULL << 11)
#define DESC_DBM (1ULL << 51)
#define DESC_SH (3ULL << 8)
#define DESC_SH_OUTER (2ULL << 8)
#define ATTR_CODE (ATTR_TEXT & ~DESC_PXN)
#define ATTR_NC ((ATTR_DATA & ~(7ULL << 2)) | DESC_ATTR(MAIR_NC))

struct lesson {
    void (*prepare)(void);            /* core 0, before anybody looks */
    void (*use)(unsigned cpu);        /* every core, before and after the change; null: it isn't used */
    void (*change)(void);             /* core 0: what this program is about */
    void (*meanwhile)(unsigned cpu);  /* the others during the change; null: they wait */
};
extern const struct lesson lesson;

bool wrong(void);   /* variant=violating or bug: the step that this program is about is left out */

u64 frame(unsigned n);       /* PA of a granule-sized page; frame n is filled with the doubleword n + 1 */
u64 block_frame(unsigned n); /* PA of RAM for a level 2 block, aligned; each of its pages begins with n + 1 */

/* The descriptor slot for va at `level` below `root` (PA), with the tables above it made. */
u64 *slot_in(u64 root, u64 va, unsigned level);
static inline u64 *slot_of(u64 va, unsigned level) { return slot_in(boot_regs.ttbr1, va, level); }

/* A new mapping, which no PE used before: needs no TLBI (I_WZCBG). */
void map(u64 va, unsigned level, u64 descriptor);
static inline u64 page_at(u64 pa) { return pa | ATTR_DATA | DESC_PAGE; }
static inline u64 block_at(u64 pa) { return pa | ATTR_DATA | DESC_BLOCK; }
/* PA of a table, not yet linked, that maps what the block of level 2 maps, in pages. */
static inline u64 pages_of(u64 block) { return make_table_from(block, 2, NO_CONT); }

/* break-before-make's middle (R_DDMVT): orders the write of the invalid entry, removes va's old entry of any level
 * from every core's TLBs, and waits until that is done. */
void flush_va(u64 va);
void flush_all(void);
/* TTBR1 by way of an empty table and a flush, from the identity map: old and new tables are never reachable together. */
void replace_ttbr1(u64 root);
/* So that the new descriptor is seen by walks, and by this core's next instructions. */
static inline void make_visible(void) {
    dsb(ishst);
    isb();
}

/* Writes `fresh` if *p is *seen, as one atomic step; *seen becomes what was there. */
bool compare_and_swap(u64 *p, u64 *seen, u64 fresh);

static inline u64 peek(u64 va) { return *(const volatile u64 *)va; }
/* Reads va; anything but `value` is counted in wrong.coreN, and fails the run if this variant is right. */
void expect(u64 va, u64 value);

#endif
