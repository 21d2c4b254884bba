// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

const RuleSpec kRuleExecSync{
    {Rule::kExecSync, "BBM-EXEC-SYNC", "I_WZCBG",
     "new executable mapping used by its writer without context synchronization",
     "Turning a faulting entry into a valid one needs no TLBI, but the PE that wrote it must execute a DSB and a "
     "context "
     "synchronization event before it fetches through it: until then the fetch may see the old, faulting entry."}};

}  // namespace bbmsim::mmu
