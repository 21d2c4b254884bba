// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

static bool broken(const ValueChange& c) {
    if (c.before_kind != DescKind::kLeaf || c.after_kind != DescKind::kLeaf) return false;
    const u64 changed = c.before ^ c.after;
    if (!contiguous_members(c.granule, c.level) || !(changed & kDescContiguous)) return false;
    return c.pe.bbml < 1 || (changed & kDescNg);  // only if nothing else changes (R_PVTFW)
}

const RuleSpec kRuleCont{
    .info = {.rule = Rule::kCont,
             .id = "BBM-CONT",
             .arm_rule = "R_WHZWS",
             .sources = "R_WHZWS, R_KHRBC, R_PVTFW, R_NGLXZ",
             .holds_at = 0b0001,
             .values = "descriptor",
             .title = "Contiguous bit changed",
             .text = "Setting or clearing the Contiguous bit of a live translation requires break-before-make of the "
                     "whole group. FEAT_BBM levels 1 and 2 permit the direct change if nothing else changes (R_KHRBC, "
                     "R_PVTFW), with a TLBI afterwards.",
             .levels =
                 "Level 0 only. Levels 1 to 3 permit the direct change with a TLBI afterwards, but not together with a "
                 "change of nG, in either direction. Permissions, AF, dirty state and software bits may change with "
                 "it, as they may at any time (R_GPPYH).",
             .hardware =
                 "While the bit differs in a group, any consistent value may be used for its members, or the access "
                 "takes a TLB conflict abort (R_NGLXZ); a TLB may hold one entry for the group and one for the page.",
             .mend = "Correct: write an invalid entry; DSB ISHST; TLBI ...IS; DSB ISH; write the new entry; DSB.",
             .silent = "Folding and unfolding of a group by break, flush of the whole group, make; at level 1 and "
                       "above, in place. Differences of AF, AP[2] and DBM that hardware makes (I_CQTNL)."},
    .value = broken};

}  // namespace bbmsim::mmu
