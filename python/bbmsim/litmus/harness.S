/* SPDX-License-Identifier: Apache-2.0 */
/* What stands around the code of a litmus test: it is assembled together with it for each test (assemble.py), and its
 * data is laid out by layout.py, which has the same offsets.
 *
 * Each process has a core and a page of its own: SP always points to it, so no other register is taken from the test.
 * Core 0 powers on the others; each enables its MMU, touches what its list names, waits for the others, waits a little
 * longer, and takes its registers. The last to finish turns the machine off.
 */
    .equ CONTROL, 0x40210000
    .equ READY, 0x0             /* cores that stand at the barrier */
    .equ DONE, 0x8              /* cores that have finished */
    .equ PROCESSES, 0x10
    .equ TTBR, 0x18
    .equ MAIR, 0x20
    .equ AFFINITIES, 0x100
    .equ PAGES, 0x40220000      /* one per process: */
    .equ FINAL, 0x100           /* x0 to x30 at the end; the initial ones are at 0 */
    .equ SCRATCH, 0x200
    .equ FAULTS, 0x220          /* how many */
    .equ MODE, 0x228            /* 0: a fault ends the process; 1: it is tried again; 2: passed over; 3: handler */
    .equ DELAY, 0x230
    .equ SPSR, 0x238
    .equ ENTRY, 0x240
    .equ VBAR, 0x248
    .equ TCR, 0x250
    .equ RECORDS, 0x300         /* of 32 bytes: ESR, FAR, ELR */
    .equ MOST_FAULTS, 32
    .equ TOUCH, 0x700           /* addresses, up to a zero */
    .equ END_OF_CODE, 0x7fff    /* this SVC */

    .macro load_address register, value
    movz \register, #(\value) & 0xffff
    movk \register, #(\value) >> 16, lsl #16
    .endm

    .macro all_registers instruction, single, offset
    .irp pair, 0,2,4,6,8,10,12,14,16,18,20,22,24,26,28
    \instruction\()_pair \pair, \offset
    .endr
    \single x30, [sp, #\offset + 240]
    .endm
    .macro ldp_pair first, offset
    .altmacro
    ldp_numbered \first, %(\first + 1), \offset
    .noaltmacro
    .endm
    .macro ldp_numbered first, second, offset
    ldp x\first, x\second, [sp, #\offset + 8 * \first]
    .endm
    .macro stp_pair first, offset
    .altmacro
    stp_numbered \first, %(\first + 1), \offset
    .noaltmacro
    .endm
    .macro stp_numbered first, second, offset
    stp x\first, x\second, [sp, #\offset + 8 * \first]
    .endm

    .text
_start:
    load_address x21, CONTROL
    ldr x22, [x21, #PROCESSES]
    mov x23, #1
1:  cmp x23, x22
    b.hs 2f
    add x4, x21, #AFFINITIES
    ldr x1, [x4, x23, lsl #3]
    adr x2, secondary
    mov x3, x23
    load_address x0, 0xc4000003 /* CPU_ON */
    hvc #0
    add x23, x23, #1
    b 1b
2:  mov x0, #0
secondary:                      /* x0: which process */
    load_address x21, CONTROL
    load_address x20, PAGES
    add x20, x20, x0, lsl #12
    ldr x1, [x20, #TCR]
    msr tcr_el1, x1
    ldr x1, [x21, #MAIR]
    msr mair_el1, x1
    ldr x1, [x21, #TTBR]
    msr ttbr0_el1, x1
    ldr x1, [x20, #VBAR]
    msr vbar_el1, x1
    tlbi vmalle1
    dsb nsh
    isb
    mrs x1, sctlr_el1
    load_address x2, 0x0480d005 /* M, C, I, and for EL0 DZE, UCT, UCI; SPAN */
    orr x1, x1, x2
    msr sctlr_el1, x1
    isb
    mov sp, x20
    add x2, x20, #TOUCH
3:  ldr x3, [x2], #8
    cbz x3, 4f
    ldr w4, [x3]
    b 3b
4:  ldaxr x2, [x21]
    add x2, x2, #1
    stlxr w3, x2, [x21]
    cbnz w3, 4b
    ldr x22, [x21, #PROCESSES]
5:  ldar x2, [x21]
    cmp x2, x22
    b.lo 5b
    ldr x2, [x20, #DELAY]
6:  cbz x2, 7f
    sub x2, x2, #1
    b 6b
7:  ldr x2, [x20, #SPSR]
    msr spsr_el1, x2
    ldr x2, [x20, #ENTRY]
    msr elr_el1, x2
    all_registers ldp, ldr, 0
    eret

finish_restored:
    ldr x0, [sp, #SCRATCH]
    ldr x1, [sp, #SCRATCH + 8]
    ldr x2, [sp, #SCRATCH + 16]
    ldr x3, [sp, #SCRATCH + 24]
    all_registers stp, str, FINAL
    load_address x21, CONTROL
    ldr x22, [x21, #PROCESSES]
    add x3, x21, #DONE
1:  ldaxr x2, [x3]
    add x2, x2, #1
    stlxr w4, x2, [x3]
    cbnz w4, 1b
    cmp x2, x22
    b.eq 3f
2:  wfi
    b 2b
3:  load_address x0, 0x84000008 /* SYSTEM_OFF */
    hvc #0
    b 2b

    .macro vectors n
    .balign 2048
vectors_\n:
    .org vectors_\n + 0x200
    b 1f
    .org vectors_\n + 0x400
1:  str x0, [sp, #SCRATCH]
    str x1, [sp, #SCRATCH + 8]
    str x2, [sp, #SCRATCH + 16]
    str x3, [sp, #SCRATCH + 24]
    mrs x0, esr_el1
    load_address w1, 0x56000000 + END_OF_CODE
    cmp x0, x1
    b.eq finish_restored
    ldr x1, [sp, #FAULTS]
    cmp x1, #MOST_FAULTS
    b.hs finish_restored
    mov x2, sp
    add x2, x2, x1, lsl #5
    mrs x3, far_el1
    str x0, [x2, #RECORDS]
    str x3, [x2, #RECORDS + 8]
    mrs x3, elr_el1
    str x3, [x2, #RECORDS + 16]
    add x1, x1, #1
    str x1, [sp, #FAULTS]
    ldr x1, [sp, #MODE]
    cbz x1, finish_restored
    cmp x1, #3
    b.eq 3f
    cmp x1, #2
    b.ne 2f
    lsr x0, x0, #26
    cmp x0, #0x15               /* an SVC: already passed over */
    b.eq 2f
    add x3, x3, #4
    msr elr_el1, x3
2:  ldr x0, [sp, #SCRATCH]
    ldr x1, [sp, #SCRATCH + 8]
    ldr x2, [sp, #SCRATCH + 16]
    ldr x3, [sp, #SCRATCH + 24]
    eret
3:  adr x1, handler_\n          /* a fault of the handler ends the process */
    cmp x3, x1
    b.lo 4f
    adr x1, handler_end_\n
    cmp x3, x1
    b.lo finish_restored
4:  ldr x0, [sp, #SCRATCH]
    ldr x1, [sp, #SCRATCH + 8]
    ldr x2, [sp, #SCRATCH + 16]
    ldr x3, [sp, #SCRATCH + 24]
    b handler_\n
    .endm
