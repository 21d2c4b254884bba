// SPDX-License-Identifier: Apache-2.0
// Core 0 powers all others on, interrupts each cluster of 16 by one SGI to its target list, then all but itself by one
// more, and waits until every one has powered itself off. Told to the host: how many were on, and took both.
#include "guest.inc"
#define SGI1R s3_0_c12_c11_5
.macro affinity_of core, to
    lsr \to, \core, #4
    lsl \to, \to, #8
    and x9, \core, #15
    orr \to, \to, x9
.endm
function _start
    mov32 x9, 0x08000000
    mov w10, #0x12
    str w10, [x9]
    mov x19, #1
1:  affinity_of x19, x1
    adr x2, second
    mov x3, x19
    hypercall PSCI_CPU_ON
    cbnz x0, 2f
    add x19, x19, #1
    b 1b
2:  result cores, x19
    mov w20, #1
    bl wait_for_all                 // they are ready
    mov x21, #0
3:  lsl x22, x21, #16
    mov32 x9, 0x0500ffff
    orr x22, x22, x9
    msr SGI1R, x22
    add x21, x21, #1
    cmp x21, #4
    b.ne 3b
    mov w20, #2
    bl wait_for_all
    mov x22, #6 << 24
    orr x22, x22, #1 << 40
    msr SGI1R, x22
    mov w20, #3
    bl wait_for_all
    mov x21, #1
4:  affinity_of x21, x1
    mov x2, #0
    hypercall PSCI_AFFINITY_INFO
    cmp x0, #1
    b.ne 4b
    add x21, x21, #1
    cmp x21, x19
    b.ne 4b
    result off, x21
    system_off
wait_for_all:                       // every core but this one is at stage w20
    adr x9, stage
    mov x10, #1
5:  ldrb w11, [x9, x10]
    cmp w11, w20
    b.ne 5b
    add x10, x10, #1
    cmp x10, x19
    b.ne 5b
    ret
function second
    mov x19, x0
    mov32 x9, 0x080a0000
    add x9, x9, x19, lsl #17
    str wzr, [x9, #0x14]
    add x9, x9, #0x10000
    mov w10, #0x60                  // SGIs 5 and 6
    str w10, [x9, #0x80]
    str w10, [x9, #0x100]
    mov x9, #0xf0
    msr s3_0_c4_c6_0, x9
    mov x9, #1
    msr s3_0_c12_c12_7, x9
    isb
    adr x20, stage
    add x20, x20, x19
    mov w21, #1
6:  strb w21, [x20]
7:  wfi
    mrs x10, s3_0_c12_c12_0
    add w11, w21, #4
    cmp w10, w11                    // 5, then 6
    b.ne 7b
    msr s3_0_c12_c12_1, x10
    isb
    add w21, w21, #1
    cmp w21, #3
    b.ne 6b
    strb w21, [x20]
    hypercall PSCI_CPU_OFF
    .balign 64
stage: .skip 64
