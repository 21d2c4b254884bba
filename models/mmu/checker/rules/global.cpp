// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

static bool broken(const ValueChange& c) {
    if (c.before_kind != DescKind::kLeaf || c.after_kind != DescKind::kLeaf) return false;
    return !desc_global(c.before) && desc_global(c.after);
}

const RuleSpec kRuleGlobal{
    .info = {.rule = Rule::kGlobal,
             .id = "BBM-GLOBAL",
             .arm_rule = "R_WHZWS",
             .sources = "R_WHZWS",
             .holds_at = 0b1111,
             .values = "descriptor",
             .title = "global entry created over a non-global one",
             .text = "Making a live non-global translation global (nG 1 to 0) creates an entry that may overlap "
                     "non-global entries in a TLB and requires break-before-make. Global to non-global is safe.",
             .levels = "Every level: no level of FEAT_BBM relaxes it.",
             .hardware =
                 "A look-up may match the global entry and non-global ones of any ASID: a PE may use the old entry, "
                 "the new one or fields of both for each access, or take a TLB conflict abort (R_FVQCK).",
             .mend = "Correct: write an invalid entry; DSB ISHST; TLBI ...IS; DSB ISH; write the new entry; DSB.",
             .silent = "Global to non-global."},
    .value = broken};

}  // namespace bbmsim::mmu
