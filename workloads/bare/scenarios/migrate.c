/* SPDX-License-Identifier: Apache-2.0
 * migrate: one page gets another output address. The boot core copies the contents, changes the entry, and writes
 * news to the new page; the old page keeps the old contents. A core that still translates to the old page reads
 * yesterday's paper: that is counted in wrong.coreN, out of reads.coreN.
 *
 *   variant=correct  invalid; DSB; TLBI; DSB; new address
 *   variant=broken   valid entry over valid entry, no TLBI
 *   variant=no-tlbi  invalid; DSB; new address: the break without its TLBI
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

enum { READS = 256 };

static bool variant_is(const char *name) { return str_equal(machine.variant, name); }

/* Two pages of the verified range, in different level 2 entries if there is room. */
static u64 old_page(void) { return round_up(verify_range().begin, table_bytes()); }
static u64 new_page(void) {
    const struct verify_range r = verify_range();
    return round_down(old_page() + (r.end - old_page()) / 2, table_bytes());
}

static u64 edition(unsigned number, unsigned i) { return 0x6e657773ULL << 32 | number << 16 | i; }

static void print_edition(u64 va, unsigned number) {
    for (unsigned i = 0; i < READS; ++i) ((volatile u64 *)va)[i] = edition(number, i);
}

static u64 count_other_than(u64 va, unsigned number) {
    u64 wrong = 0;
    for (unsigned i = 0; i < READS; ++i) wrong += ((const volatile u64 *)va)[i] != edition(number, i);
    return wrong;
}

WRITER void migrate_entry(u64 *slot, u64 va, u64 fresh) {
    if (variant_is("broken")) {
        write_once(slot, fresh);
        dsb(ishst);
        return;
    }
    write_once(slot, 0);
    dsb(ish);
    if (variant_is("correct")) {
        tlbi_va(vaale1is, va);
        dsb(ish);
        isb();
    }
    write_once(slot, fresh);
    dsb(ishst);
    isb();
}

static void migrate(void) {
    const u64 va = pa_to_linear(old_page()), alias = pa_to_linear(new_page());
    unsigned level;
    u64 *slot = find_leaf(va, &level);
    if (!slot || level != 3 || *slot & DESC_CONT) fail("migrate: 0x%lx is not mapped by a single page", va);
    phase_begin("migrate");
    for (u64 at = 0; at < table_bytes(); at += 8) *(volatile u64 *)(alias + at) = *(const volatile u64 *)(va + at);
    migrate_entry(slot, va, (*slot & ~DESC_ADDRESS) | new_page());
    phase_end("migrate");
    print_edition(alias, 2);
    print("migrate: 0x%lx from 0x%lx to 0x%lx, variant %s\n", va, old_page(), new_page(), machine.variant);
}

static void read_news(unsigned cpu) { percpu[cpu].wrong = count_other_than(pa_to_linear(old_page()), 2); }

static void boot(void) {
    if (!variant_is("correct") && !variant_is("broken") && !variant_is("no-tlbi"))
        fail("variant=%s: must be one of correct|broken|no-tlbi", machine.variant);
    if (new_page() <= old_page() || new_page() + table_bytes() > verify_range().end) fail("migrate: too little memory");
    barrier();
    repaint_on_boot_core();
    print_edition(pa_to_linear(old_page()), 1);
    barrier();
    if (count_other_than(pa_to_linear(old_page()), 1)) fail("migrate: the first edition is wrong");
    barrier();
    migrate();
    barrier();
    read_news(0);
    barrier();
    for (unsigned cpu = 0; cpu < machine.cpus; ++cpu) {
        core_result("reads", cpu, READS);
        core_result("wrong", cpu, percpu[cpu].wrong);
        print("core %u: %lu of %u reads saw the old page\n", cpu, percpu[cpu].wrong, READS);
    }
}

static void secondary(unsigned cpu) {
    barrier();
    repaint_on_secondary();
    barrier();
    if (count_other_than(pa_to_linear(old_page()), 1)) fail("migrate: core %u: the first edition is wrong", cpu);
    barrier();
    barrier();
    read_news(cpu);
    barrier();
    sleep_forever();
}

const struct scenario scenario = {.name = "migrate",
                                  .default_strategy = "page-from-boot",
                                  .default_variant = "correct",
                                  .boot = boot,
                                  .secondary = secondary};
