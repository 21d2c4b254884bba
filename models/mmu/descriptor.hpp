// SPDX-License-Identifier: Apache-2.0
// VMSAv8-64 stage 1 descriptors as typed fields (DDI 0487 D8.3), 48-bit output addresses.
#pragma once

#include "models/mmu/types.hpp"

namespace bbmsim::mmu {

enum class DescriptorKind : u8 { kInvalid, kTable, kBlock, kPage };

// Levels that may hold a block when output addresses have at most 48 bits.
constexpr bool block_allowed(Granule g, unsigned level) {
    return g == Granule::k4K ? level == 1 || level == 2 : level == 2;
}

struct Descriptor {
    u64 raw = 0;

    [[nodiscard]] constexpr bool bit(unsigned n) const { return (raw >> n) & 1; }
    [[nodiscard]] constexpr DescriptorKind kind(Granule g, unsigned level) const {
        if (!bit(0)) return DescriptorKind::kInvalid;
        if (level == 3) return bit(1) ? DescriptorKind::kPage : DescriptorKind::kInvalid;  // 0b01 is reserved
        if (bit(1)) return DescriptorKind::kTable;
        return block_allowed(g, level) ? DescriptorKind::kBlock : DescriptorKind::kInvalid;
    }

    // --- block and page
    [[nodiscard]] constexpr u8 attr_index() const { return (raw >> 2) & 7; }
    [[nodiscard]] constexpr bool el0_access() const { return bit(6); }  // AP[1]
    [[nodiscard]] constexpr bool read_only() const { return bit(7); }   // AP[2]
    [[nodiscard]] constexpr Shareability share() const { return static_cast<Shareability>((raw >> 8) & 3); }
    [[nodiscard]] constexpr bool access_flag() const { return bit(10); }
    [[nodiscard]] constexpr bool not_global() const { return bit(11); }
    [[nodiscard]] constexpr bool no_translation() const { return bit(16); }  // nT, blocks only (I_PJZBK)
    [[nodiscard]] constexpr bool guarded() const { return bit(50); }
    [[nodiscard]] constexpr bool dirty_modifier() const { return bit(51); }  // DBM
    [[nodiscard]] constexpr bool contiguous() const { return bit(52); }
    [[nodiscard]] constexpr bool pxn() const { return bit(53); }
    [[nodiscard]] constexpr bool uxn() const { return bit(54); }
    [[nodiscard]] constexpr u64 output_address(Granule g, unsigned level) const {
        return raw & ((u64{1} << 48) - 1) & ~((u64{1} << level_shift(g, level)) - 1);
    }

    // --- table
    [[nodiscard]] constexpr u64 next_table(Granule g) const {
        return raw & ((u64{1} << 48) - 1) & ~((u64{1} << granule_shift(g)) - 1);
    }
    [[nodiscard]] constexpr bool pxn_table() const { return bit(59); }
    [[nodiscard]] constexpr bool uxn_table() const { return bit(60); }
    [[nodiscard]] constexpr bool no_el0_table() const { return bit(61); }     // APTable[0]
    [[nodiscard]] constexpr bool read_only_table() const { return bit(62); }  // APTable[1]
};

inline constexpr u64 kAccessFlagBit = u64{1} << 10;
inline constexpr u64 kReadOnlyBit = u64{1} << 7;
inline constexpr u64 kDirtyModifierBit = u64{1} << 51;

// True if a TLB entry made from `old_value` still says the same as `new_value`, but for what hardware or software
// may change without maintenance: the access flag, clean to dirty (AP[2] cleared under DBM), ignored bits (R_GPPYH,
// I_CQTNL). Both are of one address, granule and level.
bool same_translation(u64 old_value, u64 new_value, Granule granule, unsigned level);

}  // namespace bbmsim::mmu
