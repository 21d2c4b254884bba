// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

const RuleSpec kRuleTableReuse{
    {Rule::kTableReuse, "BBM-TABLE-REUSE", "R_RVJDB",
     "page of an unlinked table written while walk caches may lead to it",
     "Unlinking a table is a break: until a TLBI that covers the table descriptor (no last-level form) has completed "
     "on "
     "every PE that may hold it, a walk may still read the old table's page. Whatever is written there with bit 0 set, "
     "data or another table, may be taken for a descriptor (R_RVJDB: walk-cache entries are TLB entries)."}};

}  // namespace bbmsim::mmu
