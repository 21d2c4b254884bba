// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

namespace bbmsim::mmu {

static bool broken(const SequenceState& s) { return s.tlbi_wrong; }

const RuleSpec kRuleWrongTlbi{
    {Rule::kWrongTlbi, "BBM-WRONG-TLBI", "R_DDMVT", "the TLBI that was issued does not cover the old entry",
     "The TLBI between break and make must cover the old entry: a last-level form (VALE1, VAALE1) covers no table "
     "descriptor, a form by ASID no global entry and no other ASID's, a TTL that names another level or granule "
     "nothing (R_SQXYZ), a range whose TG is not the granule's nothing (R_XKMMX), and a range ends where NUM and SCALE "
     "say. The operand of a single-address form is VA[55:12] for every granule."},
    nullptr,
    broken};

}  // namespace bbmsim::mmu
