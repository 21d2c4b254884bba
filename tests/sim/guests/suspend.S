// SPDX-License-Identifier: Apache-2.0
// CPU_SUSPEND in both forms, woken by the virtual timer, which is masked at the PE: standby returns, power-down starts
// the PE anew. Then SYSTEM_RESET2.
#include "guest.inc"
#define PSCI_CPU_SUSPEND 0xC4000001
#define PSCI_SYSTEM_RESET2 0xC4000012
.macro timer_in ticks
    mov x9, #\ticks
    msr cntv_tval_el0, x9
    mov x9, #1
    msr cntv_ctl_el0, x9
    isb
.endm
.macro interrupts_on                // of the redistributor's PPI 27, and of the CPU interface
    mov32 x9, 0x080a0000
    str wzr, [x9, #0x14]
    add x9, x9, #0x10000
    mov32 x10, 0x08000000
    str w10, [x9, #0x80]            // group 1
    str w10, [x9, #0x100]           // enabled
    mov32 x9, 0x08000000
    mov w10, #0x12
    str w10, [x9]
    mov x9, #0xf0
    msr s3_0_c4_c6_0, x9
    mov x9, #1
    msr s3_0_c12_c12_7, x9
    isb
.endm
function _start
    interrupts_on
    mov x21, #0x55
    timer_in 625
    mov x1, #0
    hypercall PSCI_CPU_SUSPEND
    mov x20, x0
    result standby, x20
    result kept, x21
    msr cntv_ctl_el0, xzr
    isb
    timer_in 625
    mov x1, #0x10000
    adr x2, resumed
    mov x3, #0x77
    hypercall PSCI_CPU_SUSPEND
    result returned, x0             // never
    b .
function resumed
    mov x20, x0
    result context, x20
    result lost, x21
    mrs x20, sctlr_el1
    and x20, x20, #1
    result mmu, x20
    mov x1, #0
    hypercall PSCI_SYSTEM_RESET2
