// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

static bool broken(const SequenceState& s) { return s.tlbi_issued; }

const RuleSpec kRuleNoDsbAfterTlbi{
    {Rule::kNoDsbAfterTlbi, "BBM-NO-DSB-AFTER-TLBI", "R_YNJCP", "no DSB between the TLBI and the new entry",
     "A TLBI is complete only at a later DSB of the PE that issued it, with a domain that covers the TLBI: NSH for a "
     "local form, ISH or wider for a broadcast form (R_PSMWS). The new valid entry may be written only after it."},
    nullptr,
    broken};

}  // namespace bbmsim::mmu
