// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

// FEAT_BBML2 permits the direct replacement; level 1 permits it while the block side has nT=1 (D8.17.1).
static bool broken(const ValueChange& c) {
    if (c.before_kind == c.after_kind || c.pe.bbml >= 2) return false;
    const u64 block = c.before_kind == DescKind::kLeaf ? c.before : c.after;
    return !(c.pe.bbml == 1 && desc_nt(block, c.level));
}

const RuleSpec kRuleSize{
    .info = {.rule = Rule::kSize,
             .id = "BBM-SIZE",
             .arm_rule = "R_WHZWS",
             .sources = "R_WHZWS, R_PVTFW, I_PJZBK, R_MRRPW, I_HYQMB",
             .holds_at = 0b0011,
             .values = "descriptor",
             .title = "block or page replaced by a table, or a table by a block",
             .text = "Changing the size of a live translation, block to table or table to block, requires "
                     "break-before-make. FEAT_BBM level 2 permits the direct replacement with a TLBI afterwards, level "
                     "1 permits it while the block descriptor has nT=1; both only if nothing else changes (R_PVTFW).",
             .levels =
                 "Level 0: always. Level 1: unless the block descriptor has nT=1 while it is live. Levels 2 and "
                 "3 permit the direct replacement with a TLBI afterwards. If nG changes with the size: all levels.",
             .hardware = "A PE may use the old entry, the new one or fields of both for each access, or take a TLB "
                         "conflict abort (R_FVQCK). A split leaves output addresses as they were, so data usually "
                         "stays right and the abort is what is seen. At level 2 the abort is permitted too, until the "
                         "TLBI (I_HYQMB), unless the part is conflict-free.",
             .mend = "Correct: write an invalid entry; DSB ISHST; TLBI ...IS for its range; DSB ISH; write the new "
                     "entry; or keep cores below BBM level 2 out of the table and flush them while it changes.",
             .silent =
                 "A table that no PE reaches or may hold any more; cores that are parked elsewhere with clean TLBs; a "
                 "PE that is off. After a break, a last-level TLBI covers a block: it was a final-level entry."},
    .value = broken};

}  // namespace bbmsim::mmu
