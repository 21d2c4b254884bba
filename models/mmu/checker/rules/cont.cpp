// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

static bool broken(const ValueChange& c) {
    if (c.before_kind != DescKind::kLeaf || c.after_kind != DescKind::kLeaf || c.pe.bbml >= 1) return false;
    if (!contiguous_members(c.granule, c.level)) return false;
    return (c.before ^ c.after) & kDescContiguous;
}

const RuleSpec kRuleCont{
    {Rule::kCont, "BBM-CONT", "R_WHZWS", "Contiguous bit changed",
     "Setting or clearing the Contiguous bit of a live translation requires break-before-make of the whole group. "
     "FEAT_BBM levels 1 and 2 permit the direct change if nothing else changes (R_KHRBC, R_PVTFW), with a TLBI "
     "afterwards."},
    broken};

}  // namespace bbmsim::mmu
