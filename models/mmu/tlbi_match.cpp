// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/tlbi_match.hpp"

#include <algorithm>

namespace bbmsim::mmu {

TlbiMatcher::TlbiMatcher(const Tlbi& op, InvalidationPolicy policy, unsigned asid_bits)
    : op_(op),
      minimal_(policy == InvalidationPolicy::kMinimal),
      by_address_(op.kind != TlbiKind::kAsid && op.kind != TlbiKind::kVmall),
      asid_(op.asid()),
      asid_mask_(asid_bits == 16 ? 0xffff : 0xff) {
    for (const Granule g : {Granule::k4K, Granule::k16K, Granule::k64K})
        span_[static_cast<unsigned>(g)] = tlbi_span(op, g);
}

bool TlbiMatcher::covers(const TlbEntry& e, const TlbiSpan& span) const {
    // A splinter goes with every part of its block.
    const u64 block = e.table || e.level > 3 ? 0 : (u64{1} << level_shift(e.granule, e.level)) - 1;
    const u64 mask = std::max(e.va_mask, block);
    const u64 lo = e.va_base & ~mask, hi = lo | mask;
    const u64 last = span.va + (span.bytes - 1) < span.va ? ~u64{0} : span.va + (span.bytes - 1);
    return lo <= last && span.va <= hi;
}

bool TlbiMatcher::removes(const TlbEntry& e) const {
    const bool same_asid = ((e.asid ^ asid_) & asid_mask_) == 0;
    switch (op_.kind) {
        case TlbiKind::kVmall: return true;
        case TlbiKind::kAsid: return same_asid && (e.table || !e.global);
        default: break;
    }
    const TlbiSpan& span = span_[static_cast<unsigned>(e.granule)];
    if (minimal_ && !span.required) return false;
    if (!covers(e, span)) return false;
    if (e.table) {
        // Entries above the final level are always of one ASID (R_CHVGJ).
        if (op_.last_level_only() && minimal_) return false;
        if (!op_.any_asid() && !same_asid) return false;
        return !minimal_ || span.ttl_level < 0 || e.level < span.ttl_level;
    }
    if (!op_.any_asid() && !e.global && !same_asid) return false;
    return !minimal_ || span.ttl_level < 0 || e.level == span.ttl_level;
}

}  // namespace bbmsim::mmu
