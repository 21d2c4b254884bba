// SPDX-License-Identifier: Apache-2.0
// VMSAv8-64 stage 1 descriptors as the checker reads them (D8.3): kind, output address, the fields of R_WHZWS.
#pragma once

#include "models/mmu/types.hpp"

namespace bbmsim::mmu {

enum class DescKind : u8 { kInvalid, kTable, kLeaf };

inline constexpr u64 kDescAddress = 0x0000'ffff'ffff'f000;
inline constexpr u64 kDescContiguous = u64{1} << 52;
inline constexpr u64 kDescDbm = u64{1} << 51;
inline constexpr u64 kDescNt = u64{1} << 16;  // Block descriptors only (I_PJZBK)
inline constexpr u64 kDescNg = u64{1} << 11;
inline constexpr u64 kDescAf = u64{1} << 10;
inline constexpr u64 kDescShare = u64{3} << 8;
inline constexpr u64 kDescReadOnly = u64{1} << 7;  // AP[2]
// Permissions, AF and what is software's: no difference to what may be mixed, writable or not (R_GPPYH).
inline constexpr u64 kDescNoDifference = kDescAf | u64{1} << 6 | u64{1} << 50 | u64{0x3ff} << 53;
inline constexpr u64 kDescAttrIndex = u64{7} << 2;

constexpr u64 level_span(Granule g, unsigned level) { return u64{1} << level_shift(g, level); }
constexpr bool level_has_blocks(Granule g, unsigned level) { return level == 2 || (level == 1 && g == Granule::k4K); }
constexpr DescKind desc_kind(u64 value, unsigned level, Granule g) {
    if (!(value & 1)) return DescKind::kInvalid;
    if (value & 2) return level == 3 ? DescKind::kLeaf : DescKind::kTable;
    return level_has_blocks(g, level) ? DescKind::kLeaf : DescKind::kInvalid;
}
constexpr u64 desc_next_table(u64 value, Granule g) {
    return value & kDescAddress & ~((u64{1} << granule_shift(g)) - 1);
}
// Two values that a TLB holds as one entry: of a table descriptor, what counts is where it leads.
constexpr bool desc_same_entry(u64 a, u64 b, unsigned level, Granule g) {
    return a == b || (desc_kind(a, level, g) == DescKind::kTable && desc_kind(b, level, g) == DescKind::kTable &&
                      desc_next_table(a, g) == desc_next_table(b, g));
}
constexpr u64 desc_output(u64 value, unsigned level, Granule g) {
    return value & kDescAddress & ~(level_span(g, level) - 1);
}
constexpr bool desc_global(u64 value) { return !(value & kDescNg); }
constexpr bool desc_nt(u64 value, unsigned level) { return level < 3 && (value & kDescNt); }

// FEAT_BBM: may a leaf of this level and a smaller one, or a table, be mixed? Not if one is global alone (R_PVTFW).
constexpr bool desc_sizes_may_mix(u64 larger, unsigned level, u32 bbml) {
    return bbml >= 2 || (bbml == 1 && desc_nt(larger, level));
}
constexpr bool desc_sizes_may_mix(u64 larger, unsigned level, u64 smaller, u32 bbml) {
    return desc_sizes_may_mix(larger, level, bbml) && !((larger ^ smaller) & kDescNg);
}

// What a leaf maps at entry `index` of the next level, as a leaf of that level: the same attributes.
constexpr u64 desc_split(u64 leaf, unsigned level, Granule g, u64 index) {
    u64 attributes = leaf & ~(kDescAddress | kDescContiguous | u64{3});
    if (level + 1 < 3) attributes |= leaf & kDescNt;
    return attributes | (desc_output(leaf, level, g) + index * level_span(g, level + 1)) | (level + 1 == 3 ? 3 : 1);
}

}  // namespace bbmsim::mmu
