/* SPDX-License-Identifier: Apache-2.0
 * bbm-strict: break-before-make to the letter, for cores without FEAT_BBM (mm/strict.c). The range is unmapped for a
 * moment, so the tables are reached through a map of their own, and nobody may touch the linear map meanwhile.
 */
#include "lib/guest.h"
#include "mm/mm.h"
#include "strategies/strategy.h"

static void repaint(void) {
    strict_range(pa_to_linear(machine.ram_base), pa_to_linear(machine.ram_end), NULL, NULL);
    progress(1, 1);
}

const struct strategy strategy_bbm_strict = {.name = "bbm-strict", .breaks = true, .flushes = true, .repaint = repaint};
