/* SPDX-License-Identifier: Apache-2.0
 * handover: the boot core takes pages away (invalid; DSB; TLBI; DSB), core 1 looks now and then whether an entry is
 * invalid and makes it anew, with another output address, as a page fault would.
 *
 *   variant=correct  core 1 keeps its hands off while the boot core is at it
 *   variant=racy     core 1 makes the entry as soon as it sees it invalid: wrong if the TLBI has not completed
 *
 * The window is a few hundred nanoseconds, and core 1 looks every ten microseconds: seen only if the boot core is held
 * between its write and the end of its TLBI. For `bbmsim explore`.
 */
#include "lib/console.h"
#include "lib/guest.h"
#include "lib/string.h"
#include "lib/sysreg.h"
#include "mm/mm.h"
#include "scenarios/scenario.h"
#include "smp/smp.h"
#include "verify/verify.h"

enum { PAGES = 6, LOOK_EVERY = 20000, TAKE_EVERY = 30011 };

static u32 taking; /* the boot core is between its write and the end of its TLBI */
static u32 handed_over;

static bool racy(void) { return str_equal(machine.variant, "racy"); }

static u64 page(unsigned i) { return round_up(verify_range().begin, table_bytes()) + i * table_bytes(); }
static u64 new_page(unsigned i) { return page(i + PAGES); }

static void pass_time(unsigned n) {
    for (unsigned i = 0; i < n; ++i) __asm__ volatile("" : : : "memory");
}

static u64 *slot_of(unsigned i) {
    unsigned level;
    u64 *slot = find_leaf(pa_to_linear(page(i)), &level);
    if (!slot || level != 3 || *slot & DESC_CONT) fail("handover: 0x%lx is not mapped by a single page", page(i));
    return slot;
}

static void mark(unsigned i) {
    *(volatile u64 *)pa_to_linear(page(i)) = 1;
    *(volatile u64 *)pa_to_linear(new_page(i)) = 2;
}

WRITER void take_page(u64 *slot, u64 va) {
    store_release32(&taking, 1);
    dmb(ish);
    write_once(slot, 0);
    dsb(ishst);
    tlbi_va(vaale1is, va);
    dsb(ish);
    isb();
    store_release32(&taking, 0);
}

WRITER void make_page(u64 *slot, u64 entry) {
    write_once(slot, entry);
    dsb(ishst);
    isb();
}

static void boot(void) {
    if (!racy() && !str_equal(machine.variant, "correct")) fail("variant=%s: must be one of correct|racy", machine.variant);
    if (machine.cpus < 2) fail("handover: needs two cores");
    if (new_page(PAGES) > verify_range().end) fail("handover: too little memory");
    barrier();
    repaint_on_boot_core();
    u64 *slots[PAGES];
    for (unsigned i = 0; i < PAGES; ++i) {
        slots[i] = slot_of(i);
        mark(i);
    }
    barrier();
    for (unsigned i = 0; i < PAGES; ++i) {
        pass_time(TAKE_EVERY);
        take_page(slots[i], pa_to_linear(page(i)));
        while (load_acquire32(&handed_over) <= i) pass_time(100);
    }
    barrier();
    for (unsigned i = 0; i < PAGES; ++i)
        if (*(volatile u64 *)pa_to_linear(page(i)) != 2) fail("handover: page %u is the old one", i);
    print("handover: %u pages, variant %s\n", PAGES, machine.variant);
}

static void take_over(void) {
    for (unsigned i = 0; i < PAGES; ++i) {
        const u64 va = pa_to_linear(page(i));
        u64 *slot = slot_of(i);
        const u64 fresh = (*slot & ~DESC_ADDRESS) | new_page(i);
        if (*(volatile u64 *)va != 1) fail("handover: page %u is wrong from the start", i);
        while (true) {
            pass_time(LOOK_EVERY);
            const bool invalid = !(read_once(slot) & DESC_VALID);
            dmb(ish);
            if (invalid && (racy() || !load_acquire32(&taking))) break;
        }
        make_page(slot, fresh);
        store_release32(&handed_over, i + 1);
    }
}

static void secondary(unsigned cpu) {
    barrier();
    repaint_on_secondary();
    barrier();
    if (cpu == 1) take_over();
    barrier();
    sleep_forever();
}

const struct scenario scenario = {.name = "handover",
                                  .default_strategy = "page-from-boot",
                                  .default_variant = "correct",
                                  .boot = boot,
                                  .secondary = secondary};
