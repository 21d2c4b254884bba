/* SPDX-License-Identifier: Apache-2.0
 * kpti-ng: what Linux does to its map when kpti is switched on late (idmap_kpti_install_ng_mappings): every kernel
 * leaf becomes non-global. The others wait in the identity map as for a split; the boot core goes there too, with a
 * small map in TTBR1 through which it reaches one table page at a time. No entry changes its size: the map starts in
 * pages, and is page-from-boot's but for nG.
 */
#include "lib/guest.h"
#include "lib/sysreg.h"
#include "mm/mm.h"
#include "smp/smp.h"
#include "strategies/strategy.h"

enum { LEVELS = 4 };

/* The temporary map: the page of its own last table, and behind it one page for a table of each level. */
static u64 temporary_root;

static u64 *window_slots(void) { return (u64 *)WINDOW_VA; }

static void make_temporary_map(void) {
    u64 table = temporary_root = table_alloc_zeroed();
    for (unsigned level = root_level(); level < 3; ++level) {
        const u64 next = table_alloc_zeroed();
        table_pointer(table)[level_index(WINDOW_VA, level)] = next | DESC_TABLE;
        table = next;
    }
    table_pointer(table)[level_index(WINDOW_VA, 3)] = table | ATTR_DATA | DESC_NG | DESC_PAGE;
    dsb(ishst);
}

/* Break before make: the page of this level showed another table before. */
static u64 *look_at(u64 table, unsigned level) {
    const u64 va = WINDOW_VA + (level + 1) * table_bytes();
    u64 *slot = &window_slots()[level_index(va, 3)];
    write_once(slot, 0);
    dsb(nshst);
    tlbi_va(vaae1, va);
    dsb(nsh);
    isb();
    write_once(slot, table | ATTR_DATA | DESC_NG | DESC_PAGE);
    dsb(nshst);
    isb();
    return (u64 *)va;
}

WRITER void make_non_global(u64 table, unsigned level) {
    u64 *entry = look_at(table, level);
    for (unsigned i = 0; i < table_entries(); ++i) {
        const u64 d = entry[i];
        if (!is_valid(d)) continue;
        if (is_table(d, level)) make_non_global(d & DESC_ADDRESS, level + 1);
        else write_once(&entry[i], d | DESC_NG);
    }
}

/* In the identity map: no pointers to functions or strings. */
static void rewrite_all(u64 root) {
    make_non_global(root, root_level());
    dsb(ish);
    tlbi(vmalle1); /* what came through the window */
    dsb(nsh);
    isb();
}

static void repaint(void) {
    make_temporary_map();
    in_idmap(rewrite_all, boot_regs.ttbr1, temporary_root, boot_regs.ttbr1);
    progress(1, 1);
}

const struct strategy strategy_kpti_ng = {.name = "kpti-ng", .paint_flags = NO_BLOCK | NO_CONT, .repaint = repaint};
