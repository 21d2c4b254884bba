/* SPDX-License-Identifier: Apache-2.0
 * repaint: a linear map painted in blocks becomes pages while it is live, by the strategy asked for; then every core
 * verifies memory through it. after= measures what using the map costs, before and after.
 */
#include "measure/chase.h"
#include "scenarios/scenario.h"
#include "verify/verify.h"
#include "smp/smp.h"

static void boot(void) {
    warm_up();
    barrier();
    measure_before(0);
    repaint_on_boot_core();
    measure_after(0);
    verify_on_boot_core();
}

static void secondary(unsigned cpu) {
    warm_up();
    barrier();
    measure_before(cpu);
    repaint_on_secondary();
    measure_after(cpu);
    verify_on_secondary(cpu);
    sleep_forever();
}

const struct scenario scenario = {
    .name = "repaint", .default_strategy = "rfc-range", .default_variant = "none", .boot = boot, .secondary = secondary};
