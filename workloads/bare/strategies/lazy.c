/* SPDX-License-Identifier: Apache-2.0
 * lazy: what Linux 6.18 does when all cores are capable. Nothing is repainted at boot; each set_memory_*() call splits
 * what its two edges cut, from the top down, and no more (split_kernel_leaf_mapping). Both edges in one block: the less
 * aligned one first, since its split usually settles the other. The others go on reading the map: every core needs
 * FEAT_BBM level 2. The map stays in blocks wherever no call came by.
 */
#include "lib/guest.h"
#include "lib/sysreg.h"
#include "mm/mm.h"
#include "smp/smp.h"
#include "strategies/set_memory.h"
#include "strategies/strategy.h"
#include "verify/verify.h"

enum { READS_A_TURN = 64, MADE_UP_CALLS = 64, MOST_MADE_UP_PAGES = 32 };

struct set_memory_list set_memory_list __attribute__((section(".data")));
static u32 done __attribute__((aligned(64)));

/* Pairs of ro and rw over ranges that lie all over the verified memory. */
static void make_up_calls(void) {
    const struct verify_range r = verify_range();
    const u64 begin = round_up(r.begin, table_bytes()), pages = (r.end - begin) >> machine.granule_shift;
    u64 random = 0x9e3779b97f4a7c15ULL;
    if (pages <= MOST_MADE_UP_PAGES) return;
    for (unsigned i = 0; i < MADE_UP_CALLS; ++i) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        const struct set_memory_call c = {
            .offset = pa_to_linear(begin) - LINEAR_VA + ((random >> 16) % (pages - MOST_MADE_UP_PAGES) << machine.granule_shift),
            .pages = 1 + (u32)random % MOST_MADE_UP_PAGES,
            .what = SET_RO,
        };
        set_memory_list.call[set_memory_list.n++] = c;
        set_memory_list.call[set_memory_list.n] = c;
        set_memory_list.call[set_memory_list.n++].what = SET_RW;
    }
}

/* Splits whatever has va inside and not at its edge. */
static void split_at(u64 va) {
    u64 table = boot_regs.ttbr1;
    for (unsigned level = root_level(); level <= 3; ++level) {
        u64 *slot = &table_pointer(table)[level_index(va, level)];
        if (!is_valid(*slot)) return;
        if (is_leaf(*slot, level)) {
            const u64 span = level_span(level);
            if (*slot & DESC_CONT && va & (span * group_members(level) - 1)) clear_contiguous(slot, va, level);
            if (!(va & (span - 1))) return;
            split_block(slot, round_down(va, span), level, 0);
        }
        table = *slot & DESC_ADDRESS;
    }
}

static void split_edges(u64 va, u64 end) {
    const bool begin_first = (va & -va) <= (end & -end);
    split_at(begin_first ? va : end);
    split_at(begin_first ? end : va);
}

static u64 changed(u64 d, u32 what) {
    switch (what) {
    case SET_RO: return d | DESC_RO;
    case SET_RW: return d & ~DESC_RO;
    case SET_X: return d & ~DESC_PXN;
    case SET_NX: return d | DESC_PXN;
    case SET_INVALID: return d & ~DESC_VALID;
    default: return d | DESC_VALID;
    }
}

/* Leaves within [va, end), whose edges are edges of leaves by now; an invalid one is a leaf of its level. */
WRITER void set_memory(u64 table, unsigned level, u64 va, u64 end, u32 what) {
    u64 *slot = &table_pointer(table)[level_index(va, level)];
    for (u64 next; va < end; va = next, ++slot) {
        next = level_next(va, end, level);
        if (is_table(*slot, level)) set_memory(*slot & DESC_ADDRESS, level + 1, va, next, what);
        else if (*slot) {
            write_once(slot, changed(*slot, what));
            leaf_changed(va, level, level_span(level));
        }
    }
}

static void repaint(void) {
    if (!set_memory_list.n) make_up_calls();
    for (u64 i = 0; i < set_memory_list.n; ++i) {
        const struct set_memory_call *c = &set_memory_list.call[i];
        const u64 va = LINEAR_VA + c->offset, end = va + ((u64)c->pages << machine.granule_shift);
        if (va >= end || end > pa_to_linear(machine.ram_end)) fail("set_memory: call %lu is outside the linear map", i);
        split_edges(va, end);
        set_memory(boot_regs.ttbr1, root_level(), va, end, c->what);
        flush_tlb_kernel_range(va, end);
        progress(i + 1, set_memory_list.n);
    }
    store_release32(&done, 1);
}

static void secondary(unsigned cpu) {
    (void)cpu;
    while (!load_acquire32(&done)) read_around(READS_A_TURN);
}

/* Writable and valid again, so that verification can write: not part of what is costed. */
static void finish(void) {
    for (u64 i = 0; i < set_memory_list.n; ++i) {
        const struct set_memory_call *c = &set_memory_list.call[i];
        const u64 va = LINEAR_VA + c->offset, end = va + ((u64)c->pages << machine.granule_shift);
        set_memory(boot_regs.ttbr1, root_level(), va, end, SET_VALID);
        set_memory(boot_regs.ttbr1, root_level(), va, end, SET_RW);
        flush_tlb_kernel_range(va, end);
    }
}

const struct strategy strategy_lazy = {
    .name = "lazy", .flushes = true, .repaint = repaint, .secondary = secondary, .finish = finish};
