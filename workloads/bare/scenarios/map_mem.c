/* SPDX-License-Identifier: Apache-2.0
 * map-mem: the linear map is made in pages, through the fixmap, as arm64 Linux makes it at boot: before the series
 * "Speed up boot with faster linear map creation" (v6.9-rc2, 2024), and after each of its three commits, all of them
 * in Linux 6.10. Order of writes, barriers and TLBIs are the kernel's at each step:
 *
 *   base              a new table is mapped by the fixmap, zeroed, unmapped; then for each contiguous group's worth of
 *                     its entries (16 of 512 with 4K) mapped again, filled, unmapped. Behind each valid entry: DSB
 *                     ISHST, ISB. Each unmapping is a broadcast TLBI with DSB ISH, ISB.
 *   no-cont-remap     5c63db59c5f8: mapped once for all its groups; level 2 tables likewise.
 *   batched-barriers  1fcb7cea8a5f: level 3 entries without barriers; those of the unmapping serve for all.
 *   no-alloc-remap    0e9df1c905d8: zeroed in the window in which it is then filled (and DSB ISHST behind that).
 *
 * One core is at work, the others are off, as when Linux does it. Then they come up and verify memory through the map.
 */
#include "lib/console.h"
#include "lib/guest.h"
#include "lib/sysreg.h"
#include "mm/fixmap.h"
#include "scenarios/scenario.h"
#include "smp/smp.h"
#include "verify/verify.h"

enum step { BASE, NO_CONT_REMAP, BATCHED_BARRIERS, NO_ALLOC_REMAP };

struct job {
    u64 attributes;
    unsigned flags;
    enum step step;
};

static u64 tables_made;

static inline void barriers(void) {
    dsb(ishst);
    isb();
}

/* A level 3 entry, and what the kernel checks of it: nothing that was valid may change but permissions. */
static inline void set_page(u64 *slot, u64 value, const struct job *job) {
    const u64 old = read_once(slot);
    write_once(slot, value);
    if (job->step < BATCHED_BARRIERS) barriers();
    if (is_valid(old) && ((old ^ read_once(slot)) & DESC_ADDRESS)) fail("a live page moved: 0x%lx", old);
}

static WRITER u64 *set_pages(u64 *slot, u64 va, u64 end, const struct job *job) {
    for (u64 pa = linear_to_pa(va); va < end; va += table_bytes(), pa += table_bytes())
        set_page(slot++, pa | job->attributes | DESC_PAGE, job);
    return slot;
}

/* Level 0 and level 1 roots are written through their window, as set_swapper_pgd() does. */
static WRITER void link_table(u64 *slot, unsigned level, u64 table) {
    const u64 value = table | DESC_TABLE | DESC_PXN_TABLE | DESC_UXN_TABLE;
    ++tables_made;
    if (level > root_level()) {
        write_once(slot, value);
        barriers();
        return;
    }
    write_once(fixmap_set(FIX_LEVEL0, boot_regs.ttbr1 + ((u64)slot & (table_bytes() - 1))), value);
    fixmap_clear(FIX_LEVEL0);
}

static void fill(u64 *parent, unsigned level, u64 va, u64 end, const struct job *job);

static u64 *set_entries(u64 *slot, unsigned level, u64 va, u64 end, const struct job *job) {
    if (level == 3) return set_pages(slot, va, end, job);
    for (u64 next; va < end; va = next, ++slot) {
        next = level_next(va, end, level);
        const bool whole = next - va == level_span(level) && !(linear_to_pa(va) & (level_span(level) - 1));
        if (level == 2 && whole && !(job->flags & NO_BLOCK)) {
            write_once(slot, linear_to_pa(va) | job->attributes | DESC_BLOCK);
            barriers();
        } else {
            fill(slot, level + 1, va, next, job);
        }
    }
    return slot;
}

/* The table that *parent is to point to: zeroed, linked. Returns where it is filled, if it is mapped already. */
static u64 *make_table(u64 *parent, unsigned level, u64 va, const struct job *job) {
    const u64 table = table_alloc();
    u64 *window = fixmap_set(job->step < NO_ALLOC_REMAP ? FIX_LEVEL3 : level, table);
    clear_table(window, ZERO_ZVA);
    if (job->step < NO_ALLOC_REMAP) {
        fixmap_clear(FIX_LEVEL3); /* its barriers stand for those behind the zeroes */
        window = NULL;
    } else {
        dsb(ishst);
        window += level_index(va, level);
    }
    link_table(parent, level - 1, table);
    return window;
}

static u64 *map_table(const u64 *parent, unsigned level, u64 va) {
    return fixmap_set(level, (read_once(parent) & DESC_ADDRESS) + 8 * level_index(va, level));
}

/* The entries of `level` for [va, end), which is within what *parent covers. */
static void fill(u64 *parent, unsigned level, u64 va, u64 end, const struct job *job) {
    const u64 group = level_span(level) * (level < 2 ? table_entries() : group_members(level));
    const bool once = job->step >= NO_CONT_REMAP || level < 2;
    u64 *slot = is_valid(read_once(parent)) ? NULL : make_table(parent, level, va, job);
    if (once && !slot) slot = map_table(parent, level, va);
    for (u64 next; va < end; va = next) {
        next = end - va <= group - (va & (group - 1)) ? end : va + group - (va & (group - 1));
        if (!once) slot = map_table(parent, level, va);
        slot = set_entries(slot, level, va, next, job);
        if (!once) fixmap_clear(level);
    }
    if (once) fixmap_clear(level);
}

static void map_range(u64 begin, u64 end, const struct job *job) {
    const unsigned level = root_level();
    for (u64 va = pa_to_linear(begin), to = pa_to_linear(end), next; va < to; va = next) {
        next = level_next(va, to, level);
        fill((u64 *)fixmap_root() + level_index(va, level), level + 1, va, next, job);
    }
}

/* Memory in pages without contiguous groups, as for rodata=full; then the alias of the kernel's text. */
static void map_mem(void) {
    const struct job pages = {ATTR_DATA, NO_BLOCK | NO_CONT, (enum step)choose("step", BASE, "base|no-cont-remap|batched-barriers|no-alloc-remap", 4)};
    const struct job text = {ATTR_DATA, NO_CONT, pages.step};
    const u64 text_begin = image_to_pa(image_begin), text_end_pa = image_to_pa(data_begin);
    phase_begin("map_mem");
    for (unsigned i = 0; i < machine.fdt.bank_count; ++i) {
        const struct bank b = machine.fdt.banks[i];
        const bool split = text_begin >= b.begin && text_begin < b.end;
        map_range(b.begin, split ? text_begin : b.end, &pages);
        if (split) map_range(text_end_pa, b.end, &pages);
    }
    map_range(text_begin, text_end_pa, &text);
    phase_end("map_mem");
    result("fixmap.sets", fixmap_sets);
    result("tables.made", tables_made);
}

static void secondary(unsigned cpu) {
    verify_on_secondary(cpu);
    sleep_forever();
}

const struct scenario scenario = {
    .name = "map-mem", .default_strategy = "page-from-boot", .default_variant = "none", .builds_map = true,
    .first = map_mem, .boot = verify_on_boot_core, .secondary = secondary};
