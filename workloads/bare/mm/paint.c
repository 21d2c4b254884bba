/* SPDX-License-Identifier: Apache-2.0
 * Paints the boot map with the MMU off: nobody can reach these tables yet, so any write is free.
 */
#include "lib/console.h"
#include "lib/sysreg.h"
#include "mm/fixmap.h"
#include "mm/mm.h"
#include "scenarios/scenario.h"
#include "strategies/strategy.h"

struct boot_regs boot_regs;

struct brush {
    u64 attributes;
    unsigned flags;
};

/* `n` leaves of one table, in contiguous groups where they are aligned and wanted. */
static void paint_leaves(u64 *slot, u64 va, u64 pa, u64 n, unsigned level, const struct brush *b) {
    const u64 span = level_span(level), members = group_members(level), group = span * members;
    const u64 first = b->attributes | leaf_type(level);
    while (n) {
        const bool grouped = members && !(b->flags & NO_CONT) && !((va | pa) & (group - 1)) && n >= members;
        u64 run = n;
        if (grouped) run = n & ~(members - 1);
        else if (members && !(b->flags & NO_CONT)) run = min_u64(n, (round_up(va + span, group) - va) / span);
        fill_descriptors(slot, first | pa | (grouped ? DESC_CONT : 0), span, run);
        slot += run, n -= run, va += run * span, pa += run * span;
    }
}

static void paint_table(u64 table_pa, unsigned level, u64 va, u64 end, u64 pa, const struct brush *b) {
    const u64 span = level_span(level);
    const bool leaves = level == 3 || (!(b->flags & NO_BLOCK) && level >= machine.max_block_level);
    while (va < end) {
        u64 *slot = &table_pointer(table_pa)[level_index(va, level)];
        const u64 left = table_entries() - level_index(va, level);
        if (leaves && !((va | pa) & (span - 1)) && end - va >= span) {
            const u64 n = min_u64(left, (end - va) / span);
            paint_leaves(slot, va, pa, n, level, b);
            va += n * span, pa += n * span;
            if (n == left) return;
            continue;
        }
        const u64 next = level_next(va, end, level);
        if (!is_valid(*slot)) *slot = table_alloc_zeroed() | DESC_TABLE;
        paint_table(*slot & DESC_ADDRESS, level + 1, va, next, pa, b);
        pa += next - va, va = next;
        if (left == 1) return;
    }
}

/* VA ranges never wrap; a range that fills a table ends the loop above by `left`. */
void paint(u64 root_pa, u64 va, u64 pa, u64 bytes, u64 attributes, unsigned flags) {
    const struct brush b = {attributes, flags};
    if (bytes) paint_table(root_pa, root_level(), va, va + bytes, pa, &b);
}

void paint_linear(u64 root, unsigned flags) {
    const u64 text = image_to_pa(image_begin), data = image_to_pa(data_begin);
    for (unsigned i = 0; i < machine.fdt.bank_count; ++i) {
        const struct bank *b = &machine.fdt.banks[i];
        if (text < b->begin || text >= b->end) {
            paint(root, pa_to_linear(b->begin), b->begin, b->end - b->begin, ATTR_DATA, flags);
            continue;
        }
        paint(root, pa_to_linear(b->begin), b->begin, text - b->begin, ATTR_DATA, flags);
        paint(root, pa_to_linear(text), text, data - text, ATTR_RODATA, 0);
        paint(root, pa_to_linear(data), data, b->end - data, ATTR_DATA, flags);
    }
}

/* TCR_EL1: 48-bit VA both halves, write-back inner shareable walks, ASID from TTBR1 (A1) as Linux does. */
static u64 tcr_value(void) {
    static const u8 tg0[3] = {0, 2, 1}, tg1[3] = {2, 1, 3}; /* 4K, 16K, 64K */
    const unsigned g = (machine.granule_shift - 12) / 2;
    const u64 mmfr0 = read_sysreg(id_aa64mmfr0_el1), half = 16 | 1 << 8 | 1 << 10 | 3 << 12;
    const u64 pa_range = min_u64(mmfr0 & 15, 5);
    const bool asid16 = (mmfr0 >> 4 & 15) == 2;
    return half | half << 16 | (u64)tg0[g] << 14 | (u64)tg1[g] << 30 | 1ULL << 22 | pa_range << 32 | (u64)asid16 << 36;
}

void paint_everything(void) {
    const u64 text = image_to_pa(image_begin), data = image_to_pa(data_begin);
    const u64 data_bytes = round_up(image_to_pa(image_end), 1 << 16) - data;
    const u64 root0 = table_alloc_zeroed(), root1 = table_alloc_zeroed(), empty = table_alloc_zeroed();
    paint(root0, text, text, data - text, ATTR_TEXT, 0);
    paint(root0, data, data, data_bytes, ATTR_DATA, 0);
    paint(root1, IMAGE_VA, text, data - text, ATTR_TEXT, 0);
    paint(root1, IMAGE_VA + (data - text), data, data_bytes, ATTR_DATA, 0);
    paint(root1, DEVICE_VA, UART_PA, table_bytes(), ATTR_DEVICE, NO_CONT);
    if (machine.strategy->breaks) paint(root1, POOL_VA, pool.begin, pool.end - pool.begin, ATTR_DATA, 0);
    if (machine.strategy->tables_in_idmap) paint(root0, pool.begin, pool.begin, pool.end - pool.begin, ATTR_DATA, 0);
    if (machine.strategy->interrupts) paint(root1, GIC_VA, GIC_PA, GIC_BYTES, ATTR_DEVICE, NO_CONT);
    if (!scenario.builds_map) paint_linear(root1, machine.paint_flags);
    boot_regs = (struct boot_regs){
        .ttbr0 = root0,
        .ttbr1 = root1,
        .tcr = tcr_value(),
        .mair = MAIR_VALUE,
        .sctlr = 0x30d00800 | 1 | 1 << 2 | 1 << 3 | 1 << 12, /* RES1 bits of Armv8.0, M, C, SA, I */
        .empty = empty,
    };
    if (scenario.builds_map) fixmap_paint();
    dsb(sy);
}
