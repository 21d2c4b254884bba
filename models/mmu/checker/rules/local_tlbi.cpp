// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

static bool broken(const SequenceState& s) { return s.tlbi_elsewhere; }

const RuleSpec kRuleLocalTlbi{
    {Rule::kLocalTlbi, "BBM-LOCAL-TLBI", "R_DDMVT", "only a local TLBI while another PE may hold the entry",
     "If PEs other than the issuer may hold the old entry, the TLBI must be broadcast to them (an IS or OS form). A "
     "local TLBI suffices only when every other PE has left the table and flushed."},
    nullptr,
    broken};

}  // namespace bbmsim::mmu
