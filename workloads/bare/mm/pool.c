/* SPDX-License-Identifier: Apache-2.0
 * Table pages come from one range of RAM, from low to high, and are never given back.
 */
#include "lib/guest.h"
#include "lib/string.h"
#include "lib/sysreg.h"
#include "mm/mm.h"
#include "smp/smp.h"
#include "strategies/strategy.h"

struct table_pool pool;
u64 image_pa;

/* Tables that map so many bytes in pages, wherever they begin. */
static u64 tables_for(u64 bytes) {
    u64 tables = 0;
    for (unsigned level = root_level(); level < 3; ++level) tables += bytes / level_span(level) + 4;
    return tables;
}

/* Enough for the linear map in pages, the small maps, a second map of the pool, and a few spare ones. */
u64 pool_bytes_needed(void) {
    u64 tables = 64 + tables_for(machine.ram_end - machine.ram_base);
    if (machine.strategy->clones) tables *= 2;
    if (machine.strategy->breaks || machine.strategy->tables_in_idmap)
        tables += tables_for((tables + tables / 64) << machine.granule_shift);
    return tables << machine.granule_shift;
}

/* In the bank that holds the image, which lies near its start. */
void pool_reserve(void) {
    pool.begin = round_up(image_to_pa(image_end), 1 << 16);
    pool.end = round_up(pool.begin + pool_bytes_needed(), 1 << 16);
    pool.next = pool.begin;
    for (unsigned i = 0; i < machine.fdt.bank_count; ++i)
        if (machine.fdt.banks[i].begin <= image_pa && pool.end <= machine.fdt.banks[i].end) return;
    fail("too little memory: the tables need 0x%lx bytes from 0x%lx on", pool.end - pool.begin, pool.begin);
}

u64 table_alloc(void) {
    const u64 pa = pool.shared ? atomic_add(&pool.next, table_bytes()) : pool.next;
    if (pa + table_bytes() > pool.end) fail("out of table pages: all of 0x%lx-0x%lx are in use", pool.begin, pool.end);
    if (!pool.shared) pool.next = pa + table_bytes();
    return pa;
}

/* DC ZVA needs Normal memory: with the MMU on. */
static bool can_zero_by_zva(void) { return read_sysreg(sctlr_el1) & 1 && !(read_sysreg(dczid_el0) & 16); }

void clear_table(u64 *table, enum zeroing how) {
    if (how == ZERO_ZVA && can_zero_by_zva()) {
        const u64 begin = (u64)table, block = 4ULL << (read_sysreg(dczid_el0) & 15);
        for (u64 at = begin; at < begin + table_bytes(); at += block) __asm__ volatile("dc zva, %0" : : "r"(at) : "memory");
        return;
    }
    fill_descriptors(table, 0, 0, table_entries());
}

u64 table_alloc_zeroed(void) {
    const u64 pa = table_alloc();
    clear_table(table_pointer(pa), machine.zeroing);
    return pa;
}
