/* SPDX-License-Identifier: Apache-2.0
 * parallel: every core leaves the kernel map and splits its share of the linear range from the identity map. No core
 * can reach or hold what is changed, so no FEAT_BBM is needed anywhere, and nothing has to be flushed afterwards.
 */
#include "lib/guest.h"
#include "lib/sysreg.h"
#include "mm/mm.h"
#include "smp/smp.h"
#include "strategies/strategy.h"

/* Shares begin and end at this: no group, block or table is split by two cores. */
static u64 share_unit(void) {
    const u64 group = level_span(2) * group_members(2);
    return machine.max_block_level == 1 ? max_u64(group, level_span(1)) : group;
}

/* In the identity map, on every core: no pointers to functions or strings from here on. */
static void split_share(u64 cpu) {
    const u64 begin = pa_to_linear(machine.ram_base), end = pa_to_linear(machine.ram_end), unit = share_unit();
    const u64 units = (end - begin + unit - 1) / unit;
    const u64 first = begin + units * cpu / machine.cpus * unit, next = begin + units * (cpu + 1) / machine.cpus * unit;
    barrier(); /* everybody is out of the map */
    split_range(first, min_u64(next, end), NO_BLOCK | NO_CONT);
    dsb(ish);
    barrier(); /* and nobody returns before all of it is pages */
}

static void repaint_share(unsigned cpu) { in_idmap(split_share, cpu, boot_regs.empty, boot_regs.ttbr1); }

static void repaint(void) {
    pool.shared = true;
    barrier(); /* the others have not begun, nor do they need tables outside */
    pool.to_pointer = 0;
    dsb(ish);
    repaint_share(0);
    pool.to_pointer = LINEAR_VA - machine.ram_base;
    pool.shared = false;
}

static void secondary(unsigned cpu) {
    barrier();
    repaint_share(cpu);
}

const struct strategy strategy_parallel = {
    .name = "parallel", .tables_in_idmap = true, .repaint = repaint, .secondary = secondary};
