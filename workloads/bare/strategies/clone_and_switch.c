/* SPDX-License-Identifier: Apache-2.0
 * clone-and-switch: a second, complete table in pages is built beside the live one, and each core changes TTBR1 from
 * the one to the other through the reserved table, with empty TLBs in between (as Linux replaces its early map since
 * commit 50e1881ddde2). No live entry is ever changed: no FEAT_BBM anywhere, and nobody waits while tables are built.
 */
#include "lib/guest.h"
#include "lib/sysreg.h"
#include "mm/mm.h"
#include "smp/smp.h"
#include "strategies/strategy.h"

static u32 clone_ready __attribute__((aligned(64)));

/* Everything that is not the linear map is shared: the new root links the same tables. */
static u64 clone(void) {
    const u64 root = table_alloc_zeroed();
    const u64 *from = table_pointer(boot_regs.ttbr1);
    const u64 last = pa_to_linear(machine.ram_end) - 1;
    for (unsigned i = level_index(last, root_level()) + 1; i < table_entries(); ++i) table_pointer(root)[i] = from[i];
    paint_linear(root, NO_BLOCK | NO_CONT);
    dsb(ishst);
    return root;
}

static void nothing(u64 unused) { (void)unused; }

static void switch_root(u64 root) { in_idmap(nothing, 0, boot_regs.empty, root); }

static void repaint(void) {
    const u64 root = clone();
    boot_regs.ttbr1 = root;
    store_release32(&clone_ready, 1);
    switch_root(root);
    barrier(); /* done when the last core has switched */
}

static void secondary(unsigned cpu) {
    (void)cpu;
    wait_until_equal(&clone_ready, 1);
    switch_root(boot_regs.ttbr1);
    barrier();
}

const struct strategy strategy_clone_and_switch = {
    .name = "clone-and-switch", .clones = true, .repaint = repaint, .secondary = secondary};
