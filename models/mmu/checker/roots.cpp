// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/roots.hpp"

#include <algorithm>
#include <bit>

namespace bbmsim::mmu {

bool root_of(const Context& c, unsigned half, RootKey& key) {
    if (!c.mmu_on()) return false;
    if ((c.tcr >> (half ? 23 : 7)) & 1) return false;  // EPD1, EPD0
    const unsigned tg = (c.tcr >> (half ? 30 : 14)) & 3;
    if (half)
        key.granule = tg == 1 ? Granule::k16K : tg == 3 ? Granule::k64K : Granule::k4K;
    else
        key.granule = tg == 1 ? Granule::k64K : tg == 2 ? Granule::k16K : Granule::k4K;
    const unsigned tsz = std::clamp<unsigned>((c.tcr >> (half ? 16 : 0)) & 0x3f, 16, 39);
    const unsigned input = 64 - tsz, page = granule_shift(key.granule), per_level = index_bits(key.granule);
    key.input_bits = static_cast<u8>(input);
    key.start_level = static_cast<u8>(4 - (input - page + per_level - 1) / per_level);
    key.half = static_cast<u8>(half);
    const u64 bytes = std::max<u64>(u64{key.entries()} * 8, 16);
    key.pa = (half ? c.ttbr1 : c.ttbr0) & 0x0000'ffff'ffff'fffe & ~(bytes - 1);
    return true;
}

bool span_removes(const FlushedSpan& s, DescKind kind, u64 va, unsigned level, Granule g) {
    if (s.granule != g) return false;
    const u64 bytes = s.va ? std::min(s.bytes, ~s.va + 1) : s.bytes;  // none goes round to address 0
    if (va - s.va >= bytes && s.va - va >= level_span(g, level)) return false;
    if (kind == DescKind::kTable)
        return !s.last_level_only && (s.ttl_level < 0 || s.ttl_level > static_cast<int>(level));
    return s.ttl_level < 0 || s.ttl_level == static_cast<int>(level);
}

void Roots::add_pe(PeId pe) {
    const std::size_t count = pe + 1u;
    if (touched_.size() >= count) return;
    touched_.resize(count);
    flushed_.resize(count);
    next_span_.resize(count);
    current_.resize(count);
    for (Root& r : roots_) {
        r.uses.resize(count);
        r.left.resize(count);
        r.lingered.resize(count);
        r.resumed.resize(count);
    }
}

RootId Roots::find(const RootKey& key) const {
    const auto it = by_key_.find(key);
    return it == by_key_.end() ? kNone : it->second;
}

RootId Roots::make(const RootKey& key, TableId table) {
    RootId id;
    if (free_.empty()) {
        id = static_cast<RootId>(roots_.size());
        roots_.emplace_back();
    } else {
        id = free_.back();
        free_.pop_back();
    }
    Root& r = roots_[id] = Root{};
    r.key = key;
    r.table = table;
    r.alive = true;
    r.uses.resize(touched_.size());
    r.left.resize(touched_.size());
    r.lingered.resize(touched_.size());
    r.resumed.resize(touched_.size());
    by_key_[key] = id;
    return id;
}

void Roots::drop(RootId id) {
    for (auto& list : touched_) std::erase(list, id);
    by_key_.erase(roots_[id].key);
    roots_[id] = Root{};
    free_.push_back(id);
}

void Roots::refresh(Root& r, PeId pe) {
    const PeMask bit = pe_bit(pe);
    bool left_over = false, reaching = false;
    for (const AsidUse& u : r.uses[pe]) (u.reaching ? reaching : left_over) = true;
    r.reach = reaching ? r.reach | bit : r.reach & ~bit;
    r.residue = left_over ? r.residue | bit : r.residue & ~bit;
}

void Roots::enter(RootId id, PeId pe, u16 asid) {
    Root& r = roots_[id];
    auto& uses = r.uses[pe];
    const auto it =
        std::lower_bound(uses.begin(), uses.end(), asid, [](const AsidUse& u, u16 a) { return u.asid < a; });
    if (it != uses.end() && it->asid == asid)
        it->reaching = true, it->ending = it->ending_all = false;
    else
        uses.insert(it, {asid, true});
    if (!((r.global | r.residue | r.reach) & pe_bit(pe)) &&
        std::find(touched_[pe].begin(), touched_[pe].end(), id) == touched_[pe].end())
        touched_[pe].push_back(id);
    r.global |= pe_bit(pe);
    refresh(r, pe);
}

void Roots::leave(RootId id, PeId pe, u64 now) {
    Root& r = roots_[id];
    for (AsidUse& u : r.uses[pe])
        if (u.reaching) {
            u.reaching = false;
            u.left = now;
        }
    r.left[pe] = now;
    refresh(r, pe);
}

bool Roots::flushed_since_made(RootId id, PeId pe) const {
    const Root& r = roots_[id];
    for (const AsidUse& u : r.uses[pe])
        if (u.flushed <= r.last_made) return false;
    return true;
}

void Roots::forget(RootId id, PeId pe) {
    Root& r = roots_[id];
    r.uses[pe].clear();
    r.global &= ~pe_bit(pe);
    refresh(r, pe);
    std::erase(touched_[pe], id);
}

void Roots::vmall_completed(PeId pe, u64 issued, std::vector<RootId>& changed) {
    auto& list = touched_[pe];
    for (std::size_t i = 0; i < list.size();) {
        Root& r = roots_[list[i]];
        std::erase_if(r.uses[pe], [&](const AsidUse& u) { return !u.reaching && u.left < issued; });
        for (AsidUse& u : r.uses[pe]) u.flushed = issued;
        refresh(r, pe);
        if (!(r.reach & pe_bit(pe)) && std::max(r.left[pe], r.lingered[pe]) < issued) {
            r.global &= ~pe_bit(pe);
            changed.push_back(list[i]);
            list[i] = list.back();
            list.pop_back();
        } else {
            ++i;
        }
    }
}

void Roots::asid_completed(PeId pe, u16 asid, u64 issued, u64 now, std::vector<RootId>& changed) {
    for (const RootId id : touched_[pe]) {
        Root& r = roots_[id];
        for (const AsidUse& u : r.uses[pe])  // for what a TLBI by ASID leaves
            if (u.asid == asid && !u.reaching && !u.ending_all && lingers(id, pe)) r.lingered[pe] = now;
        const std::size_t gone = std::erase_if(
            r.uses[pe], [&](const AsidUse& u) { return u.asid == asid && !u.reaching && u.left < issued; });
        for (AsidUse& u : r.uses[pe])
            if (u.asid == asid) u.flushed = issued;
        if (!gone) continue;
        refresh(r, pe);
        changed.push_back(id);
    }
}

void Roots::span_completed(PeId pe, FlushedSpan span, u64 now) {
    // Only a PE that has left some root needs the log.
    bool wanted = false;
    for (const RootId id : touched_[pe]) wanted |= !(roots_[id].reach & pe_bit(pe));
    if (!wanted) return;
    span.completed = now;
    auto& log = flushed_[pe];
    if (!log.empty()) {
        FlushedSpan& last = log[(next_span_[pe] + log.size() - 1) % log.size()];
        if (last.asid == span.asid && last.any_asid == span.any_asid && last.last_level_only == span.last_level_only &&
            last.granule == span.granule && last.ttl_level == span.ttl_level) {
            if (last.va == span.va && last.bytes == span.bytes) {
                last.issued = span.issued;
                last.completed = now;
                return;
            }
            if (last.va + last.bytes == span.va) {  // a loop over neighbours is one span, as old as its first
                last.bytes += span.bytes;
                last.completed = now;
                return;
            }
        }
    }
    if (log.size() < kLoggedSpans) {
        log.push_back(span);
        next_span_[pe] = 0;
        return;
    }
    log[next_span_[pe]] = span;
    next_span_[pe] = (next_span_[pe] + 1) % log.size();
}

bool Roots::lingers(RootId id, PeId pe) const {
    const Root& r = roots_[id];
    if ((r.reach & pe_bit(pe)) || !(r.residue & pe_bit(pe))) return false;
    const RootId now = current_[pe].reaching[r.key.half];
    if (now == kNone || roots_[now].key.granule != r.key.granule) return false;
    return std::any_of(r.uses[pe].begin(), r.uses[pe].end(),
                       [&](const AsidUse& u) { return u.asid == current_[pe].asid; });
}

void Roots::still_lingered(PeId pe, u64 now) {
    for (const RootId id : touched_[pe]) {
        Root& r = roots_[id];
        if (!(r.residue & pe_bit(pe)) || !lingers(id, pe)) continue;
        for (AsidUse& u : r.uses[pe])
            if (!u.reaching && u.asid == current_[pe].asid && !u.ending_all) {
                u.read = r.lingered[pe] = now;
                if (!u.ending) u.left = now;
            }
    }
}

void Roots::reads_on(RootId id, PeId pe, u64 now) {
    Root& r = roots_[id];
    for (AsidUse& u : r.uses[pe])
        if (!u.reaching && u.asid == current_[pe].asid && !u.ending_all) u.read = r.lingered[pe] = now;
}

void Roots::resumes(PeId pe, u64 change, u64 now) {
    for (const RootId id : touched_[pe]) {
        if (!lingers(id, pe)) continue;
        if (roots_[id].lingered[pe] != change) roots_[id].resumed[pe] = now;  // it did not until then: still_lingered()
        reads_on(id, pe, now);
    }
}

void Roots::flush_issued(PeId pe, std::optional<u16> asid) {
    for (const RootId id : touched_[pe])
        for (AsidUse& u : roots_[id].uses[pe]) {
            u.ending |= !u.reaching && (!asid || u.asid == *asid);
            u.ending_all |= !u.reaching && !asid;
        }
}

bool Roots::only_asid(RootId id, PeId pe, u16 asid, u64 made) const {
    bool only = true;
    for_each_asid(id, pe, made, [&](u16 a) { only &= a == asid; });
    return only;
}

PeMask Roots::flushed_near(PeMask pes, u64 va, u64 bytes) const {
    PeMask near = 0;
    for (; pes; pes &= pes - 1) {
        const auto pe = static_cast<PeId>(std::countr_zero(pes));
        const auto touches = [&](const FlushedSpan& s) { return va - s.va < s.bytes || s.va - va < bytes; };
        if (std::any_of(flushed_[pe].begin(), flushed_[pe].end(), touches)) near |= pe_bit(pe);
    }
    return near;
}

}  // namespace bbmsim::mmu
