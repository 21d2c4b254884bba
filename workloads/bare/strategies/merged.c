/* SPDX-License-Identifier: Apache-2.0
 * merged: as in Linux 6.18, linear_map_split_to_ptes(). The walk of RFC v6 with barriers batched (lazy MMU mode): a
 * table's contents are ordered before the link to it, and nothing more until the one flush. Contiguous bits go group by
 * group, and the rendezvous is the one that kpti's repaint uses too.
 */
#include "strategies/strategy.h"
#include "strategies/walk_split.h"

const struct strategy strategy_merged = {.name = "merged", .flushes = true, .repaint = walk_and_split};
