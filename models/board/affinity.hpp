// SPDX-License-Identifier: Apache-2.0
// Affinities of the board's PEs, as QEMU's virt machine numbers them with a GICv3: Aff0 = PE mod 16 (what one SGI
// target list reaches), Aff1 = PE / 16.
#pragma once

#include "models/mmu/types.hpp"

#include <optional>

namespace bbmsim::board {

// Affinity fields where MPIDR_EL1 has them: Aff3 [39:32], Aff2 [23:16], Aff1 [15:8], Aff0 [7:0].
inline constexpr u64 kAffinityMask = 0xff'00ff'ffff;

constexpr u64 affinity_of(PeId pe) { return (u64{pe} / 16) << 8 | pe % 16; }
constexpr u64 mpidr_of(PeId pe) { return u64{1} << 31 | affinity_of(pe); }  // bit 31 is RES1

// The PE with this affinity, if the board has it. Any bit outside the affinity fields: none.
constexpr std::optional<PeId> pe_of_affinity(u64 affinity, unsigned pes) {
    const u64 pe = (affinity >> 8) * 16 + (affinity & 0xff);
    if ((affinity & 0xff) > 15 || affinity >> 8 > 15 || pe >= pes) return std::nullopt;
    return static_cast<PeId>(pe);
}

}  // namespace bbmsim::board
