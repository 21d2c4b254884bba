/* SPDX-License-Identifier: Apache-2.0
 * How cores wait for each other, with the v8.0 exclusives that the kernel's alternatives fall back to.
 */
#include "mm/layout.h"

    .text

/* Registers: x0 the counter, w3 and w5 scratch. */
    .macro count_in
8:  ldxr    w3, [x0]
    add     w3, w3, #1
    stxr    w5, w3, [x0]
    cbnz    w5, 8b
    .endm

    .macro wait_for_zero            /* the monitor that the store of 0 clears is the event */
    sevl
9:  wfe
    ldxr    w3, [x0]
    cbnz    w3, 9b
    .endm

    .global park_in_map
    .type park_in_map, %function
park_in_map:
    count_in
    wait_for_zero
    dmb     ishld
    ret
    .size park_in_map, . - park_in_map

    .global park_in_idmap
    .type park_in_idmap, %function
park_in_idmap:
    mrs     x4, vbar_el1
    adrp    x5, idmap_vectors
    add     x5, x5, :lo12:idmap_vectors
    msr     vbar_el1, x5
    msr     ttbr1_el1, x1
    isb
    tlbi    vmalle1
    dsb     nsh
    isb
    count_in                        /* from here on nothing of the linear map is reachable or held */
    wait_for_zero
    msr     ttbr1_el1, x2
    isb
    msr     vbar_el1, x4
    isb
    ret
    .size park_in_idmap, . - park_in_idmap

    .global wait_until_equal
    .type wait_until_equal, %function
wait_until_equal:
1:  ldar    w2, [x0]
    cmp     w2, w1
    b.eq    3f
    sevl
    wfe
    ldxr    w3, [x0]
    eor     w3, w3, w2
    cbnz    w3, 1b
    wfe
    b       1b
3:  ret
    .size wait_until_equal, . - wait_until_equal

    .global wait_while_equal
    .type wait_while_equal, %function
wait_while_equal:
1:  ldar    w2, [x0]
    cmp     w2, w1
    b.ne    3f
    sevl
    wfe
    ldxr    w3, [x0]
    eor     w3, w3, w2
    cbnz    w3, 1b
    wfe
    b       1b
3:  ret
    .size wait_while_equal, . - wait_while_equal

    .global run_in_idmap
    .type run_in_idmap, %function
run_in_idmap:
    stp     x29, x30, [sp, #-48]!
    stp     x19, x20, [sp, #16]
    str     x21, [sp, #32]
    mov     x19, x3
    mrs     x20, vbar_el1
    mov     x21, sp                 /* of the kernel map; meanwhile the same stack at its physical address */
    adrp    x5, idmap_vectors
    add     x5, x5, :lo12:idmap_vectors
    msr     vbar_el1, x5
    adrp    x6, image_head
    ldr     x7, =IMAGE_VA
    sub     x7, x21, x7
    add     x6, x6, x7
    mov     sp, x6
    msr     ttbr1_el1, x2
    isb
    tlbi    vmalle1
    dsb     nsh
    isb
    mov     x9, x0
    mov     x0, x1
    blr     x9
    msr     ttbr1_el1, x19
    isb
    mov     sp, x21
    msr     vbar_el1, x20
    isb
    ldr     x21, [sp, #32]
    ldp     x19, x20, [sp, #16]
    ldp     x29, x30, [sp], #48
    ret
    .size run_in_idmap, . - run_in_idmap

    .global off_and_on
    .type off_and_on, %function
off_and_on:
    stp     x19, x20, [x0]
    stp     x21, x22, [x0, #16]
    stp     x23, x24, [x0, #32]
    stp     x25, x26, [x0, #48]
    stp     x27, x28, [x0, #64]
    stp     x29, x30, [x0, #80]
    mov     x1, sp
    str     x1, [x0, #96]
    ldr     w0, =0x84000002         /* PSCI CPU_OFF */
    bl      hvc_call
1:  wfi                             /* refused: the boot core waits for it in vain, and the time limit says so */
    b       1b
    .size off_and_on, . - off_and_on

    .global come_back
    .type come_back, %function
come_back:
    ldp     x19, x20, [x0]
    ldp     x21, x22, [x0, #16]
    ldp     x23, x24, [x0, #32]
    ldp     x25, x26, [x0, #48]
    ldp     x27, x28, [x0, #64]
    ldp     x29, x30, [x0, #80]
    ldr     x1, [x0, #96]
    mov     sp, x1
    ret
    .size come_back, . - come_back
    .ltorg

    .global atomic_add
    .type atomic_add, %function
atomic_add:
1:  ldxr    x2, [x0]
    add     x3, x2, x1
    stxr    w4, x3, [x0]
    cbnz    w4, 1b
    mov     x0, x2
    ret
    .size atomic_add, . - atomic_add

    .global atomic_increment
    .type atomic_increment, %function
atomic_increment:
1:  ldaxr   w2, [x0]
    add     w2, w2, #1
    stlxr   w3, w2, [x0]
    cbnz    w3, 1b
    mov     w0, w2
    ret
    .size atomic_increment, . - atomic_increment

/* Vectors of a core in park_in_idmap, where the kernel's are out of reach: a TLB conflict abort is recovered from,
 * all else ends the run. x16 to x18 are free there. */
    .macro idmap_vector
    .balign 0x80
    b       idmap_exception
    .endm

    .balign 0x800
idmap_vectors:
    .rept 16
    idmap_vector
    .endr

    .type idmap_exception, %function
idmap_exception:
    mrs     x16, esr_el1
    lsr     x17, x16, #26
    and     x17, x17, #~4           /* 0x21 and 0x25: aborts of this Exception level */
    cmp     x17, #0x21
    b.ne    1f
    and     x16, x16, #0x3f
    cmp     x16, #0x30
    b.ne    1f
    adrp    x16, idmap_conflict_is_fatal
    ldr     w16, [x16, :lo12:idmap_conflict_is_fatal]
    cbnz    w16, 1f
    tlbi    vmalle1
    dsb     nsh
    isb
    adrp    x16, idmap_conflicts
    add     x16, x16, :lo12:idmap_conflicts
    mrs     x17, tpidr_el1
    ldr     x18, [x16, x17, lsl #3]
    add     x18, x18, #1
    str     x18, [x16, x17, lsl #3]
    eret
1:  adrp    x1, idmap_reason
    add     x1, x1, :lo12:idmap_reason
    ldr     w0, =0xC6000104         /* BBM_CALL_FAIL */
    bl      hvc_call
    ldr     w0, =0x84000008         /* PSCI SYSTEM_OFF */
    bl      hvc_call
2:  wfi
    b       2b
    .size idmap_exception, . - idmap_exception
    .ltorg

    .section .rodata
idmap_reason:
    .asciz "exception in the identity map"
