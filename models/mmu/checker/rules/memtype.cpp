// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

static bool broken(const ValueChange& c) {
    if (c.before_kind != DescKind::kLeaf || c.after_kind != DescKind::kLeaf) return false;
    const u8 from = mair_attr(c.before, c.pe.mair), to = mair_attr(c.after, c.pe.mair);
    if (from == to) return false;
    // Normal and Normal-Tagged are one type here, as software treats them; the four Device types differ.
    return attr_is_device(from) || attr_is_device(to);
}

const RuleSpec kRuleMemtype{
    .info = {.rule = Rule::kMemtype,
             .id = "BBM-MEMTYPE",
             .arm_rule = "R_WHZWS",
             .sources = "R_WHZWS",
             .holds_at = 0b1111,
             .values = "descriptor",
             .title = "memory type changed",
             .text = "Changing the memory type of a live translation (Device or Normal, or the kind of Device memory), "
                     "as AttrIndx selects it from MAIR_EL1, requires break-before-make at every FEAT_BBM level.",
             .levels = "Every level: no level of FEAT_BBM relaxes it.",
             .hardware = "A PE may use the old entry, the new one or fields of both for each access, or take a TLB "
                         "conflict abort (R_FVQCK): speculative and unaligned accesses to what should be Device "
                         "memory, or loss of coherency between the two types (I_THWDH).",
             .mend = "Correct: write an invalid entry; DSB ISHST; TLBI ...IS; DSB ISH; write the new entry; DSB.",
             .silent = "Normal memory becoming Normal Tagged, or the reverse, which software treats as one type; a "
                       "change of AttrIndx that MAIR_EL1 gives the same meaning."},
    .value = broken};

}  // namespace bbmsim::mmu
