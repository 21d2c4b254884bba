/* SPDX-License-Identifier: Apache-2.0
 * A strategy: how the linear map is painted at boot, and how it becomes pages. One file each; list.h names them all.
 */
#ifndef BARE_STRATEGY_H
#define BARE_STRATEGY_H

#include "lib/types.h"

struct strategy {
    char name[24];        /* as users type it */
    unsigned paint_flags; /* NO_BLOCK, NO_CONT: of the linear map at boot */
    bool breaks;          /* unmaps ranges on the way: needs a second map of the tables */
    bool clones;          /* makes a second tree: needs twice the table pages */
    bool tables_in_idmap; /* works where the kernel map is out of reach: the identity map has the table pool too */
    bool interrupts;      /* needs the interrupt controller mapped */
    bool flushes;         /* honours the sabotages of flush and barriers */
    bool dsb_entry;       /* DSB and ISB behind each live write, unless dsb= says otherwise */
    bool fill_entry;      /* new tables are filled by set_descriptors(), unless fill= says otherwise */
    void (*repaint)(void); /* on the boot core; null: nothing to do */
    /* What the others do meanwhile; null: they are parked, as secondaries= and sabotage= say. Both return when the whole
     * map is pages, and then meet at a barrier. */
    void (*secondary)(unsigned cpu);
    void (*finish)(void); /* on the boot core, behind the phase; null: nothing */
};

/* Good with the MMU off too: no table of pointers. Null: unknown. */
const struct strategy *strategy_find(const char *name);

/* What there is to repaint: RAM without the kernel text, as ranges of linear addresses. Returns how many. */
struct bank;
unsigned linear_ranges(struct bank *out);

#endif
