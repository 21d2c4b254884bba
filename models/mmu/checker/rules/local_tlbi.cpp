// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

static bool broken(const SequenceState& s) { return s.tlbi_elsewhere; }

const RuleSpec kRuleLocalTlbi{
    .info = {.rule = Rule::kLocalTlbi,
             .id = "BBM-LOCAL-TLBI",
             .arm_rule = "R_DDMVT",
             .sources = "R_DDMVT, R_PSMWS",
             .holds_at = 0b1111,
             .values = "descriptor",
             .title = "only a local TLBI while another PE may hold the entry",
             .text = "If PEs other than the issuer may hold the old entry, the TLBI must be broadcast to them (an IS "
                     "or OS form). A local TLBI suffices only when every other PE has left the table and flushed.",
             .levels = "Every level.",
             .hardware = "The other PEs keep the old entry and use it beside the new one.",
             .mend = "The TLBI must be broadcast (IS), or every other core must flush for itself.",
             .silent = "Each PE flushes for itself (an ASID rollover; a secondary that enables its MMU); tables that "
                       "only the issuer ever reached; changes of permissions, which need no break."},
    .sequence = broken};

}  // namespace bbmsim::mmu
