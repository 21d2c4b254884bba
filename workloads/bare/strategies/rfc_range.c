/* SPDX-License-Identifier: Apache-2.0
 * rfc-range: the way of the July 2025 posting. An own walker goes over the memory ranges one by one, leaves the
 * kernel text alone, and flushes after each range; what it must not leave behind is said in flags.
 */
#include "lib/guest.h"
#include "mm/mm.h"
#include "strategies/strategy.h"

static void split_entries(u64 table, unsigned level, u64 va, u64 end, unsigned flags) {
    u64 *slot = &table_pointer(table)[level_index(va, level)];
    for (u64 next; va < end; va = next, ++slot) {
        next = level_next(va, end, level);
        if (!is_valid(*slot)) continue;
        if (is_leaf(*slot, level)) {
            if (flags & NO_CONT && *slot & DESC_CONT) clear_contiguous(slot, level);
            if (level == 3 || !(flags & NO_BLOCK)) continue;
            split_block(slot, level, flags);
            if (level == 2) continue; /* the new pages are as wanted */
        }
        split_entries(*slot & DESC_ADDRESS, level + 1, va, next, flags);
    }
}

static void split_kernel_mapping(u64 va, u64 end, unsigned flags) {
    const u64 total = machine.ram_end - machine.ram_base;
    while (va < end) { /* by the gibibyte: progress for the host */
        const u64 next = min_u64(round_down(va, 1 << 30) + (1 << 30), end);
        split_entries(boot_regs.ttbr1, root_level(), va, next, flags);
        va = next;
        progress(va - LINEAR_VA, total);
    }
}

static void repaint(void) {
    struct bank ranges[MAX_BANKS + 1];
    const unsigned n = linear_ranges(ranges);
    for (unsigned i = 0; i < n; ++i) {
        split_kernel_mapping(ranges[i].begin, ranges[i].end, NO_BLOCK | NO_CONT);
        flush_tlb_kernel_range(ranges[i].begin, ranges[i].end);
    }
}

const struct strategy strategy_rfc_range = {.name = "rfc-range", .repaint = repaint};
