// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

// Non-cacheable, Write-Through or Write-Back; allocation and transient hints are not cacheability.
static unsigned cacheability(unsigned nibble) {
    if (nibble == 4) return 0;
    return nibble <= 3 || (nibble >= 8 && nibble <= 11) ? 1 : 2;
}
static unsigned cacheability_pair(u8 attr) {
    if (attr == 0xf0) attr = 0xff;  // Tagged Normal is Write-Back
    return cacheability(attr & 15) | cacheability(attr >> 4) << 4;
}

static bool broken(const ValueChange& c) {
    if (c.before_kind != DescKind::kLeaf || c.after_kind != DescKind::kLeaf) return false;
    const u8 from = mair_attr(c.before, c.pe.mair), to = mair_attr(c.after, c.pe.mair);
    if (attr_is_device(from) || attr_is_device(to)) return false;
    return cacheability_pair(from) != cacheability_pair(to);
}

const RuleSpec kRuleCache{
    .info = {.rule = Rule::kCache,
             .id = "BBM-CACHE",
             .arm_rule = "R_WHZWS",
             .sources = "R_WHZWS",
             .holds_at = 0b1111,
             .values = "descriptor",
             .title = "cacheability changed",
             .text = "Changing the inner or outer cacheability of a live translation requires break-before-make at "
                     "every FEAT_BBM level. Allocation hints may change freely.",
             .levels = "Every level: no level of FEAT_BBM relaxes it.",
             .hardware = "A PE may use the old entry, the new one or fields of both for each access, or take a TLB "
                         "conflict abort (R_FVQCK): stores stay in a cache that a device doesn't look into, or a clean "
                         "line hides what the device wrote (I_THWDH).",
             .mend = "Correct: write an invalid entry; DSB ISHST; TLBI ...IS; DSB ISH; write the new entry; DSB.",
             .silent = "Allocation and transient hints; changes from or to Device memory, which are BBM-MEMTYPE."},
    .value = broken};

}  // namespace bbmsim::mmu
