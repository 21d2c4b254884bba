/* SPDX-License-Identifier: Apache-2.0
 * The three C entry points: boot core with the MMU off, boot core at the kernel VA, secondary at the kernel VA.
 */
#include "lib/console.h"
#include "lib/guest.h"
#include "lib/machine.h"
#include "lib/sysreg.h"
#include "mm/mm.h"
#include "scenarios/scenario.h"
#include "smp/smp.h"
#include "strategies/strategy.h"

void early_main(u64 fdt_pa, u64 pa_of_image);
void early_secondary(unsigned cpu);
void boot_main(void);
void secondary_main(unsigned cpu);

char stacks[MAX_CPUS][STACK_BYTES] __attribute__((section(".stacks,\"aw\",@nobits//"), aligned(16)));

_Static_assert(offsetof(struct boot_regs, ttbr0) == BOOT_TTBR0 && offsetof(struct boot_regs, ttbr1) == BOOT_TTBR1 &&
                   offsetof(struct boot_regs, tcr) == BOOT_TCR && offsetof(struct boot_regs, mair) == BOOT_MAIR &&
                   offsetof(struct boot_regs, sctlr) == BOOT_SCTLR && offsetof(struct boot_regs, empty) == BOOT_EMPTY,
               "layout.h");

void early_main(u64 fdt_pa, u64 pa_of_image) {
    image_pa = pa_of_image;
    guest_probe();
    machine_read(fdt_pa);
    pool_reserve();
    phase_begin("paint");
    paint_everything();
    phase_end("paint");
}

void early_secondary(unsigned cpu) {
    if (core_has_granule()) return;
    core_is_online(cpu, false);
    sleep_forever();
}

/* From here on the identity map is gone and tables are reached through a map. */
static void leave_identity_map(void) {
    write_sysreg(ttbr0_el1, boot_regs.empty);
    isb();
    local_flush_tlb_all();
}

static void report_conflicts(void) {
    for (unsigned cpu = 0; cpu < machine.cpus; ++cpu) core_result("conflicts", cpu, percpu[cpu].conflicts);
    for (unsigned cpu = 0; cpu < machine.cpus; ++cpu)
        if (percpu[cpu].conflicts) print("core %u: recovered from %lu TLB conflict aborts\n", cpu, percpu[cpu].conflicts);
}

void boot_main(void) {
    console_set_base(DEVICE_VA);
    console_use_lock(true);
    machine.strategy = strategy_find(machine.strategy->name); /* its virtual address */
    pool.to_pointer = machine.strategy->breaks ? POOL_VA - pool.begin : LINEAR_VA - machine.ram_base;
    leave_identity_map();
    flush_check();
    print("%s: strategy %s, %uK granule, %u cores, RAM 0x%lx-0x%lx\n", scenario.name, machine.strategy->name,
          1u << (machine.granule_shift - 10), machine.cpus, machine.ram_base, machine.ram_end);
    if (scenario.first) scenario.first();
    bring_up_cores();
    scenario.boot();
    report_conflicts();
    result("tables.pages", (pool.next - pool.begin) >> machine.granule_shift);
    print("%s: done\n", scenario.name);
    power_off();
}

void secondary_main(unsigned cpu) {
    leave_identity_map();
    if (percpu[cpu].returns) {
        core_is_online(cpu, true);
        come_back(&percpu[cpu].context);
    }
    print("core %u: hello, MIDR 0x%lx\n", cpu, read_sysreg(midr_el1));
    core_is_online(cpu, true);
    scenario.secondary(cpu);
}
