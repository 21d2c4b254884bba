// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/pending.hpp"

#include <algorithm>
#include <bit>
#include <tuple>

namespace bbmsim::mmu {

PeMask PendingSet::unclean(const Pending& p) const {
    PeMask open = p.holders & ~p.cleaned;
    for (const LeavesBelow& leaves : p.below)
        for (const LeavesBelow::Group& g : leaves.groups)
            if (g.count) open |= g.pes & p.holders;
    // Whom the table's own entry has been taken from can't read leaves below again: any VMALL will do.
    if (!p.restored)
        for (PeMask m = open & p.cleaned; m; m &= m - 1) {
            const auto pe = static_cast<PeId>(std::countr_zero(m));
            if (ordering_.vmall_done(pe) > p.cleaned_at) open &= ~pe_bit(pe);
        }
    return vmall_left(p, open);
}

PeMask PendingSet::vmall_left(const Pending& p, PeMask pes) const {
    pes &= ~ordering_.vmall_cleaned(pes, p.writer, p.written);
    for (const LaterWrite& w : p.later) pes &= ~ordering_.vmall_cleaned(pes, w.writer, w.written);
    return pes;
}

PeMask PendingSet::may_reread(const Pending& p, PeMask pes, const Tlbi* op, const FlushedSpan* span) const {
    PeMask able = pes & roots_[p.root].reach;
    for (PeMask m = pes & ~able & roots_[p.root].residue; m; m &= m - 1) {
        const auto pe = static_cast<PeId>(std::countr_zero(m));
        if (op && op->kind == TlbiKind::kAsid && roots_.only_asid(p.root, pe, op->asid(), 0)) continue;
        if (roots_.lingers(p.root, pe) && tables_.still_leads(roots_, p.root, pe, p.va, p.level, span))
            able |= pe_bit(pe);
    }
    return able;
}

void PendingSet::written_again(u64 desc_pa, PeId writer, u64 written) {
    for (PendingId id = first_of(desc_pa); id != kNone; id = records_[id].next_same_desc) {
        Pending& p = records_[id];
        const auto same = [&](const LaterWrite& w) { return w.writer == writer && !w.above; };
        if (writer == p.writer || std::any_of(p.later.begin(), p.later.end(), same)) continue;  // the first is enough
        p.later.push_back({writer, false, written});
    }
}

void PendingSet::unlinked_above(RootId root, Granule g, unsigned level, u64 va, const Unlinked& by,
                                const RamView& ram) {
    if (empty()) return;
    for (unsigned below = level + 1; below < 4; ++below)
        for_each_at(g, below, va, level_span(g, level), [&](Pending& p) {
            if (p.root != root) return;
            if (p.later.size() < 2 * kMaxPes) p.later.push_back({by.writer, true, by.written});
            if (!p.restored || ram.read64(PhysAddr(p.desc_pa)) != p.before) return;
            p.cause_pa = by.pa, p.writer = by.writer, p.pc = by.pc, p.now_ps = by.now_ps;  // it had come back
        });
}

PeMask PendingSet::under_way(const Pending& p) const {
    PeMask pes = p.issued;
    for (PeId issuer = 0; issuer < kMaxPes; ++issuer)
        for (const TlbiScope scope : {TlbiScope::kLocal, TlbiScope::kInner, TlbiScope::kOuter}) {
            pes |= ordering_.vmall_under_way(issuer, scope, p.writer, p.written);
            for (const LaterWrite& w : p.later) pes |= ordering_.vmall_under_way(issuer, scope, w.writer, w.written);
        }
    return pes;
}

void PendingSet::written_above(u64 desc_pa, Granule g, unsigned level, u64 va, PeId writer, u64 written) {
    if (empty()) return;
    for (unsigned below = level + 1; below < 4; ++below)
        for_each_at(g, below, va, level_span(g, level), [&](Pending& p) {
            if (p.cause_pa == desc_pa && p.later.size() < 2 * kMaxPes) p.later.push_back({writer, true, written});
        });
}

void PendingSet::linked_above(RootId root, Granule g, unsigned level, u64 va, u64 table, PeMask back,
                              const RamView& ram) {
    if (empty()) return;
    for (unsigned below = level + 1; below < 4; ++below)
        for_each_at(g, below, va, level_span(g, level), [&](Pending& p) {
            if (p.root != root || (below == level + 1 && p.desc_pa - table >= u64{1} << granule_shift(g))) return;
            p.cleaned |= p.holders & ~vmall_left(p, p.holders);  // what they have done for it is done
            p.cleaned_at = ordering_.now();
            for (const LaterWrite& w :
                 p.later)  // and what is under way counts: later ones ask for this entry's own write
                if (w.above) vmall_issued_with(p, w);
            std::erase_if(p.later, [](const LaterWrite& w) { return w.above; });
            if (desc_same_entry(ram.read64(PhysAddr(p.desc_pa)), p.before, below, g)) restore(p.id, back, ram);
        });
}

void PendingSet::vmall_issued_with(Pending& p, const LaterWrite& w) {
    const PeMask open = unclean(p);
    for (PeId issuer = 0; issuer < kMaxPes; ++issuer)
        for (const TlbiScope scope : {TlbiScope::kLocal, TlbiScope::kInner, TlbiScope::kOuter}) {
            const PeMask pes = open & ordering_.vmall_under_way(issuer, scope, w.writer, w.written);
            if (pes) issued_all(p, issuer, scope, pes);
        }
}

void PendingSet::issued_all(Pending& p, PeId issuer, TlbiScope scope, PeMask pes) {
    auto& list = outstanding_[issuer][static_cast<unsigned>(scope)];
    list.push_back({p.id, p.generation, pes, 0, false, true, 0, 0, 0});
    p.issued |= pes;
    for (u32 b = 0; b < p.below.size(); ++b)
        list.push_back({p.id, p.generation, pes, 0, false, false, b, 0, static_cast<u32>(p.below[b].values.size())});
}

void PendingSet::came_back(RootId root, PeId pe) {
    for (PeId issuer = 0; issuer < kMaxPes; ++issuer)
        for (const TlbiScope scope : {TlbiScope::kLocal, TlbiScope::kInner, TlbiScope::kOuter})
            for (Issue& i : outstanding_[issuer][static_cast<unsigned>(scope)]) {
                Pending& p = records_[i.id];
                if (!p.alive || p.generation != i.generation || p.root != root || !(i.pes & pe_bit(pe))) continue;
                const auto ordered = [&](PeId by, u64 at) { return ordering_.ordered(by, at, issuer, scope); };
                if (any_write(p, false, ordered)) continue;
                i.pes &= ~pe_bit(pe);
                if (i.entry) p.early |= pe_bit(pe), p.issued &= ~pe_bit(pe);
            }
}

void PendingSet::issued_with(const Pending& p, u32 below, u32 index, PendingId leaf) {
    for (auto& by_scope : outstanding_)
        for (auto& list : by_scope)
            for (std::size_t n = 0, end = list.size(); n < end; ++n) {
                Issue i = list[n];
                if (i.id != p.id || i.generation != p.generation || i.entry || i.below != below || index < i.first ||
                    index - i.first >= i.count || !takes(i, records_[leaf].before))
                    continue;
                i = {leaf, records_[leaf].generation, i.pes, i.asid, false, true, 0, 0, 0};
                records_[leaf].issued |= i.pes;
                list.push_back(i);
            }
}

PendingId PendingSet::add(Pending&& record) {
    PendingId id;
    if (free_.empty()) {
        id = static_cast<PendingId>(records_.size());
        records_.emplace_back();
    } else {
        id = free_.back();
        free_.pop_back();
    }
    Pending& p = records_[id];
    const u32 generation = p.generation + 1;
    p = std::move(record);
    p.generation = generation;
    p.id = id;
    p.alive = true;
    auto [it, fresh] = by_desc_.try_emplace(p.desc_pa, id);
    p.next_same_desc = fresh ? kNone : it->second;
    it->second = id;
    ByVa& map = by_va_[static_cast<unsigned>(p.granule) * 4 + p.level];
    map.emplace_hint(map.end(), p.va, id);  // software mostly walks upwards
    Root& root = roots_[p.root];
    p.root_prev = kNone;
    p.root_next = root.first_pending;
    if (root.first_pending != kNone) records_[root.first_pending].root_prev = id;
    root.first_pending = id;
    if (p.child != kNone) tables_.add_stale(p.child, id);
    ++count_;
    return id;
}

PeMask PendingSet::left_before(const Pending& p, PeMask pes, u64 at) const {
    PeMask gone = 0;
    for (; pes; pes &= pes - 1) {
        const auto pe = static_cast<PeId>(std::countr_zero(pes));
        if (roots_.left_at(p.root, pe, p.level) < at) gone |= pe_bit(pe);
    }
    return gone;
}

void PendingSet::restart(PendingId id, const Pending& by, PeMask away, const RamView& ram) {
    Pending& p = records_[id];
    const PeMask still = unclean(p), walk = unclean_walk(p);
    struct UnderWay {
        PeId issuer;
        TlbiScope scope;
        PeMask pes;
    };
    std::vector<UnderWay> vmalls;  // who had left when the value was there again did not read it again
    for (PeId issuer = 0; (still & away) && issuer < kMaxPes; ++issuer)
        for (const TlbiScope scope : {TlbiScope::kLocal, TlbiScope::kInner, TlbiScope::kOuter}) {
            PeMask pes = ordering_.vmall_under_way(issuer, scope, p.writer, p.written);
            for (const LaterWrite& w : p.later) pes |= ordering_.vmall_under_way(issuer, scope, w.writer, w.written);
            pes = left_before(p, pes & still & away, p.back_at);
            if (pes) vmalls.push_back({issuer, scope, pes});
        }
    std::vector<std::tuple<PeId, TlbiScope, Issue>> carried;  // likewise TLBIs by address or ASID
    for (PeId issuer = 0; (still & away) && issuer < kMaxPes; ++issuer)
        for (const TlbiScope scope : {TlbiScope::kLocal, TlbiScope::kInner, TlbiScope::kOuter})
            for (Issue i : outstanding_[issuer][static_cast<unsigned>(scope)]) {
                if (i.id != id || i.generation != p.generation || !i.entry) continue;
                i.pes = left_before(p, i.pes & still & away, p.back_at);
                ++i.generation;
                if (i.pes) carried.emplace_back(issuer, scope, i);
            }
    const auto [writer, pc, now_ps, written, told] = std::tuple(p.writer, p.pc, p.now_ps, p.written, p.violated);
    ++p.generation;  // what was issued before does not count for the new replacement
    p.after = by.after;
    p.written = by.written;
    p.pc = by.pc;
    p.now_ps = by.now_ps;
    p.writer = by.writer;
    p.made = still ? std::min(p.made, by.made) : by.made;
    p.holders = by.holders | still;
    p.cleaned = ((by.cleaned | (still & ~by.holders)) & ~walk);  // others may hold leaves below, if anything
    p.cleaned_at = by.cleaned_at;
    p.issued = p.early = p.elsewhere = 0;
    p.permitted = by.permitted | (p.permitted & still);  // since it was there again
    p.violated = by.violated;
    p.reuse_told = 0;
    p.rewritten.clear();
    if (!p.deferred) p.met = by.met;
    p.deferred |= by.deferred;
    if (p.child == kNone && by.child != kNone) {
        p.child = by.child;
        tables_.add_stale(p.child, id);
    }
    p.broken = by.broken;
    p.cause_pa = by.cause_pa;
    p.finished = p.restored = false;
    std::vector<LeavesBelow> below = by.below;
    for (LeavesBelow& leaves : p.below) {  // older ones, which the value that came back did not bring back
        for (LeavesBelow::Group& g : leaves.groups) g.pes &= still;
        if (!leaves.earlier) leaves.told = told;
        if (std::none_of(leaves.groups.begin(), leaves.groups.end(),
                         [&](const auto& g) { return g.count && (g.pes & still); }))
            continue;
        if (!leaves.earlier && !all_present(leaves, ram)) {
            leaves.earlier = true;
            leaves.writer = writer, leaves.pc = pc, leaves.now_ps = now_ps, leaves.written = written;
        }
        below.push_back(std::move(leaves));
    }
    p.below = std::move(below);
    p.later.clear();
    p.alike.clear();
    p.asids_done.clear();
    for (const UnderWay& v : vmalls) issued_all(p, v.issuer, v.scope, v.pes);
    for (const auto& [issuer, scope, issue] : carried) {
        outstanding_[issuer][static_cast<unsigned>(scope)].push_back(issue);
        p.issued |= issue.pes;
    }
}

void PendingSet::drop(PendingId id) {
    Pending& p = records_[id];
    if (!p.alive) return;
    p.alive = false;
    const auto head = by_desc_.find(p.desc_pa);
    if (head->second == id) {
        if (p.next_same_desc == kNone)
            by_desc_.erase(head);
        else
            head->second = p.next_same_desc;
    } else {
        PendingId other = head->second;
        while (records_[other].next_same_desc != id) other = records_[other].next_same_desc;
        records_[other].next_same_desc = p.next_same_desc;
    }
    auto& map = by_va_[static_cast<unsigned>(p.granule) * 4 + p.level];
    for (auto it = map.lower_bound(p.va); it != map.end() && it->first == p.va; ++it)
        if (it->second == id) {
            map.erase(it);
            break;
        }
    if (p.root_prev != kNone)
        records_[p.root_prev].root_next = p.root_next;
    else
        roots_[p.root].first_pending = p.root_next;
    if (p.root_next != kNone) records_[p.root_next].root_prev = p.root_prev;
    std::vector<LeavesBelow>().swap(p.below);
    std::vector<LastAlike>().swap(p.alike);
    std::vector<u64>().swap(p.rewritten);
    std::vector<std::pair<PeId, u16>>().swap(p.asids_done);
    --count_;
    free_.push_back(id);
    if (p.child != kNone) tables_.remove_stale(p.child, id);
}

void PendingSet::drop_if_clean(PendingId id) {
    Pending& p = records_[id];
    if (!p.alive) return;
    if (!unclean(p)) {
        drop(id);
    } else if (p.child != kNone && !unclean_walk(p)) {  // leaves may be held, but nobody walks through the old table
        const TableId child = p.child;
        p.child = kNone;
        tables_.remove_stale(child, id);
    }
}

void PendingSet::sweep(bool force) {
    if (!force && count_ < 2 * swept_at_ + 1024) return;
    for (PendingId id = 0; id < records_.size(); ++id) drop_if_clean(id);
    swept_at_ = count_;
}

void PendingSet::issue(PeId issuer, const Tlbi& op, PeMask targets) {
    if (empty()) return;
    if (op.kind == TlbiKind::kAsid) {
        roots_.for_each([&](RootId, Root& root) {
            for (PendingId id = root.first_pending; id != kNone; id = records_[id].root_next)
                cover(records_[id], issuer, op, nullptr, targets);
        });
        return;
    }
    for (const Granule g : {Granule::k4K, Granule::k16K, Granule::k64K}) {
        const TlbiSpan s = tlbi_span(op, g);
        if (!s.required || !s.bytes) continue;
        const FlushedSpan span{s.va, s.bytes, 0, op.asid(), op.any_asid(), op.last_level_only(), g, s.ttl_level};
        for (unsigned level = 0; level < 4; ++level)
            for_each_at(g, level, s.va, s.bytes, [&](Pending& p) { cover(p, issuer, op, &span, targets); });
    }
}

// Page by page TLBIs of a block cover the same few records again and again before a DSB completes them all: once is
// enough.
void PendingSet::note_issue(std::vector<Issue>& list, const Issue& issue) {
    constexpr std::ptrdiff_t kRecent = 8;
    const auto recent = list.end() - std::min<std::ptrdiff_t>(kRecent, std::ssize(list));
    if (std::find(recent, list.end(), issue) == list.end()) list.push_back(issue);
}

void PendingSet::issued_before(PendingId id, PeId issuer, TlbiScope scope, const FlushedSpan& s, PeMask targets) {
    const TlbiKind kind = s.any_asid ? (s.last_level_only ? TlbiKind::kVaal : TlbiKind::kVaa)
                                     : (s.last_level_only ? TlbiKind::kVal : TlbiKind::kVa);
    cover(records_[id], issuer, {kind, scope, false, false, u64{s.asid} << 48}, &s, targets, true);
}

void PendingSet::issued_before(PendingId id, PeId issuer, TlbiScope scope, u16 asid, PeMask targets) {
    cover(records_[id], issuer, {TlbiKind::kAsid, scope, false, false, u64{asid} << 48}, nullptr, targets, true);
}

void PendingSet::cover(Pending& p, PeId issuer, const Tlbi& op, const FlushedSpan* span, PeMask targets, bool before) {
    const PeMask open = unclean(p), reached = open & targets;
    if (!open || p.many_places || (before && !reached)) return;
    const PeMask walking = may_reread(p, open, &op, span);
    PeMask through = 0;  // PEs that left, and go on from the entry of the table that went
    if (p.kind == DescKind::kTable)
        for (PeMask m = unclean_walk(p) & ~roots_[p.root].reach; m; m &= m - 1)
            if (roots_.lingers(p.root, static_cast<PeId>(std::countr_zero(m)))) through |= m & -m;
    const bool by_asid = !op.any_asid();
    const auto knows_asid = [&](PeMask pes, bool alone) {  // PEs of which the ASID covers something, or everything
        PeMask m = 0;
        for (PeMask rest = pes; rest; rest &= rest - 1) {
            const auto pe = static_cast<PeId>(std::countr_zero(rest));
            bool one = false;
            roots_.for_each_asid(p.root, pe, p.made, [&](u16 asid) { one |= asid == op.asid(); });
            if (alone ? roots_.only_asid(p.root, pe, op.asid(), p.made) : one) m |= pe_bit(pe);
        }
        return m;
    };
    // A write above counts for what covers the table descriptor too, ASID and all.
    const bool with_table = !op.last_level_only() && (!by_asid || !(reached & ~knows_asid(reached, true)));
    const bool in_order = any_write(
        p, with_table, [&](PeId writer, u64 written) { return ordering_.ordered(writer, written, issuer, op.scope); });
    const PeMask ordered = in_order ? ~PeMask{0} : ~walking;
    auto record = [&](Issue issue, PeMask elsewhere) {
        p.elsewhere |= op.broadcast() || before ? 0 : elsewhere & ~targets;
        // An ASID that is not in force can't be read again.
        PeMask able = issue.one_asid ? ordered | roots_.with_other_asid(issue.pes, op.asid()) : ordered;
        if (!issue.entry) {  // nor what the table that went led to, once that is gone
            const LeavesBelow& leaves = p.below[issue.below];
            able |= p.cleaned;
            if (leaves.earlier && ordering_.ordered(leaves.writer, leaves.written, issuer, op.scope)) able = ~PeMask{0};
        }
        if (issue.entry && !before) p.early |= issue.pes & ~able;
        issue.pes &= able;
        if (!issue.pes) return;
        if (issue.entry) p.issued |= issue.pes;
        note_issue(outstanding_[issuer][static_cast<unsigned>(op.scope)], issue);
    };

    const bool global = p.kind == DescKind::kLeaf && desc_global(p.before);
    const bool right_form = !span || span_removes(*span, p.kind, p.va, p.level, p.granule);
    if (right_form && !(global && !span)) {
        const bool one_asid = by_asid && !global;
        const PeMask pes = one_asid ? knows_asid(reached, false) : reached;
        if (pes || (!reached && (!one_asid || knows_asid(open, true))))
            record({p.id, p.generation, pes & ~p.cleaned, op.asid(), one_asid, true, 0, 0, 0},
                   one_asid ? knows_asid(open, true) : open);
    }
    for (u32 b = 0; b < p.below.size(); ++b) {
        const LeavesBelow& leaves = p.below[b];
        u32 first = 0, count = u32{1} << index_bits(p.granule);
        if (span) {
            if (span->ttl_level >= 0 && span->ttl_level != leaves.level) continue;
            const unsigned shift = level_shift(p.granule, leaves.level);
            const u64 table_bytes = u64{count} << shift;
            const u64 lo = span->va - leaves.va < table_bytes ? span->va - leaves.va : 0;
            if (lo == 0 && span->va != leaves.va && leaves.va - span->va >= span->bytes) continue;
            const u64 end = span->va + span->bytes - leaves.va;
            const u64 hi = end && end <= table_bytes ? end : table_bytes;
            first = static_cast<u32>(lo >> shift);
            count = static_cast<u32>((hi - 1) >> shift) - first + 1;
        }
        // Through the table's own entry, if that stays, they come back.
        const PeMask led_to =
            p.cleaned | ~(walking | through) | (right_form ? (by_asid ? knows_asid(reached, false) : reached) : 0);
        const PeMask able = leaves.earlier ? ~PeMask{0} : led_to;  // memory has something else there
        const PeMask named = (by_asid ? knows_asid(reached, true) : reached) & able;
        using Leaves = Issue::Leaves;
        if (!leaves.any_global) {
            record({p.id, p.generation, named, op.asid(), false, false, b, first, count}, open);
        } else {
            record({p.id, p.generation, named, op.asid(), false, false, b, first, count, Leaves::kNonGlobal}, open);
            if (span)
                record({p.id, p.generation, reached & able, op.asid(), false, false, b, first, count, Leaves::kGlobal},
                       open);
        }
    }
}

void PendingSet::apply(const Issue& issue) {
    Pending& p = records_[issue.id];
    if (!p.alive || p.generation != issue.generation) return;
    if (issue.entry) {
        for (PeMask m = issue.pes; m; m &= m - 1) {
            const auto pe = static_cast<PeId>(std::countr_zero(m));
            if (issue.one_asid && !roots_.only_asid(p.root, pe, issue.asid, p.made)) {
                p.asids_done.emplace_back(pe, issue.asid);
                bool all = true;
                roots_.for_each_asid(p.root, pe, p.made, [&](u16 asid) {
                    all &=
                        std::find(p.asids_done.begin(), p.asids_done.end(), std::pair{pe, asid}) != p.asids_done.end();
                });
                if (!all) {
                    p.issued &= ~pe_bit(pe);  // complete for this ASID, and another is still missing
                    continue;
                }
            }
            p.cleaned |= pe_bit(pe);
            p.cleaned_at = ordering_.now();
        }
        return;
    }
    if (issue.below < p.below.size())
        p.below[issue.below].clear(issue.pes, issue.first, issue.count,
                                   [&](u32 i) { return takes(issue, p.below[issue.below].values[i]); });
}

bool PendingSet::all_present(const LeavesBelow& leaves, const RamView& ram, PeMask of) {
    for (const LeavesBelow::Group& g : leaves.groups) {
        if (!g.count || !(g.pes & of)) continue;
        for (u64 i = 0; i < leaves.values.size(); ++i)
            if (((g.left[i / 64] >> (i % 64)) & 1) && ram.read64(PhysAddr(leaves.pa + 8 * i)) != leaves.values[i])
                return false;
    }
    return true;
}

void PendingSet::restore(PendingId id, PeMask back, const RamView& ram) {
    Pending& p = records_[id];
    if (!p.restored) p.violated = 0;  // if it goes again, that is another write's doing
    p.restored = true;
    p.back_at = ordering_.now();
    for (LeavesBelow& leaves : p.below)
        leaves.clear(back, 0, static_cast<u32>(leaves.values.size()),
                     [&](u32 i) { return ram.read64(PhysAddr(leaves.pa + 8 * u64{i})) == leaves.values[i]; });
    p.cleaned |= back & p.holders;
    PeMask others = 0;  // leaves that did not come back owe their TLBI still
    for (PeMask m = p.permitted; m; m &= m - 1) {
        const PeMask pe = m & -m;
        for (const LeavesBelow& leaves : p.below)
            if (!all_present(leaves, ram, pe)) others |= pe;
    }
    p.permitted &= others;
    p.reused = 0;
    p.deferred &= ~back;
}

void PendingSet::forget(RootId root, PeId pe, bool globals) {
    for (PendingId id = roots_[root].first_pending; id != kNone; id = records_[id].root_next) {
        Pending& p = records_[id];
        if (!(p.holders & pe_bit(pe))) continue;
        if (globals || p.kind != DescKind::kLeaf || !desc_global(p.before)) {
            p.cleaned |= pe_bit(pe);
            if (!globals) p.cleaned_at = ordering_.now();  // global leaves below may be held still
        }
        for (LeavesBelow& leaves : p.below)
            leaves.clear(pe_bit(pe), 0, static_cast<u32>(leaves.values.size()),
                         [&](u32 i) { return globals || !desc_global(leaves.values[i]); });
    }
}

void PendingSet::complete(PeId issuer, TlbiScope scope, std::vector<PendingId>& touched) {
    auto& list = outstanding_[issuer][static_cast<unsigned>(scope)];
    for (const Issue& issue : list) {
        apply(issue);
        touched.push_back(issue.id);
    }
    list.clear();
}

}  // namespace bbmsim::mmu
