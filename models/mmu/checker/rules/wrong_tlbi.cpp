// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

static bool broken(const SequenceState& s) { return s.tlbi_wrong; }

const RuleSpec kRuleWrongTlbi{
    .info =
        {.rule = Rule::kWrongTlbi,
         .id = "BBM-WRONG-TLBI",
         .arm_rule = "R_DDMVT",
         .sources = "R_DDMVT, R_RVJDB, R_CHVGJ, R_SQXYZ, R_XKMMX, I_TYBWT, I_JQPNP",
         .holds_at = 0b1111,
         .values = "descriptor",
         .title = "the TLBI that was issued does not cover the old entry",
         .text =
             "The TLBI between break and make must cover the old entry: a last-level form (VALE1, VAALE1) covers no "
             "table descriptor, a form by ASID no global entry and no other ASID's, a TTL that names another level or "
             "granule nothing (R_SQXYZ), a range whose TG is not the granule's nothing (R_XKMMX), and a range ends "
             "where NUM and SCALE say. The operand of a single-address form is VA[55:12] for every granule.",
         .levels = "Every level.",
         .hardware = "What the TLBI does not cover stays: for instance the walk-cache entry of an unlinked table, "
                     "through which the old pages are found again.",
         .mend = "Use the form, ASID, TTL and range of the old entry, or TLBI VMALLE1IS.",
         .silent = "A last-level form after a block was broken for a table: the old entry was final-level. Removing "
                   "more than is needed (R_MMZTY). Low operand bits of an aligned address at 16K and 64K granules."},
    .sequence = broken};

}  // namespace bbmsim::mmu
