// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/compare.hpp"

#include <algorithm>

namespace bbmsim::mmu {

std::optional<Rule> Comparer::difference(u64 before, u64 after, unsigned level, Granule g, const PeView& pe,
                                         std::span<const u64> hidden) {
    budget_ = u64{1} << 19;
    hidden_ = hidden;
    return compare(before, after, level, g, pe);
}

std::optional<Rule> Comparer::compare(u64 before, u64 after, unsigned level, Granule g, const PeView& pe) {
    if (before == after) return std::nullopt;
    const DescKind from = desc_kind(before, level, g), to = desc_kind(after, level, g);
    if (from == DescKind::kInvalid || to == DescKind::kInvalid) return std::nullopt;
    // An entry that gives an access flag fault is never cached (R_XCLRD): it meets nothing.
    if (!pe.ha && ((from == DescKind::kLeaf && !(before & kDescAf)) || (to == DescKind::kLeaf && !(after & kDescAf))))
        return std::nullopt;
    if (from == DescKind::kTable && to == DescKind::kTable) return tables(before, after, level, g, pe);

    const ValueChange change{before, after, from, to, static_cast<u8>(level), g, pe, ram_};
    for (const RuleSpec& spec : rule_specs())
        if (spec.value && spec.value(change)) return spec.info.rule;
    if (from == DescKind::kLeaf && to == DescKind::kTable) return leaf_and_table(before, after, true, level, g, pe);
    if (from == DescKind::kTable) return leaf_and_table(after, before, false, level, g, pe);
    return std::nullopt;
}

// The repaint's case, in one tight loop: every entry is the leaf's share with the same type and attributes.
bool Comparer::splits_exactly(u64 leaf, u64 table_pa, unsigned level, Granule g) const {
    const u64 step = level_span(g, level + 1);
    const u64 mask =
        (kDescAddress & ~(step - 1)) | kDescAttrIndex | kDescShare | kDescNg | 3 | (level + 1 < 3 ? kDescNt : 0);
    u64 expected = desc_split(leaf, level, g, 0);
    const u64 bytes = u64{1} << granule_shift(g);
    for (u64 page = 0; page < bytes; page += kPageBytes) {
        const PhysAddr pa(table_pa + page);
        if (!(ram_.page_flags(pa) & kBacked)) return false;
        const u8* host = ram_.at(pa);
        u64 differs = 0;
        for (unsigned i = 0; i < kPageBytes / 8; ++i) {
            u64 value;
            std::memcpy(&value, host + 8 * i, 8);
            differs |= value ^ (expected + i * step);
        }
        if (differs & mask) return false;
        expected += (kPageBytes / 8) * step;
    }
    return true;
}

std::optional<Rule> Comparer::leaf_and_table(u64 leaf, u64 table, bool table_is_new, unsigned level, Granule g,
                                             const PeView& pe) {
    const u64 table_pa = desc_next_table(table, g);
    const u64 entries = u64{1} << index_bits(g);
    if (!ram_.contains(PhysAddr(table_pa), entries * 8)) return std::nullopt;  // walks abort: nothing can be cached
    if (hidden_.empty() && splits_exactly(leaf, table_pa, level, g)) return std::nullopt;
    PeView relaxed = pe;  // the size change itself has been permitted for the whole tree
    relaxed.bbml = std::max(pe.bbml, 2u);
    for (u64 i = 0; i < entries && budget_; ++i, --budget_) {
        if (!hidden_.empty() && std::ranges::find(hidden_, table_pa + 8 * i) != hidden_.end()) continue;
        const u64 share = desc_split(leaf, level, g, i), entry = ram_.read64(PhysAddr(table_pa + 8 * i));
        if (desc_kind(entry, level + 1, g) == DescKind::kLeaf && ((entry ^ leaf) & kDescNg) &&
            (pe.ha || (entry & kDescAf)))
            return Rule::kSize;
        const auto rule =
            table_is_new ? compare(share, entry, level + 1, g, relaxed) : compare(entry, share, level + 1, g, relaxed);
        if (rule) return rule;
    }
    return budget_ ? std::nullopt : std::optional(Rule::kOa);
}

std::optional<Rule> Comparer::tables(u64 before, u64 after, unsigned level, Granule g, const PeView& pe) {
    const u64 from = desc_next_table(before, g), to = desc_next_table(after, g);
    if (from == to) return std::nullopt;
    const u64 entries = u64{1} << index_bits(g);
    if (!ram_.contains(PhysAddr(from), entries * 8) || !ram_.contains(PhysAddr(to), entries * 8)) return Rule::kOa;
    for (u64 i = 0; i < entries && budget_; ++i, --budget_) {
        if (!hidden_.empty() && std::ranges::find(hidden_, from + 8 * i) != hidden_.end()) continue;
        if (const auto rule =
                compare(ram_.read64(PhysAddr(from + 8 * i)), ram_.read64(PhysAddr(to + 8 * i)), level + 1, g, pe))
            return rule;
    }
    return budget_ ? std::nullopt : std::optional(Rule::kOa);
}

}  // namespace bbmsim::mmu
