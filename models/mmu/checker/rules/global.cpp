// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

static bool broken(const ValueChange& c) {
    if (c.before_kind != DescKind::kLeaf || c.after_kind != DescKind::kLeaf) return false;
    return !desc_global(c.before) && desc_global(c.after);
}

const RuleSpec kRuleGlobal{
    {Rule::kGlobal, "BBM-GLOBAL", "R_WHZWS", "global entry created over a non-global one",
     "Making a live non-global translation global (nG 1 to 0) creates an entry that may overlap non-global entries "
     "in a TLB and requires break-before-make. Global to non-global is safe."},
    broken};

}  // namespace bbmsim::mmu
