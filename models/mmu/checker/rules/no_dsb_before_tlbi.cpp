// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

static bool broken(const SequenceState& s) { return s.tlbi_before_order; }

const RuleSpec kRuleNoDsbBeforeTlbi{
    .info = {.rule = Rule::kNoDsbBeforeTlbi,
             .id = "BBM-NO-DSB-BEFORE-TLBI",
             .arm_rule = "R_TGVWD",
             .sources = "R_TGVWD, R_DDMVT, R_PSMWS",
             .holds_at = 0b1111,
             .values = "descriptor",
             .title = "no DSB between the invalid entry and the TLBI",
             .text = "A TLBI is not ordered with earlier stores unless a DSB stands between them (R_DDMVT, R_TGVWD): a "
                     "walk may still read the old valid entry after the TLBI. The DSB is the writer's, or that of a PE "
                     "which has observed the write and issues the TLBI itself, and its domain covers the TLBI's.",
             .levels = "Every level.",
             .hardware = "The TLBI may complete before the write of the invalid entry is visible to walks: a walk in "
                         "between fills the old entry again, and nothing removes it.",
             .mend = "A DSB (ISHST suffices for a broadcast TLBI) must stand between the invalid entry and the TLBI.",
             .silent = "The DSB of another PE that has observed the write and issues the TLBI itself (lazy purge, a "
                       "task that migrated)."},
    .sequence = broken};

}  // namespace bbmsim::mmu
