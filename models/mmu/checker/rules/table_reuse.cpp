// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

const RuleSpec kRuleTableReuse{
    .info = {.rule = Rule::kTableReuse,
             .id = "BBM-TABLE-REUSE",
             .arm_rule = "R_RVJDB",
             .sources = "R_RVJDB, R_DDMVT",
             .holds_at = 0b1111,
             .values = "descriptor",
             .title = "page of an unlinked table written while walk caches may lead to it",
             .text = "Unlinking a table is a break: until a TLBI that covers the table descriptor (no last-level form) "
                     "has completed on every PE that may hold it, a walk may still read the old table's page. Whatever "
                     "is written there with bit 0 set, data or another table, may be taken for a descriptor (R_RVJDB: "
                     "walk-cache entries are TLB entries).",
             .levels = "Every level.",
             .hardware = "A walk that begins in a walk cache reads the reused page and takes its words for "
                         "descriptors: any address, any attributes, any rights of the Exception level.",
             .mend = "Complete a TLBI that covers the table descriptor (no last-level form) and its DSB before the "
                     "page is written.",
             .silent = "Zeros and other words with bit 0 clear, which no TLB may hold; a page freed after its TLBI, "
                       "however much later; entries cleared one by one before their table goes."}};

}  // namespace bbmsim::mmu
