/* SPDX-License-Identifier: Apache-2.0 */
#include "smp/smp.h"

#include "lib/console.h"
#include "lib/guest.h"
#include "lib/sysreg.h"
#include "mm/mm.h"

struct percpu percpu[MAX_CPUS];
enum { ONLINE = 1, REFUSED = 2 };

void bring_up_core(unsigned cpu) {
    extern char secondary_entry[];
    const u64 r = hvc_call(PSCI_CPU_ON, machine.fdt.mpidr[cpu], image_to_pa(secondary_entry), cpu);
    if (r) fail("PSCI CPU_ON of core %u: error %lu", cpu, -r);
    wait_while_equal(&percpu[cpu].online, 0);
    if (percpu[cpu].online != ONLINE) fail("core %u has no %uK granule", cpu, 1u << (machine.granule_shift - 10));
}

void bring_up_cores(void) {
    phase_begin("bringup");
    print("core 0: hello, MIDR 0x%lx\n", read_sysreg(midr_el1));
    for (unsigned cpu = 1; cpu < machine.cpus; ++cpu) bring_up_core(cpu);
    phase_end("bringup");
}

void core_is_online(unsigned cpu, bool usable) { store_release32(&percpu[cpu].online, usable ? ONLINE : REFUSED); }

void barrier(void) {
    static u32 arrived __attribute__((aligned(64)));
    static u32 generation __attribute__((aligned(64)));
    const u32 now = load_acquire32(&generation);
    if (atomic_increment(&arrived) == machine.cpus) {
        arrived = 0;
        store_release32(&generation, now + 1);
    } else {
        wait_while_equal(&generation, now);
    }
}

void sleep_forever(void) {
    for (;;) wfi();
}
