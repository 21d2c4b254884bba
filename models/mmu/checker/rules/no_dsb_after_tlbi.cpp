// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

static bool broken(const SequenceState& s) { return s.tlbi_issued; }

const RuleSpec kRuleNoDsbAfterTlbi{
    .info =
        {.rule = Rule::kNoDsbAfterTlbi,
         .id = "BBM-NO-DSB-AFTER-TLBI",
         .arm_rule = "R_YNJCP",
         .sources = "R_YNJCP, R_BLDZX, R_PSMWS, R_LXHLD",
         .holds_at = 0b1111,
         .values = "descriptor",
         .title = "no DSB between the TLBI and the new entry",
         .text = "A TLBI is complete only at a later DSB of the PE that issued it, with a domain that covers the TLBI: "
                 "NSH for a local form, ISH or wider for a broadcast form (R_PSMWS). The new valid entry may be "
                 "written only after it.",
         .levels = "Every level.",
         .hardware =
             "A PE that has not yet performed the TLBI holds the old entry while walks find the new one: a PE may use "
             "the old entry, the new one or fields of both for each access, or take a TLB conflict abort (R_FVQCK).",
         .mend = "The TLBI's issuer must execute a DSB (ISH after a broadcast TLBI) before the new entry is written.",
         .silent = "Many TLBIs and one DSB at their end, before anything is written."},
    .sequence = broken};

}  // namespace bbmsim::mmu
