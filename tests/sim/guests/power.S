// SPDX-License-Identifier: Apache-2.0
// CPU_ON, AFFINITY_INFO and CPU_OFF: the answers go to the host.
#include "guest.inc"
.macro affinity_info target
    mov x1, \target
    mov x2, #0
    hypercall PSCI_AFFINITY_INFO
.endm
function _start
    affinity_info #1
    mov x20, x0
    result before, x20
    cpu_on #1, second, #0x55
    mov x20, x0
    result on, x20
    cpu_on #1, second, #0
    mov x20, x0
    result again, x20
    cpu_on #7, second, #0
    mov x20, x0
    result nobody, x20
1:  affinity_info #1
    cbnz x0, 1b                     // until it is on
    adr x9, go
    mov x10, #1
    str x10, [x9]
2:  affinity_info #1
    cmp x0, #1
    b.ne 2b                         // until it is off
    adr x9, given
    ldr x20, [x9]
    result context, x20
    system_off
function second
    adr x9, given
    str x0, [x9]
    adr x9, go
3:  ldr x10, [x9]
    cbz x10, 3b
    hypercall PSCI_CPU_OFF
    .balign 64
go: .quad 0
given: .quad 0
