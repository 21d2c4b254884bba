/* SPDX-License-Identifier: Apache-2.0
 * pagewalk: the way of RFC v6 (August 2025). A generic walk over the one linear range with a callback per level, and
 * one flush at the end; each change of a live entry has its own barriers, as set_pmd() of a kernel mapping does.
 */
#include "lib/guest.h"
#include "mm/mm.h"
#include "strategies/strategy.h"
#include "strategies/walk_split.h"

const struct strategy strategy_pagewalk = {.name = "pagewalk", .dsb_entry = true, .flushes = true, .repaint = walk_and_split};
