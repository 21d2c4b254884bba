/* SPDX-License-Identifier: Apache-2.0
 * The fixmap: pages of kernel address space that show any table page for a while, as Linux has them, for the time in
 * which there is no linear map yet. One slot for each level of table.
 */
#ifndef BARE_FIXMAP_H
#define BARE_FIXMAP_H

#include "mm/mm.h"

enum { FIX_LEVEL0, FIX_LEVEL1, FIX_LEVEL2, FIX_LEVEL3, FIX_WINDOWS, FIX_TABLE = FIX_WINDOWS, FIX_ROOT, FIX_COUNT };

/* With the MMU off, at the end of painting: the slots' table, itself and the root table mapped for good. */
void fixmap_paint(void);
/* Maps the page of pa; returns a pointer to pa itself. As set_fixmap(): the entry, DSB ISHST, ISB. */
u64 *fixmap_set(unsigned slot, u64 pa);
/* As clear_fixmap(): entry 0; flush_tlb_kernel_range() of the page, that is DSB ISHST, VAALE1IS, DSB ISH, ISB. */
void fixmap_clear(unsigned slot);
/* The live TTBR1 root, to be read; Linux writes it through a slot. */
const u64 *fixmap_root(void);

extern u64 fixmap_sets; /* how often fixmap_set() was called */

#endif
