// SPDX-License-Identifier: Apache-2.0
// The virtual and the physical timer, each by its own interrupt: CVAL, TVAL, CTL as they read, and the order of arrival.
#include "guest.inc"
.macro wait_for_interrupt name
    wfi
    mrs x20, s3_0_c12_c12_0
    result \name, x20
.endm
function _start
    mov32 x9, 0x080a0000
    str wzr, [x9, #0x14]
    add x9, x9, #0x10000
    mov32 x10, 0x48000000           // PPIs 27 and 30
    str w10, [x9, #0x80]
    str w10, [x9, #0x100]
    mov32 x9, 0x08000000
    mov w10, #0x12
    str w10, [x9]
    mov x9, #0xf0
    msr s3_0_c4_c6_0, x9
    mov x9, #1
    msr s3_0_c12_c12_7, x9
    isb
    mrs x21, cntpct_el0
    mrs x22, cntvct_el0
    sub x20, x22, x21
    result offset, x20              // the virtual counter is the physical one, a few ticks later
    add x9, x21, #2000
    msr cntp_cval_el0, x9
    add x9, x21, #1000
    msr cntv_cval_el0, x9
    mov x9, #1
    msr cntp_ctl_el0, x9
    msr cntv_ctl_el0, x9
    isb
    mrs x20, cntp_ctl_el0
    result before, x20
    wait_for_interrupt first
    mrs x20, cntv_ctl_el0
    result fired, x20
    mrs x20, cntv_tval_el0          // a signed 32-bit distance
    sxtw x20, w20
    neg x20, x20
    result late, x20
    mov x9, #3
    msr cntv_ctl_el0, x9            // masked: the condition stays
    isb
    mrs x20, cntv_ctl_el0
    result masked, x20
    mov x9, #27
    msr s3_0_c12_c12_1, x9
    wait_for_interrupt second
    mrs x23, cntpct_el0
    sub x20, x23, x21
    result elapsed, x20
    msr cntp_ctl_el0, xzr
    isb
    mrs x20, cntp_ctl_el0
    result disabled, x20
    mov x9, #30
    msr s3_0_c12_c12_1, x9
    mov32 x9, 0x08000000            // the real-time clock's alarm: SPI 2, INTID 34
    mov w10, #4
    str w10, [x9, #0x84]
    str w10, [x9, #0x104]
    mov32 x9, 0x09010000
    ldr w24, [x9]
    add w10, w24, #3
    str w10, [x9, #4]
    mov w10, #1
    str w10, [x9, #0x10]
    wait_for_interrupt alarm
    mov32 x9, 0x09010000
    ldr w10, [x9]
    sub w20, w10, w24
    result seconds, x20
    system_off
