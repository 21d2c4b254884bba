/* SPDX-License-Identifier: Apache-2.0
 * System registers, barriers, TLB maintenance. Thin: one instruction each, ordered against memory by the clobber.
 */
#ifndef BARE_SYSREG_H
#define BARE_SYSREG_H

#include "lib/types.h"

#define read_sysreg(name) \
    ({ u64 v_; __asm__ volatile("mrs %0, " #name : "=r"(v_)); v_; })
#define write_sysreg(name, value) \
    do { u64 v_ = (value); __asm__ volatile("msr " #name ", %0" : : "r"(v_) : "memory"); } while (0)

#define isb() __asm__ volatile("isb" : : : "memory")
#define dsb(domain) __asm__ volatile("dsb " #domain : : : "memory")
#define dmb(domain) __asm__ volatile("dmb " #domain : : : "memory")
#define wfi() __asm__ volatile("wfi" : : : "memory")
#define tlbi(kind) __asm__ volatile("tlbi " #kind : : : "memory")
/* Operand of the by-address forms: VA[55:12], ASID and TTL zero (D8.17.5.1). */
#define tlbi_va(kind, va) __asm__ volatile("tlbi " #kind ", %0" : : "r"(((va) >> 12) & 0xfffffffffffULL) : "memory")

#define tlbi_operand(kind, operand) __asm__ volatile("tlbi " #kind ", %0" : : "r"(operand) : "memory")
/* FEAT_TLBIRANGE, by encoding: the rest is built for Armv8.0. */
#define tlbi_rvaale1is(operand) __asm__ volatile("sys #0, c8, c2, #7, %0" : : "r"(operand) : "memory")
#define tlbi_rvaale1(operand) __asm__ volatile("sys #0, c8, c6, #7, %0" : : "r"(operand) : "memory")

static inline void local_flush_tlb_all(void) {
    tlbi(vmalle1);
    dsb(nsh);
    isb();
}

/* The index of this core: 0 is the boot core. */
static inline unsigned this_cpu(void) { return (unsigned)read_sysreg(tpidr_el1); }

static inline u64 read_once(const volatile u64 *p) { return *p; }
static inline void write_once(volatile u64 *p, u64 v) { *p = v; }
static inline u32 load_acquire32(const u32 *p) {
    u32 v;
    __asm__ volatile("ldar %w0, %1" : "=r"(v) : "Q"(*p) : "memory");
    return v;
}
static inline void store_release32(u32 *p, u32 v) { __asm__ volatile("stlr %w1, %0" : "=Q"(*p) : "r"(v) : "memory"); }

#endif
