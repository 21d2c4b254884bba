/* SPDX-License-Identifier: Apache-2.0
 * Walks of the live TTBR1 map by software.
 */
#include "mm/mm.h"

u64 *find_leaf(u64 va, unsigned *level) {
    u64 table = boot_regs.ttbr1;
    for (unsigned l = root_level(); l <= 3; ++l) {
        u64 *slot = &table_pointer(table)[level_index(va, l)];
        if (!is_valid(*slot)) return NULL;
        if (is_leaf(*slot, l)) {
            *level = l;
            return slot;
        }
        table = *slot & DESC_ADDRESS;
    }
    return NULL;
}

static void walk_table(u64 table, unsigned level, u64 va, u64 end, const struct walk_ops *ops) {
    u64 *slot = &table_pointer(table)[level_index(va, level)];
    for (u64 next; va < end; va = next, ++slot) {
        next = level_next(va, end, level);
        if (!is_valid(*slot)) continue;
        if (va >= ops->leave_alone.begin && next <= ops->leave_alone.end) continue;
        if (ops->entry[level] && ops->entry[level](slot, va, level) == WALK_SKIP) continue;
        if (is_table(*slot, level)) walk_table(*slot & DESC_ADDRESS, level + 1, va, next, ops);
    }
}

void walk_range(u64 va, u64 end, const struct walk_ops *ops) {
    if (va < end) walk_table(boot_regs.ttbr1, root_level(), va, end, ops);
}
