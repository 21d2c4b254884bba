// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

const RuleSpec kRuleCnp{
    {Rule::kCnp, "BBM-CNP", "TTBRn_EL1.CnP", "TTBR.CnP set on PEs whose tables differ for the same ASID",
     "Common not Private lets PEs of an Inner Shareable domain share TLB entries. Where CnP is 1 on several PEs and "
     "the "
     "ASID is the same, their base registers must point to the same tables; otherwise each may use translations of the "
     "other (CONSTRAINED UNPREDICTABLE, FEAT_TTCNP)."}};

}  // namespace bbmsim::mmu
