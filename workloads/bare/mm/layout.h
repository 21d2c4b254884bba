/* SPDX-License-Identifier: Apache-2.0
 * Where things are. Shared by C, assembly and the linker script: constants only.
 *
 *   TTBR1  0xffff000000000000  linear map: VA = LINEAR_VA + (PA - start of RAM)
 *          0xffff800080000000  kernel image, as Linux places it
 *          0xffffc00000000000  second map of the table pool, for strategies that unmap linear ranges
 *          0xffffd00000000000  in a temporary TTBR1 map alone: one table page at a time
 *          0xffffe00000000000  fixmap, for scenarios that make the linear map themselves
 *          0xfffffe0000000000  the UART's page; behind it the interrupt controller, if a strategy needs it
 *   TTBR0  the kernel image at its physical address (identity map), while a core is in the idmap; else nothing
 */
#ifndef BARE_LAYOUT_H
#define BARE_LAYOUT_H

#define LINEAR_VA 0xffff000000000000
#define IMAGE_VA 0xffff800080000000
#define POOL_VA 0xffffc00000000000
#define WINDOW_VA 0xffffd00000000000
#define FIXMAP_VA 0xffffe00000000000
#define DEVICE_VA 0xfffffe0000000000
#define GIC_VA 0xfffffe0008000000
#define GIC_PA 0x08000000 /* distributor; redistributors 0xa0000 behind it, 0x20000 each */
#define GIC_BYTES 0x8a0000
#define LOAD_PA 0x40200000

#define TEXT_ALIGN 0x200000 /* kernel text and data are whole 2 MiB apart: text's alias in the linear map is one block */
#define STACK_BYTES 0x2000

/* struct boot_regs, by offset */
#define BOOT_TTBR0 0
#define BOOT_TTBR1 8
#define BOOT_TCR 16
#define BOOT_MAIR 24
#define BOOT_SCTLR 32
#define BOOT_EMPTY 40

#endif
