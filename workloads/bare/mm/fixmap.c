/* SPDX-License-Identifier: Apache-2.0 */
#include "mm/fixmap.h"

#include "lib/sysreg.h"

u64 fixmap_sets;

static u64 address(unsigned slot) { return FIXMAP_VA + slot * table_bytes(); }
static u64 *entry(unsigned slot) { return (u64 *)address(FIX_TABLE) + slot; }
static u64 page_entry(u64 pa) { return round_down(pa, table_bytes()) | ATTR_DATA | DESC_PAGE; }

void fixmap_paint(void) {
    unsigned level;
    paint(boot_regs.ttbr1, FIXMAP_VA, boot_regs.ttbr1, FIX_COUNT * table_bytes(), ATTR_DATA, NO_CONT);
    u64 *table = find_leaf(FIXMAP_VA, &level); /* the first of its table: FIXMAP_VA is aligned for any granule */
    for (unsigned slot = 0; slot < FIX_WINDOWS; ++slot) table[slot] = 0;
    table[FIX_TABLE] = page_entry((u64)table);
    table[FIX_ROOT] = page_entry(boot_regs.ttbr1);
}

WRITER u64 *fixmap_set(unsigned slot, u64 pa) {
    ++fixmap_sets;
    write_once(entry(slot), page_entry(pa));
    dsb(ishst);
    isb();
    return (u64 *)(address(slot) + (pa & (table_bytes() - 1)));
}

WRITER void fixmap_clear(unsigned slot) {
    write_once(entry(slot), 0);
    dsb(ishst);
    tlbi_va(vaale1is, address(slot));
    dsb(ish);
    isb();
}

const u64 *fixmap_root(void) { return (const u64 *)address(FIX_ROOT); }
