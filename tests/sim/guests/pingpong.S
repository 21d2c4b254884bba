// SPDX-License-Identifier: Apache-2.0
// Two PEs pass a ball a hundred times: each waits in WFE for its value, then stores the next one and sends an event.
#include "guest.inc"
.macro await value
1:  ldar x11, [x10]
    cmp x11, \value
    b.eq 2f
    wfe
    b 1b
2:
.endm
function _start
    adr x10, ball
    cpu_on #1, second, #0
    mov x12, #0                     // even values are PE 0's
3:  await x12
    add x12, x12, #1
    stlr x12, [x10]
    sev
    add x12, x12, #1
    cmp x12, #100
    b.lo 3b
    await x12
    result ball, x11
    system_off
function second
    adr x10, ball
    mov x12, #1
4:  await x12
    add x12, x12, #1
    stlr x12, [x10]
    sev
    add x12, x12, #1
    cmp x12, #100
    b.lo 4b
    hypercall PSCI_CPU_OFF
.balign 64
ball: .quad 0
