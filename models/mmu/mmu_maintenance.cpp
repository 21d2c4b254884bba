// SPDX-License-Identifier: Apache-2.0
// TLBI, descriptors that change in memory, and what the host may look at or put in.
#include "models/mmu/mmu_impl.hpp"
#include "models/mmu/tlbi_match.hpp"

#include <bit>

namespace bbmsim::mmu {
namespace {
constexpr std::array kAll = {Structure::kL1I, Structure::kL1D, Structure::kL2, Structure::kWalkCache};
}

void Mmu::Impl::removed_by_tlbi(TlbEntry* e, Structure which) {
    ++mmu.stats.entries_invalidated;
    emit_fill(EventKind::kEvict, *e, which, 1);
    tlb(which).remove(e);
}

u32 Mmu::invalidate(const Tlbi& op) {
    if (interceptor && interceptor->swallows(op)) [[unlikely]]
        return 0;
    ++stats.tlbis_received;
    if (config.nasty.late_tlbi && impl_->postpone(op)) return 0;
    return impl_->invalidate_now(op);
}

u32 Mmu::Impl::invalidate_now(const Tlbi& op) {
    Impl& m = *this;
    const MmuConfig& config = mmu.config;
    const TlbiMatcher matcher(op, config.invalidation, config.asid_bits);
    const u64 before = mmu.stats.entries_invalidated;
    for (const Structure which : kAll) {
        const bool l1 = which == Structure::kL1I || which == Structure::kL1D;
        const auto drop = [&](TlbEntry* e) {
            if (matcher.removes(*e)) m.removed_by_tlbi(e, which);
        };
        if (matcher.all() || (l1 && config.tlbi_empties_l1)) {
            m.tlb(which).for_each([&](TlbEntry* e) { m.removed_by_tlbi(e, which); });
        } else if (matcher.single_address()) {
            m.tlb(which).for_each_near(matcher.address(), drop);
        } else {
            m.tlb(which).for_each(drop);
        }
    }
    return static_cast<u32>(mmu.stats.entries_invalidated - before);
}

void Mmu::invalidate_all() {
    for (const Structure which : kAll)
        impl_->tlb(which).for_each([&](TlbEntry* e) { impl_->removed_by_tlbi(e, which); });
    filter.clear();
}

// Compares one changed descriptor with what the entry was made from, and keeps benign changes in its origin.
Mmu::Impl::OriginChange Mmu::Impl::compare_origin(TlbEntry& e, u64 desc_pa, u64 new_value) {
    OriginChange result = OriginChange::kUnrelated;
    Origin& o = e.origin;
    const unsigned members = e.contiguous ? contiguous_members(e.granule, e.level) : coalesced_members(e);
    for (unsigned i = 0; i < o.depth; ++i) {
        const unsigned level = e.level + 1u - o.depth + i;
        if (o.desc_pa[i] == desc_pa) {
            if (!same_translation(o.desc_value[i], new_value, e.granule, level)) return OriginChange::kStale;
            o.desc_value[i] = new_value;
            result = OriginChange::kBenign;
        } else if (members > 1 && i + 1u == o.depth) {
            // Another member of the group: compared with what the one descriptor that was read says of it.
            const u64 group = ~(u64{8} * members - 1);
            if ((o.desc_pa[i] & group) != (desc_pa & group)) continue;
            const u64 size = u64{1} << level_shift(e.granule, level);
            const u64 expected = o.desc_value[i] + (desc_pa - o.desc_pa[i]) / 8 * size;
            if (!same_translation(expected, new_value, e.granule, level)) return OriginChange::kStale;
        }
    }
    return result;
}

bool Mmu::Impl::origin_is_current(const TlbEntry& e) const {
    if (e.contiguous || coalesced_members(e) > 1) return false;  // other members may still differ
    for (unsigned i = 0; i < e.origin.depth; ++i)
        if (!ram.contains(PhysAddr(e.origin.desc_pa[i]), 8) ||
            ram.read64(PhysAddr(e.origin.desc_pa[i])) != e.origin.desc_value[i])
            return false;
    return true;
}

u32 Mmu::mark_stale(u64 desc_pa, u64 new_value) {
    Impl& m = *impl_;
    const OriginIndex::Candidates candidates = m.origins.candidates(desc_pa);
    if (!candidates) [[likely]]
        return 0;
    if (m.origins.worn()) {
        m.origins.forget_upper();
        for (const Structure which : kAll) m.tlb(which).index_uppers();
    }
    u32 marked = 0;
    const auto visit = [&](TlbEntry* e) {
        switch (m.compare_origin(*e, desc_pa, new_value)) {
            case Impl::OriginChange::kUnrelated: return;
            case Impl::OriginChange::kBenign:
                // Back to what it was before anybody flushed it: the entry says the truth again.
                if (e->stale && m.origin_is_current(*e)) e->stale = false;
                return;
            case Impl::OriginChange::kStale: break;
        }
        ++marked;
        if (e->stale) return;
        e->stale = true;
        ++e->gen;
        filter.fetch_moved();
        if (config.nasty.walks()) m.recent[m.recent_count++ % m.recent.size()] = e->va_base;
    };
    for (const Structure which : kAll) m.tlb(which).for_each_candidate(candidates, visit);
    return marked;
}

std::vector<TlbEntry> Mmu::entries(Structure which) const {
    std::vector<TlbEntry> out;
    impl_->tlb(which).for_each([&](TlbEntry* e) { out.push_back(*e); });
    return out;
}

bool Mmu::holds_origin(u64 desc_pa) const {
    const OriginIndex::Candidates candidates = impl_->origins.candidates(desc_pa);
    bool found = false;
    if (candidates)
        for (const Structure which : kAll)
            impl_->tlb(which).for_each_candidate(candidates, [&](TlbEntry* e) {
                const u64 group = ~(u64{8} * coalesced_members(*e) - 1);
                const Origin& o = e->origin;
                found |= o.reads(desc_pa) || (o.depth && ((o.desc_pa[o.depth - 1u] ^ desc_pa) & group) == 0);
            });
    return found;
}

bool Mmu::plant(Structure which, const TlbEntry& entry) {
    Impl& m = *impl_;
    const u64 bytes = entry.va_mask + 1;
    const bool sound = std::has_single_bit(bytes) && bytes >= kPageBytes && bytes <= u64{1} << 48 &&
                       ((entry.va_base | entry.pa_base) & (entry.table ? 0 : entry.va_mask)) == 0 &&
                       entry.level <= (entry.table ? 2 : 3) && entry.origin.depth <= entry.level + 1u &&
                       entry.table == (which == Structure::kWalkCache);
    return sound && m.fill(which, entry, entry.va_base, false) != nullptr;
}

bool Mmu::flip(Structure which, u64 va, u64 oa_bits, u64 va_bits) {
    Impl& m = *impl_;
    if (!m.regime.on) return false;
    MatchSet matches;
    m.tlb(which).lookup(canonical(va, m.regime.half[(va >> 55) & 1].tbi[0]), m.regime.asid, matches);
    if (matches.count == 0) return false;
    TlbEntry entry = *matches.entry[0];
    if (oa_bits == 0 && va_bits == 0) return true;
    entry.pa_base ^= oa_bits & ~entry.va_mask;
    entry.va_base ^= va_bits & ~entry.va_mask;
    if (entry.pa_base == matches.entry[0]->pa_base && entry.va_base == matches.entry[0]->va_base) return false;
    m.tlb(which).remove(matches.entry[0]);
    return plant(which, entry);
}

}  // namespace bbmsim::mmu
