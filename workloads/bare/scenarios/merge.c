/* SPDX-License-Identifier: Apache-2.0
 * merge: pages become blocks again, with the same output addresses. While a core holds a page entry and then fills
 * the block that covers the same address, one look-up hits twice: the conflict that break-before-make prevents.
 *
 *   variant=correct  break-before-make: invalid; DSB; TLBI; DSB; block. The others stay in the map, away from it.
 *   variant=parked   the others wait in the idmap with empty TLBs; block over table; flush. The boot core needs
 *                    FEAT_BBM level 2.
 *   variant=broken   block over table with no break and no TLBI, while the others hold page entries of it; then they
 *                    touch neighbouring addresses.
 *
 * Starts from strategy=page-from-boot, or from the result of another strategy.
 */
#include "lib/console.h"
#include "lib/guest.h"
#include "lib/string.h"
#include "lib/sysreg.h"
#include "mm/mm.h"
#include "scenarios/scenario.h"
#include "smp/smp.h"
#include "verify/verify.h"

enum { MOST_REGIONS = 4, EVICTIONS = 400, ROUNDS = 4, NEIGHBOURS = 4 };

static bool variant_is(const char *name) { return str_equal(machine.variant, name); }
static u64 region_bytes(void) { return level_span(2); }

/* Regions to merge: aligned spans of a level 2 entry, at the start of the verified range. */
static unsigned regions(u64 *va) {
    const struct verify_range r = verify_range();
    u64 pa = round_up(r.begin, region_bytes());
    unsigned n = 0;
    for (; n < MOST_REGIONS && pa + region_bytes() <= r.end; pa += region_bytes()) va[n++] = pa_to_linear(pa);
    return n;
}

/* The slot of the table of pages that maps the region at va. */
static u64 *table_slot(u64 va) {
    u64 table = boot_regs.ttbr1;
    for (unsigned level = root_level(); level < 2; ++level)
        table = table_pointer(table)[level_index(va, level)] & DESC_ADDRESS;
    u64 *slot = &table_pointer(table)[level_index(va, 2)];
    if (!is_table(*slot, 2)) fail("merge: 0x%lx is not mapped by pages", va);
    return slot;
}

static u64 block_for(u64 *slot) {
    const u64 first_page = table_pointer(*slot & DESC_ADDRESS)[0];
    return (first_page & ~(DESC_TYPE | DESC_CONT)) | DESC_BLOCK;
}

WRITER void merge_with_break(u64 *slot, u64 va) {
    const u64 block = block_for(slot);
    write_once(slot, 0);
    dsb(ish);
    for (u64 page = va; page < va + region_bytes(); page += table_bytes()) tlbi_va(vaae1is, page);
    dsb(ish);
    isb();
    write_once(slot, block);
    dsb(ishst);
    isb();
}

WRITER void merge_directly(u64 *slot) {
    write_once(slot, block_for(slot));
    dsb(ishst);
}

static u64 touch(u64 va) { return *(const volatile u64 *)va; }

/* Walk caches forget the old table, while the page at `keep` is used all the time and so stays in the L1 TLB. */
static void evict_walks(u64 keep) {
    const struct verify_range r = verify_range();
    const u64 spans = (r.end - r.begin) / region_bytes();
    for (u64 i = 0; i < EVICTIONS && spans > MOST_REGIONS; ++i) {
        const u64 span = MOST_REGIONS + i % (spans - MOST_REGIONS);
        touch(pa_to_linear(round_down(r.begin, table_bytes())) + span * region_bytes());
        touch(keep);
    }
}

/* Page entries first, then, after the change, neighbours (which fill the block), then the pages again. */
static void hold_pages(void) {
    u64 va[MOST_REGIONS];
    const unsigned n = regions(va);
    for (unsigned i = 0; i < n; ++i) touch(va[i]);
}

static void use_both(void) {
    u64 va[MOST_REGIONS];
    const unsigned n = regions(va);
    for (unsigned round = 0; round < ROUNDS; ++round)
        for (unsigned i = 0; i < n; ++i) {
            evict_walks(va[i]);
            for (unsigned k = 1; k <= NEIGHBOURS; ++k) {
                touch(va[i] + k * (region_bytes() / 8));
                touch(va[i]);
            }
        }
}

static void merge(void) {
    u64 va[MOST_REGIONS];
    const unsigned n = regions(va);
    if (!n) fail("merge: too little memory for a block of 0x%lx bytes", region_bytes());
    phase_begin("merge");
    for (unsigned i = 0; i < n; ++i) {
        if (variant_is("correct")) merge_with_break(table_slot(va[i]), va[i]);
        else merge_directly(table_slot(va[i]));
    }
    if (variant_is("parked")) flush_tlb_kernel_range(va[0], va[n - 1] + region_bytes());
    phase_end("merge");
    print("merge: %u regions of 0x%lx bytes, variant %s\n", n, region_bytes(), machine.variant);
    result("merge.regions", n);
}

static void boot(void) {
    if (!variant_is("correct") && !variant_is("parked") && !variant_is("broken"))
        fail("variant=%s: must be one of correct|parked|broken", machine.variant);
    barrier();
    repaint_on_boot_core();
    hold_pages();
    barrier();
    if (variant_is("parked")) with_others_parked(merge);
    else merge();
    barrier();
    use_both();
    verify_on_boot_core();
}

static void secondary(unsigned cpu) {
    barrier();
    repaint_on_secondary();
    hold_pages();
    barrier();
    if (variant_is("parked")) park_until_released();
    barrier();
    use_both();
    verify_on_secondary(cpu);
    sleep_forever();
}

const struct scenario scenario = {.name = "merge",
                                  .default_strategy = "page-from-boot",
                                  .default_variant = "correct",
                                  .boot = boot,
                                  .secondary = secondary};
