// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

const RuleSpec kRuleHwUpdate{
    .info = {
        .rule = Rule::kHwUpdate,
        .id = "BBM-HW-UPDATE",
        .arm_rule = "I_BMRWH",
        .sources = "I_BMRWH, R_LFTXR, R_LHQRX, R_PQJJR, R_DYCFD",
        .holds_at = 0b1111,
        .values = "descriptor",
        .title = "plain store over a descriptor that hardware updates",
        .text = "While hardware may set the Access flag of a live block or page (AF=0, TCR.HA=1 on a PE that "
                "reaches it) or its dirty state (DBM=1 and AP[2]=1, TCR.HD=1 on another PE that reaches it), "
                "software changes the descriptor with an atomic read-modify-write: compare-and-swap, or a "
                "load-exclusive and store-exclusive. A plain store whose value leaves that bit as it was is "
                "reported, whether or not hardware came in between. If it did, and nobody had read the "
                "descriptor since, the update is lost for certain: a hazard of kind lost-update says whose.",
        .levels = "Every level: FEAT_BBM says nothing about it.",
        .hardware =
            "Hardware's update is an atomic read-modify-write and loses nothing of software's (R_LFTXR, R_PQJJR). "
            "The plain store loses hardware's: a page that was written counts as clean, and its data is dropped "
            "when the page is reclaimed; a page in use counts as idle.",
        .mend = "Correct: a compare-and-swap or a load-exclusive/store-exclusive loop; or write an invalid entry by "
                "an atomic swap, use what it returns, and make the new entry.",
        .silent =
            "Stores that set the bit themselves; AF=1 and AP[2]=0 already, or DBM=0: hardware has nothing to set; "
            "AF=0 written over an AF=1 that somebody has read (ageing); a valid entry made from an invalid one, and "
            "an invalid one written over it; TCR.HA and TCR.HD clear; partial stores that leave the bit's byte "
            "alone; a PE that only may hold an entry of tables that it left, since it walks others."}};

}  // namespace bbmsim::mmu
