/* SPDX-License-Identifier: Apache-2.0
 * Translation tables: pool, painter, walkers, and the primitives from which strategies are made.
 */
#ifndef BARE_MM_H
#define BARE_MM_H

#include "mm/descriptor.h"
#include "mm/layout.h"

/* --- addresses */
extern char image_begin[], text_end[], data_begin[], image_end[]; /* linker script */

extern u64 image_pa; /* where the image lies */
/* PA of an address inside the kernel image; correct before and after the MMU is on. */
static inline u64 image_to_pa(const void *p) {
    const u64 a = (u64)p;
    return a >> 63 ? a - IMAGE_VA + image_pa : a;
}
static inline u64 pa_to_linear(u64 pa) { return LINEAR_VA + (pa - machine.ram_base); }
static inline u64 linear_to_pa(u64 va) { return va - LINEAR_VA + machine.ram_base; }

/* The text's alias in the linear map, which no strategy touches (Linux: [_stext, __init_begin)). */
static inline struct bank text_alias(void) {
    return (struct bank){pa_to_linear(image_to_pa(image_begin)), pa_to_linear(image_to_pa(data_begin))};
}

/* What enable_mmu() in boot/head.S loads; offsets in layout.h. */
struct boot_regs {
    u64 ttbr0, ttbr1, tcr, mair, sctlr, empty;
};
extern struct boot_regs boot_regs;

/* --- pool.c: table pages from a range of RAM behind the kernel image */
struct table_pool {
    u64 begin, next, end; /* physical */
    u64 to_pointer;       /* pointer = PA + to_pointer: 0 with the MMU off and in the idmap, else a map of the pool */
    bool shared;          /* several cores allocate at the same time */
};
extern struct table_pool pool;
u64 pool_bytes_needed(void);
void pool_reserve(void);         /* behind the image */
u64 table_alloc(void);           /* PA of a table page with any contents */
u64 table_alloc_zeroed(void);
void clear_table(u64 *table, enum zeroing how);
static inline u64 *table_pointer(u64 pa) { return (u64 *)(pa + pool.to_pointer); }

/* --- fill.S: n descriptors first, first + step, first + 2 * step, ... */
void fill_descriptors(u64 *to, u64 first, u64 step, u64 n);
/* --- set_descriptors.c: the same, each by a call that decides about its barriers; between begin and end they are owed */
void set_descriptors(u64 *to, u64 pa, u64 attributes, u64 step, u64 n);
void batch_begin(void);
void batch_end(void);
void batch_interrupted(bool now); /* by the boot core's interrupt handler, before and after */

/* --- paint.c: tables that nobody uses yet */
enum { NO_BLOCK = 1, NO_CONT = 2 };
void paint(u64 root_pa, u64 va, u64 pa, u64 bytes, u64 attributes, unsigned flags);
void paint_linear(u64 root_pa, unsigned flags);
void paint_everything(void);     /* the boot map, and boot_regs */

/* --- walk.c */
/* The descriptor slot that maps va in the TTBR1 map, and its level; null if nothing does. */
u64 *find_leaf(u64 va, unsigned *level);
enum walk_action { WALK_DESCEND, WALK_SKIP };
struct walk_ops { /* per level; null: descend. `*slot` is valid; after WALK_DESCEND a table is entered */
    enum walk_action (*entry[4])(u64 *slot, u64 va, unsigned level);
    struct bank leave_alone; /* entries in it are skipped */
};
void walk_range(u64 va, u64 end, const struct walk_ops *ops);

/* --- split.c: writers of live descriptors, for tables that only FEAT_BBM level 2 cores can reach */
/* *slot, a block, becomes a table of the next level with the same attributes; NO_CONT: without contiguous bits. */
void split_block(u64 *slot, u64 va, unsigned level, unsigned flags);
/* Takes the Contiguous bit from every valid member of slot's group. */
void clear_contiguous(u64 *slot, u64 va, unsigned level);
u64 *group_first(u64 *slot, unsigned level);
/* A table not yet linked that maps what `block` maps, one level down; returns its PA. */
u64 make_table_from(u64 block, unsigned level, unsigned flags);

/* --- split_range.c */
/* Every block and contiguous leaf in [va, end) becomes pages, as flags say; text alias and holes are left. No pointers
 * to functions inside: good in the identity map too. */
void split_range(u64 va, u64 end, unsigned flags);

/* --- strict.c: break-before-make of everything in [va, end); before and after (may be null) stand around each batch.
 * Tables must be reachable while the range is unmapped. */
void strict_range(u64 va, u64 end, void (*before)(void), void (*after)(void));

/* --- flush.c: in units of tlbi=; flush_tlb_kernel_range() honours the sabotages that concern the flush */
void flush_check(void);                  /* fails the run if this core has not what tlbi= needs */
void flush_tlb_kernel_range(u64 va, u64 end);
/* TLBIs, without barriers, for leaves of that level in [va, va + bytes). */
void invalidate_leaves(u64 va, u64 bytes, unsigned level, bool local);
/* Behind every live write of a leaf: the barriers of dsb=entry, and what tlbi=level flushes later. */
void leaf_changed(u64 va, unsigned level, u64 bytes);

#endif
