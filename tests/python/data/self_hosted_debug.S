// SPDX-License-Identifier: Apache-2.0
// Breakpoints and watchpoints that a guest sets on itself, at EL1 and EL0, with what must and what must not stop. Each
// exception prints one line: which case, ESR_EL1, ELR_EL1 from the start of the image and, for a watchpoint, FAR_EL1
// from the data; then the instruction is skipped. Position independent, MMU off, an arm64 Image: QEMU runs it as well.
    .equ UART, 0x09000000
    .equ MDE, 1 << 15
    .equ KDE, 1 << 13
    .equ EL1, 1 << 1            // PMC, PAC
    .equ EL0, 2 << 1
    .equ LOADS, 1 << 3
    .equ STORES, 2 << 3
    .equ BAS, 5                 // its shift
    .equ LINKED, 1 << 20

image:
    b       start
    .long   0
    .quad   0
    .quad   image_end - image
    .quad   0xa
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .long   0

    .macro  begin number        // everything off
    mov     x28, #\number
    msr     dbgbcr0_el1, xzr
    msr     dbgbcr1_el1, xzr
    msr     dbgwcr0_el1, xzr
    msr     dbgwcr1_el1, xzr
    isb
    .endm
    .macro  set register, value
    ldr     x0, =\value
    msr     \register, x0
    .endm
    .macro  watch offset, control   // on data + offset
    add     x0, x27, #\offset
    msr     dbgwvr0_el1, x0
    set     dbgwcr0_el1, \control
    isb
    .endm
    .macro  breakpoint control  // on the next label 1
    adr     x0, 1f
    msr     dbgbvr0_el1, x0
    set     dbgbcr0_el1, \control
    isb
    .endm
    .macro  user                // the next label 2 at EL0, with D as in x1; SVC comes back behind
    adr     x0, 2f
    msr     elr_el1, x0
    msr     spsr_el1, xzr
    eret
    .endm

start:
    adr     x26, image
    adr     x27, data
    adr     x0, vectors
    msr     vbar_el1, x0
    msr     oslar_el1, xzr
    set     mdscr_el1, MDE + KDE
    msr     daifclr, #8
    isb

    begin   1                   // breakpoint at EL1
    breakpoint 1 + EL1 + (0xf << BAS)
    nop
1:  nop
    begin   2                   // for EL0 only: none
    breakpoint 1 + EL0 + (0xf << BAS)
1:  nop
    begin   3                   // D set: none
    msr     daifset, #8
    breakpoint 1 + EL1 + (0xf << BAS)
1:  nop
    msr     daifclr, #8
    begin   4                   // not enabled as a whole: none
    set     mdscr_el1, KDE
    breakpoint 1 + EL1 + (0xf << BAS)
1:  nop
    begin   5                   // not for EL1: none
    set     mdscr_el1, MDE
    breakpoint 1 + EL1 + (0xf << BAS)
1:  nop
    set     mdscr_el1, MDE + KDE
    begin   7                   // linked to context ID 77, which is not the current one: none; then it is
    set     dbgbvr5_el1, 77
    set     dbgbcr5_el1, (1 + EL1 + EL0 + (0xf << BAS) + (3 << 20))
    breakpoint 1 + EL1 + (0xf << BAS) + LINKED + (5 << 16)
1:  nop
    begin   8
    set     contextidr_el1, 77
    breakpoint 1 + EL1 + (0xf << BAS) + LINKED + (5 << 16)
1:  nop

    begin   10                  // stores
    watch   64, 1 + EL1 + STORES + (0xff << BAS)
    ldr     x1, [x27, #64]
    str     x1, [x27, #64]
    str     x1, [x27, #72]
    begin   11                  // loads
    watch   64, 1 + EL1 + LOADS + (0xff << BAS)
    str     x1, [x27, #64]
    ldr     x1, [x27, #64]
    ldrb    w1, [x27, #71]
    begin   12                  // the lower half of a doubleword, by an aligned address and by a word's
    watch   64, 1 + EL1 + LOADS + STORES + (0x0f << BAS)
    ldr     w1, [x27, #68]
    ldr     w1, [x27, #64]
    watch   68, 1 + EL1 + LOADS + STORES + (0x0f << BAS)
    ldr     w1, [x27, #64]
    strh    w1, [x27, #70]
    begin   13                  // bytes
    watch   64, 1 + EL1 + LOADS + STORES + (0x18 << BAS)
    ldrh    w1, [x27, #64]
    ldrb    w1, [x27, #67]
    strb    w1, [x27, #68]
    strb    w1, [x27, #69]
    begin   14                  // a wide access that begins below
    watch   64, 1 + EL1 + LOADS + STORES + (0xff << BAS)
    stp     x1, x2, [x27, #56]
    ldp     x1, x2, [x27, #48]
    begin   15                  // 64 bytes by mask
    watch   64, (1 + EL1 + LOADS + STORES + (0xff << BAS) + (6 << 24))
    ldr     x1, [x27, #56]
    ldr     x1, [x27, #64]
    strb    w1, [x27, #127]
    ldr     x1, [x27, #128]
    begin   16                  // an EL0 access only: LDTR, STTR are such
    watch   64, 1 + EL0 + LOADS + STORES + (0xff << BAS)
    ldr     x1, [x27, #64]
    ldtr    x1, [x27, #64]
    sttr    x1, [x27, #64]
    begin   17                  // linked to the context, and to another
    watch   64, 1 + EL1 + LOADS + STORES + (0xff << BAS) + LINKED + (5 << 16)
    ldr     x1, [x27, #64]
    set     contextidr_el1, 78
    isb
    ldr     x1, [x27, #64]
    begin   18                  // exclusives
    watch   64, 1 + EL1 + STORES + (0xff << BAS)
    ldxr    x1, [x27]
    ldr     x0, [x27, #64]
    str     x0, [x27, #64]

    set     mdscr_el1, MDE      // EL0 needs no KDE
    begin   20
    breakpoint 1 + EL0 + (0xf << BAS)
    user
2:  nop
1:  nop
    svc     #0
    begin   21
    watch   64, 1 + EL0 + LOADS + STORES + (0xff << BAS)
    user
2:  ldr     x1, [x27, #64]
    strb    w1, [x27, #65]
    svc     #0
    begin   22                  // for EL1 only: none
    watch   64, 1 + EL1 + LOADS + STORES + (0xff << BAS)
    user
2:  ldr     x1, [x27, #64]
    svc     #0

    ldr     w0, =0x84000008
    hvc     #0

// prints x0 in hexadecimal
hex:
    mov     x2, #60
    mov     x3, #UART
1:  lsr     x4, x0, x2
    and     x4, x4, #15
    cmp     x4, #10
    add     x5, x4, #'0'
    add     x6, x4, #('a' - 10)
    csel    x4, x5, x6, lo
    strb    w4, [x3]
    subs    x2, x2, #4
    b.ge    1b
    ret
    .macro  put character
    mov     x3, #UART
    mov     w4, #\character
    strb    w4, [x3]
    .endm

handler:
    mrs     x10, esr_el1
    mrs     x11, elr_el1
    mrs     x12, far_el1
    mov     x13, x30
    lsr     x14, x10, #26
    cmp     x14, #0x15
    b.eq    2f
    mov     x0, x28
    bl      hex
    put     ' '
    mov     x0, x10
    bl      hex
    put     ' '
    sub     x0, x11, x26
    bl      hex
    cmp     x14, #0x34
    b.lo    1f
    put     ' '
    sub     x0, x12, x27
    bl      hex
1:  put     '\n'
    add     x11, x11, #4
    msr     elr_el1, x11
    mov     x30, x13
    eret
2:  msr     elr_el1, x11        // SVC: on, at EL1 with D clear
    mov     x0, #0x1c5
    msr     spsr_el1, x0
    mov     x30, x13
    eret

    .balign 2048
vectors:
    .rept   16
    .balign 128
    b       handler
    .endr

    .ltorg
    .balign 64
data:
    .space  256
image_end:
