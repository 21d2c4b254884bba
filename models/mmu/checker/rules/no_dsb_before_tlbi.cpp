// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

static bool broken(const SequenceState& s) { return s.tlbi_before_order; }

const RuleSpec kRuleNoDsbBeforeTlbi{
    {Rule::kNoDsbBeforeTlbi, "BBM-NO-DSB-BEFORE-TLBI", "R_TGVWD", "no DSB between the invalid entry and the TLBI",
     "A TLBI is not ordered with earlier stores unless a DSB stands between them (R_DDMVT, R_TGVWD): a walk may still "
     "read the old valid entry after the TLBI. The DSB is the writer's, or that of a PE which has observed the write "
     "and issues the TLBI itself, and its domain covers the TLBI's."},
    nullptr,
    broken};

}  // namespace bbmsim::mmu
