// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

const RuleSpec kRuleAsidReuse{
    .info = {
        .rule = Rule::kAsidReuse,
        .id = "BBM-ASID-REUSE",
        .arm_rule = "R_DDMVT",
        .sources = "R_DDMVT, R_SQBCS",
        .holds_at = 0b1111,
        .values = "tables",
        .title = "ASID given to other tables while entries of its former tables may be held",
        .text = "Non-global entries are told apart by ASID alone. A PE that walked one set of tables with an ASID may "
                "hold their entries until a TLBI by that ASID or of everything has completed on it; loading other "
                "tables with the same ASID before that makes the old entries answer for the new address space. Judged "
                "per PE, when the base register takes effect.",
        .levels = "Every level.",
        .hardware =
            "Entries of the former address space answer in the new one: another process's memory, with its rights.",
        .mend = "Complete TLBI ASIDE1IS for the ASID, or flush the core, before the ASID is used for other tables.",
        .silent = "Leaf entries of an ASID that is not used again; rollover, where each PE flushes itself before it "
                  "loads a new ASID; tables of the same contents; a former space that was empty; PEs on which the ASID "
                  "was never used."}};

}  // namespace bbmsim::mmu
