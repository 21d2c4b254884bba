// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

const RuleSpec kRuleCnp{
    .info = {.rule = Rule::kCnp,
             .id = "BBM-CNP",
             .arm_rule = "TTBRn_EL1.CnP",
             .sources = "TTBRn_EL1.CnP",
             .holds_at = 0b1111,
             .values = "tables",
             .title = "TTBR.CnP set on PEs whose tables differ for the same ASID",
             .text = "Common not Private lets PEs of an Inner Shareable domain share TLB entries. Where CnP is 1 on "
                     "several PEs and the ASID is the same, their base registers must point to the same tables; "
                     "otherwise each may use translations of the other (CONSTRAINED UNPREDICTABLE, FEAT_TTCNP).",
             .levels = "Every level, on parts with FEAT_TTCNP.",
             .hardware = "PEs that share a TLB may use each other's entries: translations of the other's tables.",
             .mend = "Clear CnP in one of them, or give the address spaces different ASIDs.",
             .silent = "The same tables on each; CnP on one PE only; different ASIDs."}};

}  // namespace bbmsim::mmu
