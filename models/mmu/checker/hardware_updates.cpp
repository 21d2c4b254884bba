// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/hardware_updates.hpp"

#include "models/mmu/checker/descriptor.hpp"
#include "models/mmu/inner_domain.hpp"

#include <algorithm>

namespace bbmsim::mmu {

void HardwareUpdates::add(u64 desc_pa, u64 before, u64 after, PeId pe, u64 now_ps) {
    const u64 bits = (after & ~before & kDescAf) | (before & ~after & kDescReadOnly);
    if (!bits) return;
    const u64 base = desc_pa & ~kPageMask;
    const bool flagged = domain_.ram.page_flags(PhysAddr(base)) & kHwUpdated;
    if (!flagged && pages_.size() >= kMostPages) {
        std::erase_if(pages_, [&](const auto& p) { return !(domain_.ram.page_flags(PhysAddr(p.first)) & kHwUpdated); });
        if (pages_.size() >= kMostPages) return;
    }
    std::vector<HardwareUpdate>& updates = pages_[base];
    if (!flagged) {
        updates.clear();  // of a table that was in the page before
        domain_.flag_page(PhysAddr(base), kHwUpdated);
    }
    const auto known = std::ranges::find(updates, desc_pa, &HardwareUpdate::desc_pa);
    if (known == updates.end())
        updates.push_back({desc_pa, after, bits, now_ps, pe});
    else
        *known = {desc_pa, after, known->bits | bits, now_ps, pe};
}

const HardwareUpdate* HardwareUpdates::find(u64 desc_pa) const {
    const auto page = pages_.find(desc_pa & ~kPageMask);
    if (page == pages_.end() || !(domain_.ram.page_flags(PhysAddr(page->first)) & kHwUpdated)) return nullptr;
    const auto known = std::ranges::find(page->second, desc_pa, &HardwareUpdate::desc_pa);
    return known == page->second.end() ? nullptr : &*known;
}

void HardwareUpdates::read(u64 pa, u64 size) {
    const auto page = pages_.find(pa & ~kPageMask);
    if (page == pages_.end()) return;
    std::erase_if(page->second, [&](const HardwareUpdate& u) { return u.desc_pa < pa + size && pa < u.desc_pa + 8; });
    settle(page);
}

void HardwareUpdates::written(u64 desc_pa, u64 covered) {
    if (pages_.empty()) return;
    const auto page = pages_.find(desc_pa & ~kPageMask);
    if (page == pages_.end()) return;
    for (HardwareUpdate& u : page->second)
        if (u.desc_pa == desc_pa) u.bits &= ~covered;
    std::erase_if(page->second, [](const HardwareUpdate& u) { return !u.bits; });
    settle(page);
}

void HardwareUpdates::settle(Page page) {
    if (!page->second.empty()) return;
    domain_.ram.page_flags(PhysAddr(page->first)) &= static_cast<u8>(~kHwUpdated);
    pages_.erase(page);
}

}  // namespace bbmsim::mmu
