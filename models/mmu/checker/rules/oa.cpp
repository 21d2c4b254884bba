// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/rules/rule.hpp"

#include <algorithm>

namespace bbmsim::mmu {

// DBM=1 with hardware dirty management counts as writable.
static bool writable(u64 v, const PeView& pe) { return !(v & kDescReadOnly) || (pe.hd && (v & kDescDbm)); }

static bool same_contents(const RamView& ram, u64 a, u64 b, u64 bytes) {
    if (!ram.contains(PhysAddr(a), bytes) || !ram.contains(PhysAddr(b), bytes)) return false;
    for (u64 page = 0; page < bytes; page += kPageBytes) {
        const PhysAddr pa(a + page), pb(b + page);
        if ((ram.page_flags(pa) & kBacked) && (ram.page_flags(pb) & kBacked)) {
            if (std::memcmp(ram.at(pa), ram.at(pb), kPageBytes) != 0) return false;
            continue;
        }
        for (u64 i = 0; i < kPageBytes; i += 8)
            if (ram.read64(pa + i) != ram.read64(pb + i)) return false;
    }
    return true;
}

static bool broken(const ValueChange& c) {
    if (c.before_kind != c.after_kind) return false;
    if (c.before_kind == DescKind::kTable)
        // The caller has found that the two tables translate differently.
        return desc_next_table(c.before, c.granule) != desc_next_table(c.after, c.granule);
    const u64 from = desc_output(c.before, c.level, c.granule), to = desc_output(c.after, c.level, c.granule);
    if (from == to) return false;
    if (writable(c.before, c.pe) || writable(c.after, c.pe)) return true;
    return !same_contents(c.ram, from, to, level_span(c.granule, c.level));
}

const RuleSpec kRuleOa{
    .info = {.rule = Rule::kOa,
             .id = "BBM-OA",
             .arm_rule = "R_WHZWS",
             .sources = "R_WHZWS, I_WZRHR",
             .holds_at = 0b1111,
             .values = "descriptor",
             .title = "output address changed",
             .text = "Changing the output address of a live translation requires break-before-make, unless neither the "
                     "old nor the new entry is writable (DBM=1 with hardware dirty state counts as writable) and the "
                     "memory at both addresses has the same contents. A table descriptor that points to another table "
                     "counts if the two translate differently.",
             .levels = "Every level: no level of FEAT_BBM relaxes it.",
             .hardware =
                 "A PE may use the old entry, the new one or fields of both for each access, or take a TLB conflict "
                 "abort (R_FVQCK): loads see either frame, stores are lost in the old one, and PEs disagree about "
                 "which; coherency, atomicity and exclusives are lost for the address (I_THWDH).",
             .mend = "Correct: write an invalid entry; DSB ISHST; TLBI ...IS; DSB ISH; write the new entry; DSB.",
             .silent = "Both entries read-only and both frames with the same contents (page deduplication, the zero "
                       "page); clearing an entry and restoring the same address without a TLBI in between, as mprotect "
                       "does; a frame moved after a complete break."},
    .value = broken};

}  // namespace bbmsim::mmu
