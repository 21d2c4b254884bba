// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

// Asked last: nothing that covers the old entry was issued at all.
static bool broken(const SequenceState&) { return true; }

const RuleSpec kRuleNoTlbi{
    .info =
        {.rule = Rule::kNoTlbi,
         .id = "BBM-NO-TLBI",
         .arm_rule = "R_DDMVT",
         .sources = "R_DDMVT, R_WHZWS, R_GPPYH",
         .holds_at = 0b1111,
         .values = "descriptor",
         .title = "old entry never invalidated in the TLBs",
         .text =
             "Between the invalid value and the new one a TLBI must cover the old entry: its address, its ASID unless "
             "it is global, and for a table descriptor a form that is not last-level only. A direct replacement that "
             "FEAT_BBM level 1 or 2 permits still needs a TLBI afterwards unless the PE is conflict-free.",
         .levels =
             "Every level, within a break that is required. After a direct replacement that level 1 or 2 permits, it "
             "is a finding at the end of the run for a PE that is not conflict-free, and a note for one that is.",
         .hardware = "Once the new entry is written, the old one may answer for as long as a TLB keeps it: for ever, "
                     "as far as the architecture is concerned.",
         .mend = "A TLBI that covers the old entry and reaches those cores must complete first: DSB ISHST; TLBI ...IS; "
                 "DSB ISH.",
         .silent = "Permissions, AF, dirty state and software bits, which need no break (R_GPPYH); an unmap that is "
                   "never flushed and never mapped again; leaves of a dead ASID; a TLBI by another PE, to which the "
                   "write of the invalid entry was known."},
    .sequence = broken};

}  // namespace bbmsim::mmu
