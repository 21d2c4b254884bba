/* SPDX-License-Identifier: Apache-2.0
 * page-from-boot: the baseline, Linux before the series. The linear map never has blocks; nothing is repainted.
 */
#include "mm/mm.h"
#include "strategies/strategy.h"

const struct strategy strategy_page_from_boot = {.name = "page-from-boot", .paint_flags = NO_BLOCK | NO_CONT};
