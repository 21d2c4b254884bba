/* SPDX-License-Identifier: Apache-2.0 */
#include "strategies/walk_split.h"

#include "lib/guest.h"
#include "mm/mm.h"

static enum walk_action pud_entry(u64 *slot, u64 va, unsigned level) {
    if (is_leaf(*slot, level)) split_block(slot, va, level, NO_CONT);
    if ((va & ((1 << 30) - 1)) == 0) progress(va - LINEAR_VA, machine.ram_end - machine.ram_base);
    return WALK_DESCEND; /* into what is a table now */
}

static enum walk_action pmd_entry(u64 *slot, u64 va, unsigned level) {
    if (!is_leaf(*slot, level)) return WALK_DESCEND;
    if (*slot & DESC_CONT) clear_contiguous(slot, va, level);
    split_block(slot, va, level, NO_CONT);
    return WALK_SKIP; /* the new pages are as wanted */
}

static enum walk_action pte_entry(u64 *slot, u64 va, unsigned level) {
    if (*slot & DESC_CONT) clear_contiguous(slot, va, level);
    return WALK_SKIP;
}

void walk_and_split(void) {
    const struct walk_ops ops = {.entry = {NULL, pud_entry, pmd_entry, pte_entry}, .leave_alone = text_alias()};
    const u64 begin = pa_to_linear(machine.ram_base), end = pa_to_linear(machine.ram_end);
    walk_range(begin, end, &ops);
    flush_tlb_kernel_range(begin, end);
}
