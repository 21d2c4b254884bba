// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

const RuleSpec kRuleContext{
    .info = {
        .rule = Rule::kContext,
        .id = "BBM-CONTEXT",
        .arm_rule = "TCR_EL1",
        .sources = "TCR_EL1, MAIR_EL1, SCTLR_EL1, R_SQBCS",
        .holds_at = 0b1111,
        .values = "register",
        .title = "TCR, MAIR or SCTLR field that TLBs may cache changed and never flushed",
        .text = "Translations are cached with what TCR (TxSZ, TGx, SHx, ORGNx, IRGNx, IPS, HA, HD, HPDx, DS), MAIR and "
                "SCTLR (WXN, EE) made of the descriptors. After a change of such a field, entries made under the old "
                "value may be used until a TLBI on that PE has removed them. There is no deadline: it is a finding if "
                "the PE ends the run without a TLBI of everything; one does for several changes. A flush before the "
                "change will do if nothing can be cached in between.",
        .levels = "Every level.",
        .hardware = "Entries made under the old value keep their old attributes, sizes or permissions beside new ones.",
        .mend = "After the change: ISB; TLBI VMALLE1; DSB; ISB.",
        .silent =
            "Fields that are not cached (A1, EPDn, T0SZ of a half where nothing may be cached); changes with the MMU "
            "off, followed by a flush before it goes on; a flush before the change with nothing mapped in between."}};

}  // namespace bbmsim::mmu
