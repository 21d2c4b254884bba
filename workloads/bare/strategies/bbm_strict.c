/* SPDX-License-Identifier: Apache-2.0
 * bbm-strict: break-before-make to the letter (R_DDMVT), for cores without FEAT_BBM. Each block, or contiguous group,
 * is made invalid; DSB; TLBI of every member; DSB; only then the new entries are written. The range is unmapped for a
 * moment, so the tables are reached through a map of their own, and nobody may touch the linear map meanwhile.
 *
 * The sabotages of flush and barriers each leave one step out.
 */
#include "lib/guest.h"
#include "lib/sysreg.h"
#include "mm/mm.h"
#include "strategies/strategy.h"

enum { MOST_MEMBERS = 128 };

static void invalidate(u64 va, bool local) {
    if (local) tlbi_va(vaale1, va);
    else tlbi_va(vaale1is, va);
}

/* After this nobody translates through the n entries any more. */
WRITER void strict_break(u64 *slot, unsigned n, u64 va, u64 span) {
    const enum sabotage s = machine.sabotage;
    for (unsigned i = 0; i < n; ++i) write_once(&slot[i], 0);
    if (s != SABOTAGE_NO_DSB_BEFORE_TLBI) dsb(ish);
    if (s != SABOTAGE_NO_FLUSH)
        for (unsigned i = 0; i < n; ++i) invalidate(va + i * span, s == SABOTAGE_LOCAL_FLUSH);
    if (s == SABOTAGE_NO_DSB_AFTER_TLBI) return;
    if (s == SABOTAGE_LOCAL_FLUSH) dsb(nsh);
    else dsb(ish);
    isb();
}

WRITER void strict_make(u64 *slot, const u64 *fresh, unsigned n) {
    for (unsigned i = 0; i < n; ++i) write_once(&slot[i], fresh[i]);
    dsb(ishst);
    isb();
}

/* Replaces the leaf at slot, with its whole group if it is in one, by tables (level 3: by single pages). */
static void replace_unit(u64 *slot, u64 va, unsigned level) {
    u64 fresh[MOST_MEMBERS];
    const bool grouped = *slot & DESC_CONT;
    const unsigned n = grouped ? group_members(level) : 1;
    const u64 span = level_span(level);
    if (level == 3 && !grouped) return;
    if (grouped) slot = group_first(slot, level), va = round_down(va, n * span);
    for (unsigned i = 0; i < n; ++i)
        fresh[i] = level < 3 ? make_table_from(slot[i], level, NO_CONT) | DESC_TABLE : slot[i] & ~DESC_CONT;
    dsb(ishst);
    strict_break(slot, n, va, span);
    strict_make(slot, fresh, n);
}

static enum walk_action entry(u64 *slot, u64 va, unsigned level) {
    if (!is_leaf(*slot, level)) return WALK_DESCEND;
    replace_unit(slot, va, level);
    return level == 1 ? WALK_DESCEND : WALK_SKIP;
}

static void repaint(void) {
    const struct walk_ops ops = {.entry = {NULL, entry, entry, entry}, .leave_alone = text_alias()};
    walk_range(pa_to_linear(machine.ram_base), pa_to_linear(machine.ram_end), &ops);
    progress(1, 1);
}

const struct strategy strategy_bbm_strict = {.name = "bbm-strict", .breaks = true, .repaint = repaint};
