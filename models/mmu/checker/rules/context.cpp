// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

const RuleSpec kRuleContext{
    {Rule::kContext, "BBM-CONTEXT", "TCR_EL1", "TCR, MAIR or SCTLR field that TLBs may cache changed and never flushed",
     "Translations are cached with what TCR (TxSZ, TGx, SHx, ORGNx, IRGNx, IPS, HA, HD, HPDx, DS), MAIR and SCTLR "
     "(WXN, "
     "EE) made of the descriptors. After a change of such a field, entries made under the old value may be used until "
     "a "
     "TLBI on that PE has removed them. There is no deadline: it is a finding if the PE goes off, changes such a field "
     "again or ends the run without a TLBI of everything. A flush before the change will do if nothing can be cached "
     "in "
     "between."}};

}  // namespace bbmsim::mmu
