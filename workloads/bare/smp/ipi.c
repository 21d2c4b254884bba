/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/types.h"
#include "smp/ipi.h"

#include "lib/guest.h"
#include "lib/machine.h"
#include "lib/sysreg.h"
#include "mm/layout.h"
#include "smp/smp.h"

enum { SGI = 1, REDISTRIBUTORS = 0xa0000, FRAME = 0x20000, SGI_PAGE = 0x10000 };
enum { GICD_CTLR = 0, GICR_TYPER = 8, GICR_WAKER = 0x14, GICR_IGROUPR0 = 0x80, GICR_ISENABLER0 = 0x100 };
enum { ARE_AND_GROUP1 = 0x12, PROCESSOR_SLEEP = 2, CHILDREN_ASLEEP = 4, SPURIOUS = 1020 };

/* ICC_SRE, PMR, IGRPEN1, SGI1R, IAR1, EOIR1: names that an assembler for Armv8.0 need not know */
#define ICC_SRE S3_0_C12_C12_5
#define ICC_PMR S3_0_C4_C6_0
#define ICC_IGRPEN1 S3_0_C12_C12_7
#define ICC_SGI1R S3_0_C12_C11_5
#define ICC_IAR1 S3_0_C12_C12_0
#define ICC_EOIR1 S3_0_C12_C12_1

/* One more expansion, so that these names become encodings before they become text. */
#define read_icc(name) read_sysreg(name)
#define write_icc(name, value) write_sysreg(name, value)

void (*ipi_handler)(void);

static volatile u32 *reg(u64 offset) { return (volatile u32 *)(GIC_VA + offset); }

void ipi_init_distributor(void) { *reg(GICD_CTLR) = ARE_AND_GROUP1; }

/* The frame whose GICR_TYPER names this core's affinity. */
static u64 own_frame(void) {
    const u64 mpidr = read_sysreg(mpidr_el1);
    const u32 affinity = (u32)(mpidr & 0xffffff) | (u32)(mpidr >> 32 & 0xff) << 24;
    for (unsigned i = 0; i < MAX_CPUS; ++i) {
        const u64 frame = REDISTRIBUTORS + (u64)i * FRAME;
        if (*reg(frame + GICR_TYPER + 4) == affinity) return frame;
        if (*reg(frame + GICR_TYPER) & 16) break; /* the last one */
    }
    fail("core %u has no redistributor", this_cpu());
}

void ipi_init_core(void) {
    const u64 frame = own_frame();
    *reg(frame + GICR_WAKER) &= ~(u32)PROCESSOR_SLEEP;
    while (*reg(frame + GICR_WAKER) & CHILDREN_ASLEEP) {}
    *reg(frame + SGI_PAGE + GICR_IGROUPR0) = 0xffffffff;
    *reg(frame + SGI_PAGE + GICR_ISENABLER0) = 1 << SGI;
    write_icc(ICC_SRE, read_icc(ICC_SRE) | 1);
    isb();
    write_icc(ICC_PMR, 0xff);
    write_icc(ICC_IGRPEN1, 1);
    isb();
}

void ipi_enable(bool on) {
    if (on) __asm__ volatile("msr daifclr, #2" : : : "memory");
    else __asm__ volatile("msr daifset, #2" : : : "memory");
}

void ipi_send_to_others(void) {
    dsb(ishst);
    write_icc(ICC_SGI1R, 1ULL << 40 | (u64)SGI << 24); /* IRM: all but this one */
    isb();
}

void ipi_exception(void) {
    const u64 id = read_icc(ICC_IAR1);
    if (id >= SPURIOUS) return;
    if (ipi_handler) ipi_handler();
    write_icc(ICC_EOIR1, id);
    isb();
}
