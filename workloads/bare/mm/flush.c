/* SPDX-License-Identifier: Apache-2.0
 * TLB maintenance of kernel ranges, in the unit that tlbi= asks for. Above as many pages as a table has entries Linux
 * gives up single addresses: so does tlbi=auto.
 */
#include "lib/guest.h"
#include "lib/sysreg.h"
#include "mm/mm.h"

enum { LEVELS = 4, MOST_SPANS = 16 };

static bool has_range_tlbi(void) { return (read_sysreg(id_aa64isar0_el1) >> 56 & 15) >= 2; }
static bool has_ttl(void) { return read_sysreg(id_aa64mmfr2_el1) >> 48 & 15; }
static u64 granule_code(void) { return (machine.granule_shift - 12) / 2 + 1; } /* TG of TLBI operands */

void flush_check(void) {
    if (machine.tlbi == TLBI_RANGE && !has_range_tlbi()) fail("tlbi=range needs FEAT_TLBIRANGE, which core 0 lacks");
    if (machine.tlbi == TLBI_LEVEL && !has_ttl()) fail("tlbi=level needs FEAT_TTL, which core 0 lacks");
}

static void by_address(u64 operand, bool local) {
    if (local) tlbi_operand(vaale1, operand);
    else tlbi_operand(vaale1is, operand);
}

static void everything(bool local) {
    if (local) tlbi(vmalle1);
    else tlbi(vmalle1is);
}

static void by_step(u64 va, u64 end, u64 step, u64 ttl, bool local) {
    for (; va < end; va += step) by_address((va >> 12 & 0xfffffffffffULL) | ttl, local);
}

/* (NUM + 1) * 2^(5 * SCALE + 1) pages an instruction (D8.17.5.2), the largest first; an odd one by its address. */
static void by_range(u64 va, u64 end, bool local) {
    u64 pages = (end - va) >> machine.granule_shift;
    while (pages > 1) {
        unsigned scale = 3;
        while (pages >> (5 * scale + 1) == 0) --scale;
        const u64 n = min_u64(pages >> (5 * scale + 1), 32), done = n << (5 * scale + 1);
        const u64 base = va >> machine.granule_shift & ((1ULL << 37) - 1);
        const u64 operand = granule_code() << 46 | (u64)scale << 44 | (n - 1) << 39 | base;
        if (local) tlbi_rvaale1(operand);
        else tlbi_rvaale1is(operand);
        va += done << machine.granule_shift;
        pages -= done;
    }
    if (pages) by_address(va >> 12 & 0xfffffffffffULL, local);
}

void invalidate_leaves(u64 va, u64 bytes, unsigned level, bool local) {
    const u64 end = va + bytes;
    switch (machine.tlbi) {
    case TLBI_ALL: everything(local); break;
    case TLBI_RANGE: by_range(va, end, local); break;
    case TLBI_PAGE: by_step(va, end, table_bytes(), 0, local); break;
    case TLBI_LEVEL: by_step(va, end, level_span(level), (granule_code() << 2 | level) << 44, local); break;
    case TLBI_AUTO: by_step(va, end, level_span(level), 0, local); break;
    }
}

/* What tlbi=level has to name: changed leaves as spans per level. If there are too many spans, the last one grows over
 * the gap: more is invalidated than need be, which is always legal (R_MMZTY). */
static struct {
    struct bank span[MOST_SPANS];
    unsigned n;
} touched[LEVELS];

void leaf_changed(u64 va, unsigned level, u64 bytes) {
    if (machine.dsb_entry) {
        dsb(ishst);
        isb();
    }
    if (machine.tlbi != TLBI_LEVEL) return;
    unsigned *n = &touched[level].n;
    struct bank *last = touched[level].span + (*n ? *n - 1 : 0);
    if (*n && va >= last->begin && va <= last->end) last->end = max_u64(last->end, va + bytes);
    else if (*n == MOST_SPANS) last->end = va + bytes;
    else touched[level].span[(*n)++] = (struct bank){va, va + bytes};
}

static void flush_touched(bool local) {
    for (unsigned level = 0; level < LEVELS; ++level) {
        for (unsigned i = 0; i < touched[level].n; ++i) {
            const struct bank *s = &touched[level].span[i];
            invalidate_leaves(s->begin, s->end - s->begin, level, local);
        }
        touched[level].n = 0;
    }
}

static void issue(u64 va, u64 end, bool local) {
    const u64 page = table_bytes();
    if (machine.tlbi == TLBI_LEVEL) flush_touched(local);
    else if (machine.tlbi != TLBI_AUTO) invalidate_leaves(va, end - va, 3, local);
    else if (end - va >= page * table_entries()) everything(local);
    else by_step(va, end, page, 0, local);
}

void flush_tlb_kernel_range(u64 va, u64 end) {
    const bool local = machine.sabotage == SABOTAGE_LOCAL_FLUSH;
    if (machine.sabotage == SABOTAGE_NO_FLUSH || va >= end) return;
    if (machine.sabotage != SABOTAGE_NO_DSB_BEFORE_TLBI) dsb(ishst);
    issue(va, end, local);
    if (machine.sabotage == SABOTAGE_NO_DSB_AFTER_TLBI) return;
    if (local) dsb(nsh);
    else dsb(ish);
    isb();
}
