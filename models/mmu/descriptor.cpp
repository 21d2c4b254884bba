// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/descriptor.hpp"

namespace bbmsim::mmu {
namespace {

constexpr u64 field(unsigned hi, unsigned lo) { return ((u64{2} << (hi - lo)) - 1) << lo; }

constexpr u64 kLeafIgnored = field(58, 55) | kAccessFlagBit;  // software bits, and what hardware sets
constexpr u64 kTableIgnored = field(58, 51) | field(11, 2);

}  // namespace

bool same_translation(u64 old_value, u64 new_value, Granule granule, unsigned level) {
    if (old_value == new_value) return true;
    const DescriptorKind kind = Descriptor{old_value}.kind(granule, level);
    if (kind != Descriptor{new_value}.kind(granule, level) || kind == DescriptorKind::kInvalid) return false;
    const u64 diff = old_value ^ new_value;
    if (kind == DescriptorKind::kTable) return (diff & ~kTableIgnored) == 0;
    u64 benign = kLeafIgnored;
    const bool dbm = (old_value & new_value & kDirtyModifierBit) != 0;
    if (dbm && !Descriptor{new_value}.read_only()) benign |= kReadOnlyBit;
    return (diff & ~benign) == 0;
}

}  // namespace bbmsim::mmu
