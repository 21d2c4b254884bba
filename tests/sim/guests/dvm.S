// SPDX-License-Identifier: Apache-2.0
// PE 0 broadcasts TLBIs while PE 1 counts, PE 2 waits in WFE and PE 3 is off.
#include "guest.inc"
function _start
    cpu_on #1, counting, #0
    cpu_on #2, waiting, #0
    adr x9, here
1:  ldr w10, [x9]
    ldr w11, [x9, #4]
    tst w10, w11
    b.eq 1b
    marker BBM_CALL_PHASE_BEGIN, one
    dsb ish
    tlbi vmalle1is
    dsb ish
    marker BBM_CALL_PHASE_END, one
    marker BBM_CALL_PHASE_BEGIN, many
    mov x12, #40
2:  tlbi vaae1is, xzr
    subs x12, x12, #1
    b.ne 2b
    dsb ish
    isb
    marker BBM_CALL_PHASE_END, many
    tlbi vmalle1                    // local: no message
    dsb nsh
    system_off
function counting
    adr x9, here
    mov w10, #1
    str w10, [x9]
3:  add x11, x11, #1
    b 3b
function waiting
    adr x9, here
    mov w10, #1
    str w10, [x9, #4]
4:  wfe
    b 4b
    .balign 64
here: .word 0, 0
