// SPDX-License-Identifier: Apache-2.0
// Contiguous groups: an entry that becomes valid must agree with the valid members that are there (R_QTRPM, R_JQQTC).
#include "models/mmu/checker/impl.hpp"

#include <fmt/format.h>

namespace bbmsim::mmu {

// Output address and what hardware or software may change in one member alone: AF, AP[2], DBM (I_CQTNL), bits 58:55.
static constexpr u64 kMayDiffer = kDescAddress | kDescAf | kDescReadOnly | kDescDbm | (u64{0xf} << 55);

void BbmChecker::Impl::check_group(const Site& s, TableId table, PeMask mask) {
    const u32 members = contiguous_members(s.granule, s.level);
    const Table& t = tables[table];
    if (!mask || !members || t.entries < members) return;
    const u32 index = static_cast<u32>((s.desc_pa - t.pa) / 8), first = index & ~(members - 1);
    const u64 span = level_span(s.granule, s.level);
    const bool contiguous = s.after & kDescContiguous;
    const auto report = [&](std::string what) {
        Site site = s;
        site.detail =
            fmt::format("made entry {} of the group of {} valid ({:#x}), {}", index - first, members, s.after, what);
        violate(Rule::kContGroup, site, mask);
    };
    const u64 group_pa = desc_output(s.after, s.level, s.granule) - (index - first) * span;
    if (contiguous && group_pa & (members * span - 1))
        return report(fmt::format("which puts the group at {:#x}, not aligned to its size", group_pa));
    for (u32 i = first; i < first + members; ++i) {
        if (i == index) continue;
        const u64 value = domain.ram.read64(PhysAddr(t.pa + 8 * u64{i}));
        if (desc_kind(value, s.level, s.granule) != DescKind::kLeaf) continue;
        if ((value ^ s.after) & kDescContiguous)
            return report(fmt::format("Contiguous {}, beside entry {} ({:#x}) with the bit {}",
                                      contiguous ? "set" : "clear", i - first, value, contiguous ? "clear" : "set"));
        if (!contiguous) continue;
        if (desc_output(value, s.level, s.granule) != group_pa + (i - first) * span || (value ^ s.after) & ~kMayDiffer)
            return report(
                fmt::format("and entry {} ({:#x}) maps another address or has other attributes", i - first, value));
    }
}

}  // namespace bbmsim::mmu
