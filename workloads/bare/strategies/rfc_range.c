/* SPDX-License-Identifier: Apache-2.0
 * rfc-range: the way of the July 2025 posting. An own walker goes over the memory ranges one by one, leaves the
 * kernel text alone, and flushes after each range; what it must not leave behind is said in flags.
 */
#include "lib/guest.h"
#include "mm/mm.h"
#include "strategies/strategy.h"

static void split_kernel_mapping(u64 va, u64 end, unsigned flags) {
    const u64 total = machine.ram_end - machine.ram_base;
    while (va < end) { /* by the gibibyte: progress for the host */
        const u64 next = min_u64(round_down(va, 1 << 30) + (1 << 30), end);
        split_range(va, next, flags);
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

const struct strategy strategy_rfc_range = {.name = "rfc-range", .dsb_entry = true, .flushes = true, .repaint = repaint};
