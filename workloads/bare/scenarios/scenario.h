/* SPDX-License-Identifier: Apache-2.0
 * A scenario is one program: one file that defines `scenario`, linked with everything else.
 */
#ifndef BARE_SCENARIO_H
#define BARE_SCENARIO_H

#include "lib/types.h"

struct scenario {
    char name[16];
    char default_strategy[24];
    char default_variant[16];
    bool builds_map;                /* boots without a linear map, with a fixmap (mm/fixmap.h): first() makes the map */
    void (*first)(void);            /* on the boot core, before the others are switched on; null: nothing */
    void (*boot)(void);             /* on the boot core, all others online; returns at the end */
    void (*secondary)(unsigned cpu); /* does not return */
};
extern const struct scenario scenario;

#endif
