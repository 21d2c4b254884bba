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
    {Rule::kSize, "BBM-SIZE", "R_WHZWS", "block or page replaced by a table, or a table by a block",
     "Changing the size of a live translation, block to table or table to block, requires break-before-make. "
     "FEAT_BBM level 2 permits the direct replacement with a TLBI afterwards, level 1 permits it while the block "
     "descriptor has nT=1; both only if nothing else changes (R_PVTFW)."},
    broken};

}  // namespace bbmsim::mmu
