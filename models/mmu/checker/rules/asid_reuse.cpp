// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

const RuleSpec kRuleAsidReuse{
    {Rule::kAsidReuse, "BBM-ASID-REUSE", "R_DDMVT",
     "ASID given to other tables while entries of its former tables may be held",
     "Non-global entries are told apart by ASID alone. A PE that walked one set of tables with an ASID may hold their "
     "entries until a TLBI by that ASID or of everything has completed on it; loading other tables with the same ASID "
     "before that makes the old entries answer for the new address space. Judged per PE, when the base register takes "
     "effect."}};

}  // namespace bbmsim::mmu
