// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

// Device memory and Normal inner and outer Non-cacheable memory are Outer Shareable whatever SH says.
static u64 shareability(u64 v, const PeView& pe) {
    const u8 attr = mair_attr(v, pe.mair);
    if (attr_is_device(attr) || attr == 0x44) return static_cast<u64>(Shareability::kOuter);
    return (v & kDescShare) >> 8;
}

static bool broken(const ValueChange& c) {
    if (c.before_kind != DescKind::kLeaf || c.after_kind != DescKind::kLeaf) return false;
    return shareability(c.before, c.pe) != shareability(c.after, c.pe);
}

const RuleSpec kRuleShare{
    .info = {.rule = Rule::kShare,
             .id = "BBM-SHARE",
             .arm_rule = "R_WHZWS",
             .sources = "R_WHZWS",
             .holds_at = 0b1111,
             .values = "descriptor",
             .title = "shareability changed",
             .text = "Changing the shareability of a live translation requires break-before-make at every FEAT_BBM "
                     "level. SH has no effect for Device and for Non-cacheable memory, which are Outer Shareable.",
             .levels = "Every level: no level of FEAT_BBM relaxes it.",
             .hardware =
                 "A PE may use the old entry, the new one or fields of both for each access, or take a TLB conflict "
                 "abort (R_FVQCK): an observer outside of the domain that an access used may miss it (I_THWDH).",
             .mend = "Correct: write an invalid entry; DSB ISHST; TLBI ...IS; DSB ISH; write the new entry; DSB.",
             .silent = "SH of Device and of Normal Non-cacheable memory, which has no effect."},
    .value = broken};

}  // namespace bbmsim::mmu
