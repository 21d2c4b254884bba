/* SPDX-License-Identifier: Apache-2.0
 * nt-level1: the sequence that FEAT_BBM level 1 permits (R_MRRPW, I_PJZBK). A block gets nT = 1; TLBI; DSB; then the
 * table takes its place; TLBI; DSB. With nT = 1 an access may fault, so nobody touches the linear map meanwhile and the
 * tables are reached through a map of their own; but what was readable is never lost, and no DSB stands between the
 * invalid entry and the new one, as in break-before-make. Contiguous bits go first, by themselves (R_PVTFW).
 */
#include "lib/guest.h"
#include "lib/sysreg.h"
#include "mm/mm.h"
#include "strategies/strategy.h"

static void flush(u64 va, unsigned n, unsigned level) {
    dsb(ishst);
    invalidate_leaves(va, n * level_span(level), level, false);
    dsb(ish);
    isb();
}

WRITER void set_no_translation(u64 *slot, unsigned n) {
    for (unsigned i = 0; i < n; ++i) write_once(&slot[i], slot[i] | DESC_NT);
}

WRITER void replace_by_tables(u64 *slot, unsigned level, unsigned n) {
    for (unsigned i = 0; i < n; ++i) {
        const u64 table = make_table_from(slot[i] & ~DESC_NT, level, NO_CONT);
        dsb(ishst);
        write_once(&slot[i], table | DESC_TABLE);
    }
}

static u64 done; /* below this address everything is pages */

/* A group, or a single block: at the group's first member. */
static void split_unit(u64 *slot, u64 va, unsigned level) {
    const bool grouped = *slot & DESC_CONT;
    const unsigned n = grouped ? group_members(level) : 1;
    if (level > 1) done = va + n * level_span(level);
    if (grouped) {
        clear_contiguous(slot, va, level);
        flush(va, n, level);
    }
    if (level == 3) return;
    set_no_translation(slot, n);
    flush(va, n, level);
    replace_by_tables(slot, level, n);
    flush(va, n, level);
}

static enum walk_action entry(u64 *slot, u64 va, unsigned level) {
    if (va < done) return WALK_SKIP;
    if (!is_leaf(*slot, level)) return WALK_DESCEND;
    if (level < 3 || *slot & DESC_CONT) split_unit(slot, va, level);
    return level == 1 ? WALK_DESCEND : WALK_SKIP;
}

static void repaint(void) {
    const struct walk_ops ops = {.entry = {NULL, entry, entry, entry}, .leave_alone = text_alias()};
    walk_range(pa_to_linear(machine.ram_base), pa_to_linear(machine.ram_end), &ops);
    progress(1, 1);
}

const struct strategy strategy_nt_level1 = {.name = "nt-level1", .breaks = true, .repaint = repaint};
