/* SPDX-License-Identifier: Apache-2.0
 * Cores: bring-up, barriers among them, and the repaint's rendezvous.
 */
#ifndef BARE_SMP_H
#define BARE_SMP_H

#include "lib/machine.h"

struct context { /* rendezvous.S */
    u64 x19_to_x30[12], sp;
};

struct percpu {
    u32 online;
    u64 conflicts; /* TLB conflict aborts recovered from */
    u64 conflicts_in_a_row, last_conflict_elr;
    u64 checksum, places, written;
    u64 wrong; /* reads that saw what they must not */
    struct context context; /* of a core that went off to come back */
    bool returns;
} __attribute__((aligned(64)));
extern struct percpu percpu[MAX_CPUS];

/* --- smp.c */
void bring_up_cores(void);        /* boot core: all others, one after another */
void bring_up_core(unsigned cpu);
void core_is_online(unsigned cpu, bool usable);
void barrier(void);               /* every core in use */
void sleep_forever(void) __attribute__((noreturn));

/* --- repaint.c: the strategy, with the others out of the way as the options say */
void repaint_on_boot_core(void);
void repaint_on_secondary(void);
/* The same rendezvous for other work: once after a repaint, or instead of one. */
void with_others_parked(void (*work)(void));
void park_until_released(void);
/* fn(argument) from the identity map, at physical addresses, with `meanwhile` in TTBR1 and this core's TLBs empty; then
 * TTBR1 becomes `after`. fn uses no pointers to functions or strings: they are addresses of the kernel map. */
void in_idmap(void (*fn)(u64), u64 argument, u64 meanwhile, u64 after);

/* --- rendezvous.S */
/* Adds one to *count, then waits for it to become 0 in the map that is in force. */
void park_in_map(u32 *count);
/* The same from the identity map, with TTBR1 = `reserved` meanwhile and this core's TLBs empty. Must be called, and
 * be given count, at physical addresses, with the identity map in TTBR0. */
void park_in_idmap(u32 *count, u64 reserved, u64 restore);
/* What in_idmap() does between identity map in and out; called at its physical address, as fn is. */
void run_in_idmap(u64 fn, u64 argument, u64 meanwhile, u64 after);
/* CPU_OFF; returns when another core has called CPU_ON and the core has come to come_back(). */
void off_and_on(struct context *c);
void come_back(const struct context *c) __attribute__((noreturn));
/* As smp_cond_load_acquire(): until *p == value. */
void wait_until_equal(const u32 *p, u32 value);
void wait_while_equal(const u32 *p, u32 value);
u32 atomic_increment(u32 *p); /* acquire and release; returns the new value */
u64 atomic_add(u64 *p, u64 n); /* returns the old value */
extern u64 idmap_conflicts[MAX_CPUS];
extern u32 idmap_conflict_is_fatal;

#endif
