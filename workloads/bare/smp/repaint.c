/* SPDX-License-Identifier: Apache-2.0
 * The rendezvous around a strategy, as in Linux: the others count themselves in and wait in the identity map, with
 * TTBR1 on an empty table and empty TLBs; the boot core waits for the count, splits, flushes, and releases them with
 * a plain store behind the flush's DSB. The sabotages of the rendezvous are here.
 */
#include "lib/guest.h"
#include "lib/sysreg.h"
#include "mm/mm.h"
#include "verify/verify.h"
#include "smp/smp.h"
#include "strategies/strategy.h"

enum { LINGER_READS = 20000 };

/* Begins at 1: the boot core counts as in. 0: released. In a cache line and monitor granule of its own. */
static struct {
    u32 count;
    u32 pad[63];
} rendezvous __attribute__((aligned(256))) = {.count = 1};

u64 idmap_conflicts[MAX_CPUS];
u32 idmap_conflict_is_fatal;

static void wait_for_others(void) { wait_until_equal(&rendezvous.count, machine.cpus); }
static u32 read_count(void) { return *(volatile u32 *)&rendezvous.count; }
static void release_others(void) { *(volatile u32 *)&rendezvous.count = 0; }

void with_others_parked(void (*work)(void)) {
    wait_for_others();
    work();
    release_others();
}

static void finish(void) {
    if (machine.strategy->finish) machine.strategy->finish();
    barrier(); /* everybody is out of the rendezvous */
}

void repaint_on_boot_core(void) {
    const enum sabotage s = machine.sabotage;
    if (!machine.strategy->repaint) return;
    phase_begin("repaint");
    if (machine.strategy->secondary) {
        machine.strategy->repaint();
        phase_end("repaint");
        finish();
        return;
    }
    if (s != SABOTAGE_NO_RENDEZVOUS) wait_for_others();
    if (s == SABOTAGE_RELEASE_BEFORE_SPLIT) release_others();
    machine.strategy->repaint();
    if (s == SABOTAGE_NO_RENDEZVOUS) wait_for_others();
    if (s != SABOTAGE_RELEASE_BEFORE_SPLIT) release_others();
    phase_end("repaint");
    finish();
    rendezvous.count = 1;
}

static void install_idmap(void) { /* as cpu_install_idmap() */
    idmap_conflict_is_fatal = machine.panic_on_conflict;
    write_sysreg(ttbr0_el1, boot_regs.empty);
    isb();
    local_flush_tlb_all();
    write_sysreg(ttbr0_el1, boot_regs.ttbr0);
    isb();
}

static void uninstall_idmap(void) { /* as cpu_uninstall_idmap() */
    write_sysreg(ttbr0_el1, boot_regs.empty);
    isb();
    local_flush_tlb_all();
    percpu[this_cpu()].conflicts += idmap_conflicts[this_cpu()];
    idmap_conflicts[this_cpu()] = 0;
}

static void park_out_of_map(void) {
    void (*const park)(u32 *, u64, u64) = (void (*)(u32 *, u64, u64))image_to_pa(park_in_idmap);
    install_idmap();
    park((u32 *)image_to_pa(&rendezvous.count), boot_regs.empty, boot_regs.ttbr1);
    uninstall_idmap();
}

void in_idmap(void (*fn)(u64), u64 argument, u64 meanwhile, u64 after) {
    void (*const run)(u64, u64, u64, u64) = (void (*)(u64, u64, u64, u64))image_to_pa(run_in_idmap);
    install_idmap();
    run(image_to_pa(fn), argument, meanwhile, after);
    uninstall_idmap();
}

/* In the map, and at work there: what the one does who was never told to park. */
static void read_until_released(void) {
    enum { READS = 16 };
    atomic_increment(&rendezvous.count);
    while (read_count()) read_around(READS);
    dmb(ishld);
}

void park_until_released(void) {
    phase_begin("park");
    if (machine.reading) read_until_released();
    else if (machine.in_map) park_in_map(&rendezvous.count);
    else park_out_of_map();
    phase_end("park");
}

void repaint_on_secondary(void) {
    if (!machine.strategy->repaint) return;
    if (machine.strategy->secondary) {
        machine.strategy->secondary(this_cpu());
        barrier();
        return;
    }
    if (machine.sabotage == SABOTAGE_NO_RENDEZVOUS) read_around(LINGER_READS); /* still in the map while it changes */
    park_until_released();
    if (machine.sabotage == SABOTAGE_RELEASE_BEFORE_SPLIT) read_around(LINGER_READS);
    barrier();
}
