// SPDX-License-Identifier: Apache-2.0
// BBM-HW-UPDATE: plain stores over live leaves that hardware may be updating, or has updated unseen.
#include "models/mmu/checker/impl.hpp"

#include "models/mmu/event.hpp"

#include <fmt/format.h>

namespace bbmsim::mmu {

namespace {
std::string bits_text(u64 bits) {
    if (bits == (kDescAf | kDescReadOnly)) return "the Access flag and the dirty state";
    return bits & kDescAf ? "the Access flag" : "the dirty state";
}
}  // namespace

// Both values are valid leaves; `covered` are the bits that the store writes.
void BbmChecker::Impl::check_plain_store(const Site& s, u64 covered) {
    // What the new value leaves for hardware to set, or takes back: AF=0, AP[2]=1.
    const u64 unset = covered & ((~s.after & kDescAf) | (s.after & kDescReadOnly));
    if (!unset) return;
    const PeMask reach = roots[s.root].reach & online_mask();
    const HardwareUpdate* update = unread.find(s.desc_pa);
    const u64 lost = update ? update->bits & unset : 0;
    u64 open = 0;
    PeMask able = lost ? reach : 0;
    for (std::size_t i = 0; i < pes.size(); ++i) {
        const auto pe = static_cast<PeId>(i);
        if (!(reach & pe_bit(pe))) continue;
        u64 bits = 0;
        // Access flags may be set by speculation, the writer's own too (R_LHQRX); dirty states may not (R_DYCFD).
        if (pes[i].view.ha && !(s.before & kDescAf)) bits |= kDescAf;
        if (pes[i].view.hd && pe != s.writer && (s.before & kDescDbm) && (s.before & kDescReadOnly))
            bits |= kDescReadOnly;
        if (!(bits &= unset)) continue;
        open |= bits;
        able |= pe_bit(pe);
    }
    if (lost && (reach & pe_bit(update->pe))) able = pe_bit(update->pe);
    if (!able) return;
    Site site = s;
    site.detail =
        lost ? fmt::format(
                   "stored {:#x} over {:#x} at level {}, and so lost {} that core {} had set {} and nobody had "
                   "read",
                   s.after, update->value, s.level, bits_text(lost), update->pe, time_text(update->at_ps))
             : fmt::format("stored {:#x} over {:#x} at level {}, though hardware may set {} there at any time", s.after,
                           s.before, s.level, bits_text(open));
    violate(Rule::kHwUpdate, site, able);
    if (lost) lost_update(site, *update);
}

void BbmChecker::Impl::lost_update(const Site& s, const HardwareUpdate& update) {
    Verdict why{Cause::kViolation, -1, s.desc_pa, update.value, s.after};
    why.violation = static_cast<int>(violation_at.at({static_cast<u8>(Rule::kHwUpdate), s.writer, s.pc}));
    hazard(HazardKind::kLostUpdate, s.writer, s.va, s.pc, s.now_ps, why,
           fmt::format("lost {} that core {} had set {}", bits_text(update.bits), update.pe, time_text(update.at_ps)),
           1);
}

std::string BbmChecker::Impl::time_text(u64 at_ps) const {
    if (lines) return fmt::format("in line {}", at_ps);
    return fmt::format("at {}.{:03} us", at_ps / 1'000'000, at_ps / 1'000 % 1'000);
}

}  // namespace bbmsim::mmu
