/* SPDX-License-Identifier: Apache-2.0
 * A walker of its own, as the first posting had it; what must not be left behind is said in flags.
 */
#include "mm/mm.h"

static void split_entries(u64 table, unsigned level, u64 va, u64 end, unsigned flags) {
    const struct bank text = text_alias();
    u64 *slot = &table_pointer(table)[level_index(va, level)];
    for (u64 next; va < end; va = next, ++slot) {
        next = level_next(va, end, level);
        if (!is_valid(*slot) || (va >= text.begin && next <= text.end)) continue;
        if (is_leaf(*slot, level)) {
            if (flags & NO_CONT && *slot & DESC_CONT) clear_contiguous(slot, va, level);
            if (level == 3 || !(flags & NO_BLOCK)) continue;
            split_block(slot, va, level, flags);
            if (level == 2) continue; /* the new pages are as wanted */
        }
        split_entries(*slot & DESC_ADDRESS, level + 1, va, next, flags);
    }
}

void split_range(u64 va, u64 end, unsigned flags) {
    if (va < end) split_entries(boot_regs.ttbr1, root_level(), va, end, flags);
}
