/* SPDX-License-Identifier: Apache-2.0
 * bbm-ipi: break-before-make with the others at work. Before each batch they are interrupted and wait inside the
 * interrupt, off the linear map; behind it they go on. dsb=batched makes a batch of all leaves of a table.
 */
#include "lib/guest.h"
#include "lib/sysreg.h"
#include "mm/mm.h"
#include "smp/ipi.h"
#include "smp/smp.h"
#include "strategies/strategy.h"
#include "verify/verify.h"

enum { READS_A_TURN = 64 };

static struct {
    u32 stopped __attribute__((aligned(64)));
    u32 round __attribute__((aligned(64)));
    u32 done __attribute__((aligned(64)));
} ipi __attribute__((aligned(64)));

static void stopped(void) {
    const u32 round = load_acquire32(&ipi.round);
    atomic_increment(&ipi.stopped);
    wait_while_equal(&ipi.round, round);
}

static void stop_others(void) {
    if (machine.cpus == 1) return;
    ipi_send_to_others();
    wait_until_equal(&ipi.stopped, machine.cpus - 1);
}

static void let_others_go(void) {
    *(volatile u32 *)&ipi.stopped = 0;
    store_release32(&ipi.round, ipi.round + 1);
}

static void repaint(void) {
    ipi_handler = stopped;
    ipi_init_distributor();
    barrier();
    barrier(); /* everybody can be interrupted */
    strict_range(pa_to_linear(machine.ram_base), pa_to_linear(machine.ram_end), stop_others, let_others_go);
    store_release32(&ipi.done, 1);
    progress(1, 1);
}

static void secondary(unsigned cpu) {
    (void)cpu;
    barrier();
    ipi_init_core();
    barrier();
    ipi_enable(true);
    while (!load_acquire32(&ipi.done)) read_around(READS_A_TURN);
    ipi_enable(false);
}

const struct strategy strategy_bbm_ipi = {
    .name = "bbm-ipi", .breaks = true, .interrupts = true, .flushes = true, .repaint = repaint, .secondary = secondary};
