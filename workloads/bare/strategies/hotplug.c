/* SPDX-License-Identifier: Apache-2.0
 * hotplug: the others are switched off, the boot core splits alone, and they come back with empty TLBs. No rendezvous
 * code in the identity map is needed; what it costs is PSCI.
 */
#include "lib/guest.h"
#include "lib/machine.h"
#include "mm/mm.h"
#include "smp/smp.h"
#include "strategies/strategy.h"
#include "strategies/walk_split.h"

static void wait_until_off(unsigned cpu) {
    while (hvc_call(PSCI_AFFINITY_INFO, machine.fdt.mpidr[cpu], 0, 0) != PSCI_OFF) {}
}

static void repaint(void) {
    for (unsigned cpu = 1; cpu < machine.cpus; ++cpu) wait_until_off(cpu);
    walk_and_split();
    for (unsigned cpu = 1; cpu < machine.cpus; ++cpu) bring_up_core(cpu);
}

static void secondary(unsigned cpu) {
    percpu[cpu].online = 0;
    percpu[cpu].returns = true;
    off_and_on(&percpu[cpu].context);
    percpu[cpu].returns = false;
}

const struct strategy strategy_hotplug = {.name = "hotplug", .flushes = true, .repaint = repaint, .secondary = secondary};
