// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

// Asked last: nothing that covers the old entry was issued at all.
static bool broken(const SequenceState&) { return true; }

const RuleSpec kRuleNoTlbi{
    {Rule::kNoTlbi, "BBM-NO-TLBI", "R_DDMVT", "old entry never invalidated in the TLBs",
     "Between the invalid value and the new one a TLBI must cover the old entry: its address, its ASID unless it is "
     "global, and for a table descriptor a form that is not last-level only. A direct replacement that FEAT_BBM "
     "level 1 or 2 permits still needs a TLBI afterwards unless the PE is conflict-free."},
    nullptr,
    broken};

}  // namespace bbmsim::mmu
