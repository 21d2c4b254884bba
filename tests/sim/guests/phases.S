// SPDX-License-Identifier: Apache-2.0
// Phases of both sorts: `outer` and `inner` are guest markers, `work` is a function that is called three times, once
// within `inner`, and recurses. PE 1 counts all the while.
#include "guest.inc"
function _start
    adr x9, stack_top
    mov sp, x9
    cpu_on #1, counting, #0
    mov x0, #3
    bl work
    marker BBM_CALL_PHASE_BEGIN, outer
    mov x0, #2
    bl work
    marker BBM_CALL_PHASE_BEGIN, inner
    mov x0, #0
    bl work
    marker BBM_CALL_PHASE_END, inner
    marker BBM_CALL_PHASE_END, outer
    mov x1, #3
    mov x2, #4
    hypercall BBM_CALL_PROGRESS
    system_off
function work
    stp x29, x30, [sp, #-16]!
    mov x9, #1000
1:  subs x9, x9, #1
    b.ne 1b
    cbz x0, 2f
    sub x0, x0, #1
    bl work
2:  ldp x29, x30, [sp], #16
    ret
endfunction work
function counting
3:  add x11, x11, #1
    b 3b
    .balign 4096
    .space 4096
stack_top:
