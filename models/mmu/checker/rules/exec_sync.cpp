// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

const RuleSpec kRuleExecSync{
    .info = {.rule = Rule::kExecSync,
             .id = "BBM-EXEC-SYNC",
             .arm_rule = "I_WZCBG",
             .sources = "I_WZCBG",
             .holds_at = 0b1111,
             .values = "descriptor",
             .title = "new executable mapping used by its writer without context synchronization",
             .text = "Turning a faulting entry into a valid one needs no TLBI, but the PE that wrote it must execute a "
                     "DSB and a context synchronization event before it fetches through it: until then the fetch may "
                     "see the old, faulting entry.",
             .levels = "Every level.",
             .hardware = "The fetch may have been made, and found the faulting entry, before the write: a spurious "
                         "Translation fault.",
             .mend = "After the write: DSB ISHST; ISB.",
             .silent = "An exception entry or return in between, which is a context synchronization event; other PEs, "
                       "which synchronize for themselves; data accesses."}};

}  // namespace bbmsim::mmu
