/* SPDX-License-Identifier: Apache-2.0
 * Direct replacement of live descriptors, with no break and no TLBI in between, as Linux' repaint does. Legal only
 * while every core that can reach or hold the entries has FEAT_BBM level 2 (R_WHZWS, R_KHRBC).
 */
#include "lib/sysreg.h"
#include "mm/mm.h"

u64 make_table_from(u64 block, unsigned level, unsigned flags) {
    const u64 table = machine.tables == TABLES_ZEROED ? table_alloc_zeroed() : table_alloc();
    u64 first = (block & ~(DESC_TYPE | DESC_CONT)) | leaf_type(level + 1);
    if (!(flags & NO_CONT) && group_members(level + 1)) first |= DESC_CONT;
    u64 *const to = table_pointer(table);
    if (machine.fill_entry) set_descriptors(to, first & DESC_ADDRESS, first & ~DESC_ADDRESS, level_span(level + 1), table_entries());
    else fill_descriptors(to, first, level_span(level + 1), table_entries());
    return table;
}

WRITER void split_block(u64 *slot, u64 va, unsigned level, unsigned flags) {
    const u64 table = make_table_from(*slot, level, flags);
    dsb(ishst); /* the table's contents before the link to it */
    write_once(slot, table | DESC_TABLE);
    leaf_changed(va, level, level_span(level));
}

u64 *group_first(u64 *slot, unsigned level) { return (u64 *)round_down((u64)slot, 8 * group_members(level)); }

WRITER void clear_contiguous(u64 *slot, u64 va, unsigned level) {
    const u64 bytes = group_members(level) * level_span(level);
    slot = group_first(slot, level);
    for (unsigned i = 0; i < group_members(level); ++i)
        if (is_valid(slot[i])) write_once(&slot[i], slot[i] & ~DESC_CONT);
    leaf_changed(round_down(va, bytes), level, bytes);
}
