/* SPDX-License-Identifier: Apache-2.0
 * merged: as in Linux 6.18, linear_map_split_to_ptes(). The walk of RFC v6 with barriers batched (lazy MMU mode): a
 * table's contents are ordered before the link to it, and nothing more until the one flush. Contiguous bits go group by
 * group, and the rendezvous is the one that kpti's repaint uses too. New tables are filled entry by entry, by a
 * set_pte() that looks each time whether barriers are batched: 16 instructions an entry in the kernel, 18 here.
 */
#include "lib/machine.h"
#include "mm/mm.h"
#include "strategies/strategy.h"
#include "strategies/walk_split.h"

static void repaint(void) {
    if (!machine.dsb_entry) batch_begin();
    walk_and_split();
    batch_end();
}

const struct strategy strategy_merged = {.name = "merged", .flushes = true, .fill_entry = true, .repaint = repaint};
