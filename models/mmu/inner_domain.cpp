// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/inner_domain.hpp"

#include "models/mmu/checker/bbm_checker.hpp"

#include <algorithm>
#include <cstring>

namespace bbmsim::mmu {

void InnerDomain::add(Mmu* mmu) {
    pes.push_back(mmu);
    mmu->domain = this;
}

void InnerDomain::back_page(PhysAddr pa) {
    ram.back(pa);  // a filter's user looks at kBacked before it uses an unbacked slot: nothing to drop
}

void InnerDomain::flag_page(PhysAddr pa, u8 flag) {
    u8& flags = ram.page_flags(pa);
    const bool was_fast = !(flags & kStoreSlow);
    if (flag & ~flags & kHwUpdated)
        for (Mmu* pe : pes) pe->filter.drop_reads(pa.raw());
    flags |= flag;
    if (was_fast && (flags & kStoreSlow))
        for (Mmu* pe : pes) pe->filter.drop_writes(pa.raw());
}

void InnerDomain::loaded(PhysAddr pa, u64 size) {
    if (checker) checker->on_load(pa, size);
}

void InnerDomain::store(PeId writer, PhysAddr pa, const void* bytes, u64 size, u64 pc, StoreKind kind) {
    if (!ram.contains(pa, size)) return;
    back_page(pa);
    const u8 flags = ram.page_flags(pa);
    if (!(flags & kStoreSlow)) {
        std::memcpy(ram.at(pa), bytes, size);
        return;
    }
    const u64* now = writer < pes.size() ? pes[writer]->now_ps : device_now_ps;
    const u64 now_ps = now ? *now : 0;
    const bool watched = flags & kWatched;
    if (watched && checker) checker->on_store(writer, pa, bytes, size, pc, now_ps, kind);
    if (watched) {
        // Each doubleword that the store touches and changes.
        const u64 first = pa.raw() & ~u64{7}, last = (pa.raw() + size - 1) & ~u64{7};
        for (u64 desc = first; desc <= last; desc += 8) {
            const u64 old_value = ram.read64(PhysAddr(desc));
            const u64 lo = std::max(desc, pa.raw()), hi = std::min(desc + 8, pa.raw() + size);
            std::memcpy(ram.at(PhysAddr(lo)), static_cast<const u8*>(bytes) + (lo - pa.raw()), hi - lo);
            const u64 new_value = ram.read64(PhysAddr(desc));
            if (new_value == old_value) continue;
            if (late.window_ps && writer != kNoPe) late.add(writer, desc, old_value, now_ps);
            for (Mmu* pe : pes) pe->mark_stale(desc, new_value);
        }
    } else {
        std::memcpy(ram.at(pa), bytes, size);
    }
    if (watched && checker) checker->on_store_done(writer, pa, size, now_ps);
    if (!listener) return;
    if (flags & kMonitored) listener->monitored_written(kind == StoreKind::kHardware ? kNoPe : writer, pa, size);
    if (flags & kCode) listener->code_written(pa, size);
}

void InnerDomain::write(PeId writer, PhysAddr pa, const void* bytes, u64 size) {
    const auto* from = static_cast<const u8*>(bytes);
    while (size) {
        u64 part = std::min(size, kPageBytes - (pa.raw() & kPageMask));
        if (!ram.contains(pa, part)) return;
        if (ram.page_flags(pa) & kStoreSlow) {
            part = std::min<u64>(part, 64 - (pa.raw() & 63));
            store(writer, pa, from, part, 0);
        } else {
            back_page(pa);
            std::memcpy(ram.at(pa), from, part);
        }
        pa += part;
        from += part;
        size -= part;
    }
}

}  // namespace bbmsim::mmu
