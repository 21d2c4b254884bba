// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/tlbi_log.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bbmsim::mmu {

namespace {

constexpr u64 kAddressField = (u64{1} << 44) - 1;  // VA[55:12] of a single-address operand

const char* granule_name(Granule g) { return g == Granule::k4K ? "4K" : g == Granule::k16K ? "16K" : "64K"; }

struct Question {
    const Pending& p;
    const AsidUse* use;  // some ASID under which the PE may hold the entry; null: unknown
    bool asid_known;     // the operand's ASID is among them
};

std::string wrong_asid(const Question& q, const Tlbi& op) {
    if (op.any_asid() || (q.p.kind == DescKind::kLeaf && desc_global(q.p.before)) || q.asid_known || !q.use) return {};
    return fmt::format("it names ASID {}, and the entry was walked with ASID {}", op.asid(), q.use->asid);
}

// The operand's address is the entry's: the form, the TTL or the ASID are wrong.
std::string wrong_form(const Question& q, const Tlbi& op, const TlbiSpan& span) {
    const Pending& p = q.p;
    if (!span.required && op.range && ((op.operand >> 46) & 3) == granule_shift(p.granule) / 2 - 5)
        return fmt::format("its base address is not aligned for TTL={}, so what it covers is UNPREDICTABLE (I_TYBWT)",
                           span.ttl_level);
    if (!span.required)
        return fmt::format("its {} does not name the {} granule of the entry, so nothing need be removed ({})",
                           op.range ? "TG field" : "TTL field", granule_name(p.granule),
                           op.range ? "R_XKMMX" : "R_SQXYZ");
    if (p.kind == DescKind::kTable && op.last_level_only())
        return "a last-level form removes no table descriptor from the walk caches";
    const int level = p.level;
    if (span.ttl_level >= 0 && (p.kind == DescKind::kTable ? span.ttl_level <= level : span.ttl_level != level))
        return fmt::format("its TTL names level {}, and the old entry is {} level {} (R_SQXYZ)", span.ttl_level,
                           p.kind == DescKind::kTable ? "a table descriptor of" : "at", level);
    return wrong_asid(q, op);
}

// The operand's address is not the entry's: was it meant to be?
std::string wrong_address(const Question& q, const Tlbi& op, const TlbiSpan& span) {
    const Pending& p = q.p;
    const unsigned page = granule_shift(p.granule);
    if (op.range) {
        const u64 end = span.va + span.bytes, table = level_span(p.granule, p.level ? p.level - 1 : 0);
        if (p.va >= end && p.va - end < table && p.va - span.va < 2 * table)
            return fmt::format("its range [{:#x}, {:#x}) ends before the entry", span.va, end);
        return {};
    }
    const u64 field = op.operand & kAddressField, shifted = (p.va >> page) & kAddressField;
    const u64 kept = kAddressField >> (page - 12);  // whatever the shift left above VA[55]
    if (page != 12 && (field & kept) == (shifted & kept))
        return fmt::format("its operand holds the address shifted right by {}; it is always VA[55:12]", page);
    if (field == (p.va & kAddressField) && p.va & (kAddressField >> 12))
        return "its operand holds the address itself, not VA[55:12]";
    return {};
}

}  // namespace

std::string TlbiLog::near_miss(const Pending& p, const Roots& roots, PeId issuer, PeId pe) const {
    if (issuer >= rings_.size()) return {};
    const Ring& ring = rings_[issuer];
    const auto& uses = roots[p.root].uses[pe];
    for (std::size_t back = 1; back <= std::min(ring.next, kKept); ++back) {
        const Logged& l = ring.entries[(ring.next - back) % kKept];
        if (l.at <= p.written) break;
        if (!(l.targets & pe_bit(pe))) continue;
        const bool known =
            std::any_of(uses.begin(), uses.end(), [&](const AsidUse& u) { return u.asid == l.op.asid(); });
        const Question q{p, uses.empty() ? nullptr : &uses.front(), known};
        std::string why;
        if (l.op.kind == TlbiKind::kAsid) {
            why = p.kind == DescKind::kLeaf && desc_global(p.before)
                      ? "a TLBI by ASID removes no global entry of the final level"
                      : wrong_asid(q, l.op);
        } else if (l.op.kind != TlbiKind::kVmall) {
            TlbiSpan span = tlbi_span(l.op, p.granule);
            if (l.op.range && !span.required) {  // the base may have been meant in the entry's granule
                Tlbi meant = l.op;
                meant.operand = (meant.operand & ~(u64{3} << 46)) | (u64{granule_shift(p.granule) / 2 - 5} << 46);
                const TlbiSpan in_granule = tlbi_span(meant, p.granule);
                span.va = in_granule.va;
                span.bytes = in_granule.bytes;
            }
            const bool covers = p.va - span.va < span.bytes || span.va - p.va < level_span(p.granule, p.level);
            why = covers ? wrong_form(q, l.op, span) : wrong_address(q, l.op, span);
        }
        if (!why.empty())
            return fmt::format("core {} issued TLBI {} with operand {:#x}, but {}", issuer, l.op.mnemonic(),
                               l.op.operand, why);
    }
    return {};
}

}  // namespace bbmsim::mmu
