/* SPDX-License-Identifier: Apache-2.0
 * Break-before-make to the letter (R_DDMVT): a batch of entries is made invalid; DSB; TLBI of every one; DSB; only then
 * the new entries are written. A batch is a block or a contiguous group, with dsb=batched all leaves of a table.
 * The sabotages of flush and barriers each leave one step out.
 */
#include "lib/sysreg.h"
#include "mm/mm.h"

enum { MOST_ENTRIES = 1 << 13 };

/* After this nobody translates through the n entries any more. */
WRITER void strict_break(u64 *slot, unsigned n, u64 va, unsigned level) {
    const enum sabotage s = machine.sabotage;
    for (unsigned i = 0; i < n; ++i) write_once(&slot[i], 0);
    if (s != SABOTAGE_NO_DSB_BEFORE_TLBI) dsb(ish);
    if (s != SABOTAGE_NO_FLUSH) invalidate_leaves(va, n * level_span(level), level, s == SABOTAGE_LOCAL_FLUSH);
    if (s == SABOTAGE_NO_DSB_AFTER_TLBI) return;
    if (s == SABOTAGE_LOCAL_FLUSH) dsb(nsh);
    else dsb(ish);
    isb();
}

WRITER void strict_make(u64 *slot, const u64 *fresh, unsigned n) {
    for (unsigned i = 0; i < n; ++i) write_once(&slot[i], fresh[i]);
    dsb(ishst);
    isb();
}

static bool wanted(u64 entry, unsigned level) { return is_leaf(entry, level) && (level < 3 || entry & DESC_CONT); }

/* How many entries from slot on are replaced together; whole groups, since the range begins and ends at group edges. */
static unsigned batch(const u64 *slot, u64 va, u64 end, unsigned level) {
    const u64 left = (end - va) >> level_shift(level), in_table = table_entries() - level_index(va, level);
    const struct bank text = text_alias();
    unsigned n = 0;
    if (machine.dsb != DSB_BATCHED) return *slot & DESC_CONT ? group_members(level) : 1;
    while (n < min_u64(left, in_table) && wanted(slot[n], level) && va + n * level_span(level) != text.begin) ++n;
    return n;
}

static void replace(u64 *slot, u64 va, unsigned level, unsigned n) {
    static u64 fresh[MOST_ENTRIES];
    for (unsigned i = 0; i < n; ++i)
        fresh[i] = level < 3 ? make_table_from(slot[i], level, NO_CONT) | DESC_TABLE : slot[i] & ~DESC_CONT;
    dsb(ishst);
    strict_break(slot, n, va, level);
    strict_make(slot, fresh, n);
}

static void replace_entries(u64 table, unsigned level, u64 va, u64 end, void (*before)(void), void (*after)(void)) {
    const struct bank text = text_alias();
    u64 *slot = &table_pointer(table)[level_index(va, level)];
    u64 done = va; /* everything below has been replaced */
    for (u64 next; va < end; va = next, ++slot) {
        next = level_next(va, end, level);
        if (!is_valid(*slot) || (va >= text.begin && next <= text.end)) continue;
        if (va >= done && wanted(*slot, level)) {
            const unsigned n = batch(slot, va, end, level);
            if (before) before();
            replace(slot, va, level, n);
            if (after) after();
            done = va + n * level_span(level);
        }
        if (level < 2 || (is_table(*slot, level) && va >= done))
            replace_entries(*slot & DESC_ADDRESS, level + 1, va, next, before, after);
    }
}

void strict_range(u64 va, u64 end, void (*before)(void), void (*after)(void)) {
    if (va < end) replace_entries(boot_regs.ttbr1, root_level(), va, end, before, after);
}
