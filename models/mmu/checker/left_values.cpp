// SPDX-License-Identifier: Apache-2.0
// Old values that outlive what led to them: leaves of tables that went, and values that come back.
#include "models/mmu/checker/impl.hpp"

#include <algorithm>

namespace bbmsim::mmu {

// A leaf where a table went that had one there, which no TLBI has covered.
void BbmChecker::Impl::judge_left(const Site& s, Pending& p, PeMask visible) {
    const PeMask open = pending.unclean(p) & visible & ~p.violated & awake_mask();
    if (!open || desc_kind(s.after, s.level, s.granule) != DescKind::kLeaf) return;
    ByRule broken{};
    std::string why;
    for_each_pe(open, [&](PeId pe) {
        for (LeavesBelow& leaves : p.below) {
            const u64 i = (s.va - leaves.va) >> level_shift(s.granule, s.level);
            if (leaves.level != s.level || s.va < leaves.va || i >= leaves.values.size()) continue;
            bool told = false;
            for (const LeavesBelow::Group& g : leaves.groups) {
                if (!(g.pes & pe_bit(pe)) || !((g.left[i / 64] >> (i % 64)) & 1)) continue;
                auto rule = comparer.difference(leaves.values[i], s.after, s.level, s.granule, pes[pe].view);
                if (!rule) {
                    PeView view = pes[pe].view;
                    view.bbml = 0;
                    if (comparer.difference(leaves.values[i], s.after, s.level, s.granule, view))
                        p.permitted |= pe_bit(pe);
                    continue;
                }
                if ((p.broken & pe_bit(pe)) && !(p.restored && leaves.values[i] == s.before))
                    rule = sequence_rule(p, s.writer, pe, why);
                broken[static_cast<unsigned>(*rule)] |= pe_bit(pe);
                told = true;
            }
            if (told && p.restored)  // its table is there again: the others are judged where they change
                leaves.clear(pe_bit(pe), static_cast<u32>(i), 1, [](u32) { return true; });
            else if (told)
                p.violated |= pe_bit(pe);
        }
    });
    Site site = s;
    site.before = p.before;
    violate_all(std::move(site), broken, why);
}

// What this value of level `from` makes of a place below it, as a value of that level.
u64 BbmChecker::Impl::value_below(u64 value, unsigned from, Granule g, unsigned to_level, u64 va) const {
    for (unsigned level = from; level < to_level; ++level) {
        const u64 index = (va >> level_shift(g, level + 1)) & ((u64{1} << index_bits(g)) - 1);
        const DescKind kind = desc_kind(value, level, g);
        if (kind == DescKind::kLeaf) {
            value = desc_split(value, level, g, index);
        } else if (kind == DescKind::kTable) {
            const u64 pa = desc_next_table(value, g) + 8 * index;
            if (!domain.ram.contains(PhysAddr(pa), 8)) return 0;
            value = domain.ram.read64(PhysAddr(pa));
        } else {
            return 0;
        }
    }
    return value;
}

u64 BbmChecker::Impl::present_value(RootId root, u64 va, unsigned level) const {
    const RootKey& key = roots[root].key;
    const u64 first = key.pa + 8 * ((va >> level_shift(key.granule, key.start_level)) & (key.entries() - 1));
    return value_below(domain.ram.read64(PhysAddr(first)), key.start_level, key.granule, level, va);
}

// Leaves of a table that went, which no TLBI has covered: its page may say something else by now.
std::optional<Rule> BbmChecker::Impl::left_below(const Site& s, const Pending& p, PeId pe, bool strict, bool* there,
                                                 const LeavesBelow* only) {
    PeView view = pes[pe].view;
    if (strict) view.bbml = 0;
    const bool block = desc_kind(s.after, s.level, s.granule) == DescKind::kLeaf;
    const bool mixes = block && !desc_sizes_may_mix(s.after, s.level, view.bbml);
    const bool linked = there && desc_same_entry(s.before, p.before, p.level, p.granule);
    for (const LeavesBelow& leaves : p.below) {
        if (only && only != &leaves) continue;
        for (const LeavesBelow::Group& g : leaves.groups) {
            if (!g.count || !(g.pes & pe_bit(pe))) continue;
            if (mixes && !linked) return Rule::kSize;
            for (u64 i = 0; i < leaves.values.size(); ++i) {
                if (!((g.left[i / 64] >> (i % 64)) & 1)) continue;
                if (linked) *there = domain.ram.read64(PhysAddr(leaves.pa + 8 * i)) == leaves.values[i];
                if (mixes || (block && !desc_sizes_may_mix(s.after, s.level, leaves.values[i], view.bbml)))
                    return Rule::kSize;
                const u64 va = leaves.va + (i << level_shift(p.granule, leaves.level));
                const auto rule =
                    comparer.difference(leaves.values[i], value_below(s.after, s.level, s.granule, leaves.level, va),
                                        leaves.level, p.granule, view);
                if (rule) return rule;
            }
        }
    }
    return std::nullopt;
}

// A leaf in the page of a table that went is about to change. Who may still walk there could read it until that write
// is ordered: from now on it is an old value of its own.
void BbmChecker::Impl::take_leaf(Pending& parent, const Site& s, u64 written, PeMask violated, PeMask of) {
    const PeMask walkers = pending.unclean_walk(parent) & of;
    PeMask holding = 0;
    std::pair<u32, u32> taken{};
    for (LeavesBelow& leaves : parent.below) {
        const u64 i = (s.va - leaves.va) >> level_shift(s.granule, s.level);
        if (leaves.level != s.level || s.va < leaves.va || i >= leaves.values.size()) continue;
        if (leaves.values[i] != s.before) continue;
        const auto b = static_cast<u32>(&leaves - parent.below.data());
        for (const LeavesBelow::Group& g : leaves.groups)
            if ((g.left[i / 64] >> (i % 64)) & 1) holding |= g.pes & walkers;
        taken = {b, static_cast<u32>(i)};
        leaves.clear(holding, static_cast<u32>(i), 1, [](u32) { return true; });
    }
    if (!holding) return;
    Pending p;
    p.desc_pa = s.desc_pa;
    p.va = s.va;
    p.before = s.before;
    p.after = s.after;
    p.written = written;
    p.made = parent.made;
    p.cause_pa = parent.cause_pa ? parent.cause_pa : parent.desc_pa;
    p.pc = parent.pc;
    p.now_ps = parent.now_ps;
    p.holders = holding;
    p.violated = (parent.violated | violated) & holding;
    p.permitted = parent.permitted & holding;
    p.deferred = parent.deferred & holding;
    p.met = parent.met;
    p.root = s.root;
    p.writer = s.writer;
    p.level = s.level;
    p.granule = s.granule;
    p.broken = parent.broken;
    p.later = parent.later;
    p.later.push_back({parent.writer, true, parent.written});
    for (LaterWrite& w : p.later) w.above = true;
    const PendingId leaf = pending.add(std::move(p));
    pending.issued_with(parent, taken.first, taken.second, leaf);
}

// Leaves of a table that went, and is there again, of PEs that were away meanwhile: theirs goes with the present one.
PeMask BbmChecker::Impl::take_again(const Site& s, u64& made) {
    PeMask holding = 0;
    for (unsigned level = 0; level < s.level; ++level)
        pending.for_each_at(s.granule, level, s.va, 1, [&](Pending& p) {
            if (p.root != s.root || p.kind != DescKind::kTable || !p.restored) return;
            const PeMask open = pending.unclean(p);
            for (LeavesBelow& leaves : p.below) {
                const u64 i = (s.desc_pa - leaves.pa) / 8;
                if (s.desc_pa < leaves.pa || i >= leaves.values.size() || leaves.values[i] != s.before) continue;
                PeMask here = 0;
                for (const LeavesBelow::Group& g : leaves.groups)
                    if ((g.left[i / 64] >> (i % 64)) & 1) here |= g.pes & open;
                leaves.clear(here, static_cast<u32>(i), 1, [](u32) { return true; });
                if (here) made = std::min(made, p.made);
                holding |= here;
            }
        });
    return holding;
}

// Old values that are no difference to a TLB from the one that goes now.
void BbmChecker::Impl::note_alike(const Site& s, PeMask held) {
    for (PendingId id = pending.first_of(s.desc_pa); id != kNone; id = pending[id].next_same_desc) {
        Pending& p = pending[id];
        if (p.root != s.root || p.va != s.va || p.level != s.level || p.granule != s.granule) continue;
        const u64 last = p.alike.empty() ? p.after : p.alike.front().after;
        if (p.kind != DescKind::kLeaf || last != s.before || p.before == s.before || !p.holders) continue;
        if (!may_cache(s.before, DescKind::kLeaf, s.level, s.granule, p.holders)) continue;
        memo.clear();
        if (difference(p.before, s.before, s.level, s.granule, static_cast<PeId>(std::countr_zero(p.holders)), true))
            continue;
        const PeMask told = held | (p.alike.empty() ? 0 : p.alike.front().told_already);
        p.alike.assign(1, {s.writer, s.pc, s.now_ps, s.after, ordering.now(), told});
        p.early &= told, p.elsewhere &= told;
    }
}

// TLBIs by address under way when the old value went: a PE that had left by then does not read it again.
void BbmChecker::Impl::issued_before(PendingId id, PeMask left) {
    if (!left) return;
    const Pending& p = pending[id];
    const auto since_it_left = [&](PeMask mask, u64 issued, const FlushedSpan* span) {
        PeMask targets = 0;
        for_each_pe(mask & left, [&](PeId pe) {
            if (issued <= roots[p.root].left[pe]) return;
            if (!span || !tables.reads_on_after(roots, p.root, pe, p.va, p.level, *span)) targets |= pe_bit(pe);
        });
        return targets;
    };
    for (std::size_t i = 0; i < pes.size(); ++i)
        for (const TlbiScope scope : {TlbiScope::kLocal, TlbiScope::kInner, TlbiScope::kOuter}) {
            const auto issuer = static_cast<PeId>(i);
            const Outstanding& open = outstanding[issuer][static_cast<unsigned>(scope)];
            for (const SpanIssue& s : open.spans)
                if (s.span.granule == p.granule)
                    pending.issued_before(id, issuer, scope, s.span, since_it_left(s.targets, s.span.issued, &s.span));
            for (const AsidIssue& a : open.asids)
                pending.issued_before(id, issuer, scope, a.asid, since_it_left(a.targets, a.issued, nullptr));
        }
}

// The value being written may be one that was there before.
void BbmChecker::Impl::restore(const Site& s, PeMask walkers) {
    for (PendingId id = pending.first_of(s.desc_pa); id != kNone; id = pending[id].next_same_desc) {
        Pending& p = pending[id];
        if (p.root != s.root || p.va != s.va || p.level != s.level || p.granule != s.granule) continue;
        if (desc_same_entry(p.before, s.after, s.level, s.granule))
            pending.restore(id, walkers, domain.ram);
        else if (p.kind == DescKind::kLeaf && !((p.before ^ s.after) & ~kDescNoDifference))
            p.violated = 0;  // to a TLB it is the same: if it goes again, that is another write's doing
    }
    if (desc_kind(s.after, s.level, s.granule) == DescKind::kTable)
        pending.linked_above(s.root, s.granule, s.level, s.va, desc_next_table(s.after, s.granule), walkers,
                             domain.ram);
}

// PEs that held the value before it came back, and have not been flushed of it since.
PeMask BbmChecker::Impl::held_again(const Site& s) const {
    PeMask pes_holding = 0;
    for (PendingId id = pending.first_of(s.desc_pa); id != kNone; id = pending[id].next_same_desc) {
        const Pending& p = pending[id];
        if (p.restored && p.root == s.root && p.va == s.va && p.level == s.level && p.granule == s.granule &&
            desc_same_entry(p.before, s.before, s.level, s.granule))
            pes_holding |= pending.unclean(p);
    }
    return pes_holding;
}

PeMask BbmChecker::Impl::take_below(Pending& p, const Site& s, TableId table, PeMask held, PeMask left) {
    const u32 index = static_cast<u32>((s.desc_pa - tables[table].pa) / 8);
    p.child = tables.child(table, index);
    if (p.child == kNone) return 0;
    bool complete = true;
    p.below = leaves_below(p.child, s.va, held & ~left, {left, s.root, p.made}, complete);
    p.many_places |= !complete;
    PeMask holding = 0;
    for (const LeavesBelow& leaves : p.below)
        for (const LeavesBelow::Group& g : leaves.groups) holding |= g.pes;
    return holding & ~held;
}

// PEs that hold leaves below a table descriptor, and the descriptor no longer.
void BbmChecker::Impl::judge_apart(const Site& s, PeMask apart, PeMask visible, Pending& p) {
    ByRule broken{};
    p.level = s.level;
    p.granule = s.granule;
    p.before = s.before;
    for_each_pe(apart & visible, [&](PeId pe) {
        const auto rule = left_below(s, p, pe, false);
        if (!rule) {
            if (left_below(s, p, pe, true)) p.permitted |= pe_bit(pe);
        } else if (pes[pe].dormant) {
            p.defer(pe, {s.desc_pa, s.pc, s.writer});
        } else {
            broken[static_cast<unsigned>(*rule)] |= pe_bit(pe);
            p.violated |= pe_bit(pe);
        }
    });
    violate_all(Site(s), broken, {});
}

std::vector<LeavesBelow> BbmChecker::Impl::leaves_below(TableId table, u64 va, PeMask held, const Leavers& left,
                                                        bool& complete) {
    constexpr std::size_t kMaxTables = 1024;
    std::vector<LeavesBelow> all;
    struct Below {
        TableId table;
        u64 va, made;
    };
    std::vector<Below> open{{table, va, left.made}};
    while (!open.empty()) {
        const TableId id = open.back().table;
        const u64 base = open.back().va, above = open.back().made;
        open.pop_back();
        const Table& t = tables[id];
        LeavesBelow here;
        here.va = base, here.pa = t.pa, here.level = t.level;
        here.values.resize(t.entries);
        const auto group_of = [&](PeMask pes) -> LeavesBelow::Group& {
            for (LeavesBelow::Group& g : here.groups)
                if (g.pes == pes) return g;
            return here.groups.emplace_back(LeavesBelow::Group{pes, std::vector<u64>(t.entries / 64 + 1), 0});
        };
        const PeMask flushed =
            left.pes ? roots.flushed_near(left.pes, base, t.entries * level_span(t.granule, t.level)) : 0;
        for (u32 i = 0; i < t.entries; ++i) {
            const u64 value = domain.ram.read64(PhysAddr(t.pa + 8 * u64{i}));
            if (!(value & 1) || desc_kind(value, t.level, t.granule) != DescKind::kLeaf) continue;
            PeMask holding = held;
            for_each_pe(left.pes, [&](PeId pe) {
                const Root& r = roots[left.root];
                const u64 made = std::max(above, tables.written(id, i));
                const u64 at = base + i * level_span(t.granule, t.level);
                if (!((r.residue | (desc_global(value) ? r.global : 0)) & pe_bit(pe)) ||
                    !tables.read_by(roots, left.root, pe, at, t.level, made))
                    return;
                if (!(flushed & pe_bit(pe)) ||
                    !tables.flushed(roots, left.root, pe, value, DescKind::kLeaf, at, t.level, made))
                    holding |= pe_bit(pe);
            });
            const PeMask able = may_cache(value, DescKind::kLeaf, t.level, t.granule, holding);
            if (!able) continue;
            LeavesBelow::Group& group = group_of(able);
            group.left[i / 64] |= u64{1} << (i % 64);
            here.values[i] = value;
            ++group.count;
            here.any_global |= desc_global(value);
        }
        if (!here.groups.empty()) all.push_back(std::move(here));
        for (const Table::Child& c : t.children)
            open.push_back({c.table, base + c.index * level_span(t.granule, t.level),
                            std::max(above, tables.written(id, c.index))});
        if (all.size() + open.size() > kMaxTables) {
            complete = false;
            break;
        }
    }
    return all;
}

}  // namespace bbmsim::mmu
