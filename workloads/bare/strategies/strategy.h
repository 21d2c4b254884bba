/* SPDX-License-Identifier: Apache-2.0
 * A strategy: how the linear map is painted at boot, and how it becomes pages. One file each; list.h names them all.
 */
#ifndef BARE_STRATEGY_H
#define BARE_STRATEGY_H

#include "lib/types.h"

struct strategy {
    char name[24];         /* as users type it */
    unsigned paint_flags;  /* NO_BLOCK, NO_CONT: of the linear map at boot */
    bool breaks;           /* unmaps ranges on the way: needs a second map of the tables */
    void (*repaint)(void); /* on the boot core; null: nothing to do */
};

/* Good with the MMU off too: no table of pointers. Null: unknown. */
const struct strategy *strategy_find(const char *name);

/* What there is to repaint: RAM without the kernel text, as ranges of linear addresses. Returns how many. */
struct bank;
unsigned linear_ranges(struct bank *out);

#endif
