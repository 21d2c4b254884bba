// SPDX-License-Identifier: Apache-2.0
// Which entries a TLBI must remove: the operand types of DDI 0487 D8.17.5 as one function of (TLBI, entry).
//
// Minimal: what the architecture requires, no more. Typical: a TLBI by address also drops the walk-cache entries of
// that address, and hints (TTL, a TG that does not match) narrow nothing. Both remove a contiguous group or a block
// held as splinters whole, since one entry stands for it (R_LGSCG; over-invalidation is legal, R_MMZTY).
#pragma once

#include "models/mmu/config.hpp"
#include "models/mmu/tlb_entry.hpp"
#include "models/mmu/tlbi.hpp"

#include <array>

namespace bbmsim::mmu {

class TlbiMatcher {
public:
    TlbiMatcher(const Tlbi& op, InvalidationPolicy policy, unsigned asid_bits);
    [[nodiscard]] bool removes(const TlbEntry& e) const;
    // By address and no larger than one granule: the structure need not be searched whole.
    [[nodiscard]] bool single_address() const { return by_address_ && !op_.range; }
    [[nodiscard]] u64 address() const { return span_[0].va; }  // to 4 KiB; larger granules ignore more
    [[nodiscard]] bool all() const { return op_.kind == TlbiKind::kVmall; }

private:
    [[nodiscard]] bool covers(const TlbEntry& e, const TlbiSpan& span) const;

    const Tlbi op_;
    const bool minimal_, by_address_;
    const u16 asid_, asid_mask_;
    std::array<TlbiSpan, 3> span_;
};

}  // namespace bbmsim::mmu
