// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

const RuleSpec kRuleContGroup{
    .info = {
        .rule = Rule::kContGroup,
        .id = "BBM-CONT-GROUP",
        .arm_rule = "R_QTRPM",
        .sources = "R_QTRPM, R_NGLXZ, R_JQQTC, I_CQTNL, I_PGVGZ",
        .holds_at = 0b1111,
        .values = "descriptor",
        .title = "valid entry made in a contiguous group that does not agree with it",
        .text =
            "The Contiguous bit must be the same in all valid entries of its aligned group; otherwise any of them may "
            "be used, or the access takes a TLB conflict abort (R_NGLXZ). With the bit set the members must map "
            "consecutive addresses with the same attributes, except for what hardware updates: AF, AP[2], DBM "
            "(I_CQTNL); otherwise any one of the programmed values may be used (R_JQQTC). Invalid members are allowed "
            "(I_PGVGZ). Judged where an entry becomes valid: changes of the bit in valid entries are BBM-CONT.",
        .levels =
            "Every level: a group that does not agree is misprogrammed, whatever level 1 permits of changing the bit.",
        .hardware = "Where the bit differs: some consistent value or a TLB conflict abort (R_NGLXZ). Where addresses "
                    "or attributes differ: any one of the programmed values for any member (R_JQQTC).",
        .mend = "Make all entries of the group invalid, flush them, and write them with one value of the bit and "
                "consecutive addresses.",
        .silent = "Invalid members; differences of AF, AP[2], DBM and software bits."}};

}  // namespace bbmsim::mmu
