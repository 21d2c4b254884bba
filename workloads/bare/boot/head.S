/* SPDX-License-Identifier: Apache-2.0
 * Entry of the boot core and of the others: EL1h, MMU off, running at the physical address; everything up to the
 * jump to the kernel VA is position independent. Begins with the arm64 Image header, so that the flat file boots
 * wherever a Linux kernel does.
 */
#include "mm/layout.h"

    .section .head.text, "ax"
    .global image_head
image_head:
    b       primary_entry
    .long   0
    .quad   0                   /* text_offset */
    .quad   image_bytes
    .quad   0xa                 /* little endian, 4K pages, anywhere in RAM */
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .long   0

/* x0 = PA of the device tree */
    .global primary_entry
    .type primary_entry, %function
primary_entry:
    msr     daifset, #15
    mov     x19, x0
    adrp    x1, bss_begin
    add     x1, x1, :lo12:bss_begin
    adrp    x2, bss_end
    add     x2, x2, :lo12:bss_end
1:  cmp     x1, x2
    b.hs    2f
    stp     xzr, xzr, [x1], #16
    b       1b
2:  mov     x20, xzr            /* cpu index */
    bl      prepare_core
    mov     x0, x19
    adrp    x1, image_head
    bl      early_main
    ldr     x21, =boot_main
    b       enter_kernel
    .size primary_entry, . - primary_entry

/* x0 = cpu index, the context that the boot core passed to CPU_ON */
    .global secondary_entry
    .type secondary_entry, %function
secondary_entry:
    msr     daifset, #15
    mov     x20, x0
    bl      prepare_core
    mov     x0, x20
    bl      early_secondary
    ldr     x21, =secondary_main
    b       enter_kernel
    .size secondary_entry, . - secondary_entry

/* Stack, vectors and cpu index of core x20, at physical addresses. */
prepare_core:
    adrp    x1, stacks
    add     x1, x1, :lo12:stacks
    add     x2, x20, #1
    mov     x3, #STACK_BYTES
    madd    x1, x2, x3, x1
    mov     sp, x1
    adrp    x1, vectors
    add     x1, x1, :lo12:vectors
    msr     vbar_el1, x1
    msr     tpidr_el1, x20
    isb
    ret

/* MMU on with boot_regs; then at the kernel VA, with stack and vectors there, calls x21(x20). */
    .global enter_kernel
    .type enter_kernel, %function
enter_kernel:
    adrp    x9, boot_regs
    add     x9, x9, :lo12:boot_regs
    ldr     x1, [x9, #BOOT_TTBR0]
    ldr     x2, [x9, #BOOT_TTBR1]
    ldr     x3, [x9, #BOOT_TCR]
    ldr     x4, [x9, #BOOT_MAIR]
    ldr     x5, [x9, #BOOT_SCTLR]
    msr     ttbr0_el1, x1
    msr     ttbr1_el1, x2
    msr     tcr_el1, x3
    msr     mair_el1, x4
    isb
    tlbi    vmalle1             /* a core that was off received no broadcast, and reset need not empty a TLB */
    dsb     nsh
    isb
    msr     sctlr_el1, x5
    isb
    ldr     x1, =1f
    br      x1
1:  ldr     x1, =stacks
    add     x2, x20, #1
    mov     x3, #STACK_BYTES
    madd    x1, x2, x3, x1
    mov     sp, x1
    ldr     x1, =vectors
    msr     vbar_el1, x1
    isb
    mov     x0, x20
    mov     x29, xzr
    blr     x21
2:  wfi
    b       2b
    .size enter_kernel, . - enter_kernel
    .ltorg
