// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

static bool broken(const ValueChange& c) {
    if (c.before_kind != DescKind::kLeaf || c.after_kind != DescKind::kLeaf) return false;
    const u8 from = mair_attr(c.before, c.pe.mair), to = mair_attr(c.after, c.pe.mair);
    if (from == to) return false;
    // Normal and Normal-Tagged are one type here, as software treats them; the four Device types differ.
    return attr_is_device(from) || attr_is_device(to);
}

const RuleSpec kRuleMemtype{
    {Rule::kMemtype, "BBM-MEMTYPE", "R_WHZWS", "memory type changed",
     "Changing the memory type of a live translation (Device or Normal, or the kind of Device memory), as AttrIndx "
     "selects it from MAIR_EL1, requires break-before-make at every FEAT_BBM level."},
    broken};

}  // namespace bbmsim::mmu
