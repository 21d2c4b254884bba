// SPDX-License-Identifier: Apache-2.0
// Do two valid values of one descriptor translate differently in a way that section R_WHZWS names? Tables are
// compared by what they translate, entry by entry, since FEAT_BBM's relaxations hold only if nothing else changes
// (R_PVTFW). Permissions, AF, dirty state and software bits never count (R_GPPYH).
#pragma once

#include "models/mmu/checker/rules/rule.hpp"

#include <optional>
#include <span>

namespace bbmsim::mmu {

class Comparer {
public:
    explicit Comparer(const RamView& ram) : ram_(ram) {}

    // The rule that `before` -> `after` breaks for this PE, or none. Either may be invalid: then none.
    // `hidden`: addresses of descriptors below that are left out.
    [[nodiscard]] std::optional<Rule> difference(u64 before, u64 after, unsigned level, Granule g, const PeView& pe,
                                                 std::span<const u64> hidden = {});

private:
    std::optional<Rule> compare(u64 before, u64 after, unsigned level, Granule g, const PeView& pe);
    std::optional<Rule> leaf_and_table(u64 leaf, u64 table, bool table_is_new, unsigned level, Granule g,
                                       const PeView& pe);
    std::optional<Rule> tables(u64 before, u64 after, unsigned level, Granule g, const PeView& pe);
    [[nodiscard]] bool splits_exactly(u64 leaf, u64 table_pa, unsigned level, Granule g) const;

    RamView ram_;
    std::span<const u64> hidden_;
    u64 budget_ = 0;  // entries that may still be read: bounds what a hostile guest can make of nested tables
};

}  // namespace bbmsim::mmu
