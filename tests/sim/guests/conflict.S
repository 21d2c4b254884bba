// SPDX-License-Identifier: Apache-2.0
// Reads one word a hundred times through an identity map; recovers from TLB conflict aborts and counts them.
#include "guest.inc"
function _start
    adr x9, vectors
    msr vbar_el1, x9
    adr x9, table
    msr ttbr0_el1, x9
    mov x10, #0x0401                // 0..1 GiB: device, AF
    str x10, [x9]
    mov32 x10, 0x40000705           // 1..2 GiB: normal, inner shareable, AF
    str x10, [x9, #8]
    mov x10, #0xff00                // attribute 1: normal write-back; 0: device
    msr mair_el1, x10
    mov32 x10, 0x80803519           // T0SZ=25, T1SZ unused (EPD1), 4K, write-back, inner shareable
    movk x10, #2, lsl #32           // 40 bits of PA
    msr tcr_el1, x10
    isb
    tlbi vmalle1
    dsb nsh
    isb
    mrs x10, sctlr_el1
    orr x10, x10, #1
    msr sctlr_el1, x10
    isb
    mov x20, #0                     // aborts seen
    adr x9, word
    mov x12, #100
function reading
1:  ldr x11, [x9]
    subs x12, x12, #1
    b.ne 1b
    result aborts, x20
    system_off
abort:
    mrs x13, esr_el1
    and x13, x13, #0x3f
    cmp x13, #0x30
    b.ne 2f
    add x20, x20, #1
    tlbi vmalle1
    dsb nsh
    isb
    eret
2:  adr x1, why
    hypercall BBM_CALL_FAIL
why: .asciz "another abort"
    .balign 8
word: .quad 0x1234
    .balign 2048
vectors:
    .space 0x200
    b abort
    .space 0x800 - 0x204
    .balign 4096
table: .space 4096
