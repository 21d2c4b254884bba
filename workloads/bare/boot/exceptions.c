/* SPDX-License-Identifier: Apache-2.0
 * What exceptions mean here: a TLB conflict abort is recovered from (or shown the kernel's way), an unknown HVC is
 * answered, everything else ends the run with a description.
 */
#include "boot/exceptions.h"

#include "lib/console.h"
#include "lib/guest.h"
#include "lib/machine.h"
#include "lib/sysreg.h"
#include "mm/mm.h"
#include "smp/ipi.h"
#include "smp/smp.h"

enum { IRQ_OF_THIS_LEVEL = 5 };
enum { EC_UNKNOWN = 0, EC_FETCH_ABORT = 0x21, EC_DATA_ABORT = 0x25, FSC_CONFLICT = 0x30 };

/* An ALL/VMALL TLBI always removes the conflict (R_BLRKC); then the access is made again. */
static void recover(const struct exception *e, unsigned cpu) {
    struct percpu *p = &percpu[cpu];
    if (machine.panic_on_conflict) {
        print("Unhandled fault: TLB conflict abort at 0x%016lx\n", e->far);
        print("Internal error: TLB conflict abort: %016lx, CPU: %u, pc: 0x%lx\n", e->esr, cpu, e->elr);
        fail("TLB conflict abort on core %u at 0x%lx", cpu, e->far);
    }
    p->conflicts_in_a_row = p->last_conflict_elr == e->elr ? p->conflicts_in_a_row + 1 : 0;
    p->last_conflict_elr = e->elr;
    if (p->conflicts_in_a_row > 100000) fail("core %u can't get past a TLB conflict at 0x%lx", cpu, e->far);
    ++p->conflicts;
    local_flush_tlb_all();
}

void exception_handler(struct exception *e, unsigned vector) {
    extern char hvc_instruction[];
    if (vector == IRQ_OF_THIS_LEVEL) {
        if (this_cpu() == 0) batch_interrupted(true);
        ipi_exception();
        if (this_cpu() == 0) batch_interrupted(false);
        return;
    }
    const unsigned ec = (unsigned)(e->esr >> 26) & 63, cpu = this_cpu();
    if (ec == EC_UNKNOWN && e->elr == (u64)hvc_instruction) {
        e->x[0] = (u64)-1; /* NOT_SUPPORTED */
        e->elr += 4;
        return;
    }
    if ((ec == EC_DATA_ABORT || ec == EC_FETCH_ABORT) && (e->esr & 63) == FSC_CONFLICT) {
        recover(e, cpu);
        return;
    }
    print("core %u: exception at vector %u\n  ESR 0x%lx  FAR 0x%lx  ELR 0x%lx  SPSR 0x%lx  LR 0x%lx\n", cpu, vector,
          e->esr, e->far, e->elr, e->spsr, e->x[30]);
    fail("core %u: unexpected exception, ESR 0x%lx FAR 0x%lx ELR 0x%lx", cpu, e->esr, e->far, e->elr);
}
