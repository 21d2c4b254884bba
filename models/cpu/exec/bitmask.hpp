// SPDX-License-Identifier: Apache-2.0
// DecodeBitMasks() of the manual for logical immediates.
#pragma once

#include "models/mmu/types.hpp"

#include <bit>
#include <optional>

namespace bbmsim::cpu {

// The immediate of `bits` (32 or 64) for N:immr:imms, or nothing for a reserved value.
constexpr std::optional<u64> bitmask_immediate(bool n, unsigned immr, unsigned imms, unsigned bits) {
    const unsigned pattern = (n ? 64u : 0u) | (~imms & 0x3f);
    if (pattern < 2) return std::nullopt;
    const unsigned length = static_cast<unsigned>(std::bit_width(pattern)) - 1;
    const unsigned size = 1u << length;
    if (size > bits) return std::nullopt;
    const unsigned ones = imms & (size - 1), rotation = immr & (size - 1);
    if (ones == size - 1) return std::nullopt;
    const u64 element_mask = size == 64 ? ~u64{0} : (u64{1} << size) - 1;
    u64 element = (u64{2} << ones) - 1;
    if (rotation) element = ((element >> rotation) | (element << (size - rotation))) & element_mask;
    u64 result = element;
    for (unsigned width = size; width < bits; width *= 2) result |= result << width;
    return bits == 32 ? static_cast<u32>(result) : result;
}

}  // namespace bbmsim::cpu
