// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

const RuleSpec kRuleContGroup{
    {Rule::kContGroup, "BBM-CONT-GROUP", "R_QTRPM",
     "valid entry made in a contiguous group that does not agree with it",
     "The Contiguous bit must be the same in all valid entries of its aligned group; otherwise any of them may be "
     "used, "
     "or the access takes a TLB conflict abort (R_NGLXZ). With the bit set the members must map consecutive addresses "
     "with the same attributes, except for what hardware updates: AF, AP[2], DBM (I_CQTNL); otherwise any one of the "
     "programmed values may be used (R_JQQTC). Invalid members are allowed (I_PGVGZ). Judged where an entry becomes "
     "valid: changes of the bit in valid entries are BBM-CONT."}};

}  // namespace bbmsim::mmu
