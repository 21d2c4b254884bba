// SPDX-License-Identifier: Apache-2.0
// The virtual timer (PPI 27) wakes WFI and interrupts, ten times.
#include "guest.inc"
#define ICC_SRE S3_0_C12_C12_5
#define ICC_PMR S3_0_C4_C6_0
#define ICC_IGRPEN1 S3_0_C12_C12_7
#define ICC_IAR1 S3_0_C12_C12_0
#define ICC_EOIR1 S3_0_C12_C12_1
function _start
    adr x9, vectors
    msr vbar_el1, x9
    mov x9, #0x08000000             // GICD_CTLR: ARE, group 1
    mov w10, #0x12
    str w10, [x9]
    mov32 x9, 0x080A0014            // GICR_WAKER
    str wzr, [x9]
    mov32 x9, 0x080B0080            // GICR_IGROUPR0
    mov w10, #-1
    str w10, [x9]
    mov32 x9, 0x080B0100            // GICR_ISENABLER0
    mov w10, #(1 << 27)
    str w10, [x9]
    mov x10, #7
    msr ICC_SRE, x10
    mov x10, #0xf0
    msr ICC_PMR, x10
    mov x10, #1
    msr ICC_IGRPEN1, x10
    isb
    mov x20, #0                     // interrupts seen
    mov x19, #6250                  // 100 us at 62.5 MHz
    mrs x23, cntvct_el0
    msr cntv_tval_el0, x19
    mov x10, #1
    msr cntv_ctl_el0, x10
    msr daifclr, #2
1:  wfi
    cmp x20, #10
    b.lo 1b
    mrs x24, cntvct_el0
    sub x24, x24, x23
    result ticks, x24
    result interrupts, x20
    system_off
interrupt:
    mrs x21, ICC_IAR1
    add x20, x20, #1
    msr cntv_tval_el0, x19
    isb
    msr ICC_EOIR1, x21
    eret
    .balign 2048
vectors:
    .space 0x280
    b interrupt                     // IRQ from the current EL with SP_ELx
    .space 0x800 - 0x284
