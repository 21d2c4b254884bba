// SPDX-License-Identifier: Apache-2.0
// Entries of a root that a PE left, beside those of the root that it walks now: global ones always, others under the
// same ASID. Tables that come under a base register are judged there; here, what is written into them later.
#include "models/mmu/checker/impl.hpp"

#include <algorithm>

namespace bbmsim::mmu {

bool BbmChecker::Impl::globals_below(u64 value, unsigned level, Granule g, unsigned& budget) const {
    const u64 pa = desc_next_table(value, g), bytes = u64{1} << granule_shift(g);
    if (!budget || !domain.ram.contains(PhysAddr(pa), bytes)) return !budget;
    --budget;
    for (u64 at = pa; at < pa + bytes; at += 8) {
        const u64 entry = domain.ram.read64(PhysAddr(at));
        if (!(entry & 1)) continue;
        const DescKind kind = desc_kind(entry, level + 1, g);
        if (kind == DescKind::kLeaf && desc_global(entry)) return true;
        if (kind == DescKind::kTable && globals_below(entry, level + 1, g, budget)) return true;
    }
    return false;
}

// Looked at once; from then on note_globals() knows.
bool BbmChecker::Impl::may_have_globals(RootId id) {
    Root& r = roots[id];
    if (r.globals == Root::Globals::kUnknown) {
        unsigned budget = 4096;
        bool some = false;
        for (PendingId p = r.first_pending; p != kNone && !some; p = pending[p].root_next) {
            some = pending[p].kind == DescKind::kLeaf && desc_global(pending[p].before);
            for (const LeavesBelow& leaves : pending[p].below) some |= leaves.any_global;
        }
        for (u32 i = 0; i < r.key.entries() && !some; ++i) {
            const u64 value = domain.ram.read64(PhysAddr(r.key.pa + 8 * u64{i}));
            const DescKind kind = desc_kind(value, r.key.start_level, r.key.granule);
            some = (kind == DescKind::kLeaf && desc_global(value)) ||
                   (kind == DescKind::kTable && globals_below(value, r.key.start_level, r.key.granule, budget));
        }
        r.globals = some ? Root::Globals::kSome : Root::Globals::kNone;
    }
    return r.globals == Root::Globals::kSome;
}

void BbmChecker::Impl::note_globals(Root& root, const Site& s) {
    if (root.globals != Root::Globals::kNone) return;
    unsigned budget = 4096;
    const DescKind kind = desc_kind(s.after, s.level, s.granule);
    if ((kind == DescKind::kLeaf && desc_global(s.after)) ||
        (kind == DescKind::kTable && globals_below(s.after, s.level, s.granule, budget)))
        root.globals = Root::Globals::kSome;
}

// After every change of what the PE walks.
void BbmChecker::Impl::find_strangers(PeId pe) {
    Pe& self = pes[pe];
    for (auto& list : self.strangers) list.clear();
    roots.for_each_touched(pe, [&](RootId id) {
        const Root& r = roots[id];
        const RootId now = self.reaching[r.key.half];
        if (now == kNone || now == id || (r.reach & pe_bit(pe)) || roots[now].key.granule != r.key.granule) return;
        if (roots.lingers(id, pe) || ((r.global & pe_bit(pe)) && may_have_globals(id)))
            self.strangers[r.key.half].push_back(id);
    });
    const bool some = !self.strangers[0].empty() || !self.strangers[1].empty();
    estranged = some ? estranged | pe_bit(pe) : estranged & ~pe_bit(pe);
}

// What comes into being in the tables that these PEs walk, against what they may hold of others.
void BbmChecker::Impl::judge_strangers(const Site& s, PeMask walkers) {
    const unsigned half = roots[s.root].key.half;
    ByRule broken{};
    u64 old = 0;
    for_each_pe(walkers, [&](PeId pe) {
        for (const RootId id : pes[pe].strangers[half]) {
            const Root& r = roots[id];
            if (!r.alive || id == s.root || r.key.half != half || (r.reach & pe_bit(pe))) continue;
            const bool same_asid = roots.lingers(id, pe);
            if (!same_asid && !(r.global & pe_bit(pe))) continue;
            const Met met = meet(id, s, pe, !same_asid);
            if (!met.rule) continue;
            broken[static_cast<unsigned>(*met.rule)] |= pe_bit(pe);
            old = met.value;
            break;
        }
    });
    Site site = s;
    site.before = old;
    site.detail = "and the PE may hold the entry of tables that it walked before";
    for (unsigned r = 0; r < broken.size(); ++r)
        if (broken[r]) violate(static_cast<Rule>(r), site, broken[r]);
}

// The leaves and table descriptors of the former root that the PE may hold, where both trees have something.
class BbmChecker::Impl::Meeting {
public:
    Meeting(Impl& checker, RootId former, const Site& site, PeId pe, bool globals_only)
        : c_(checker),
          id_(former),
          site_(site),
          pe_(pe),
          globals_only_(globals_only),
          g_(site.granule),
          view_(checker.pes[pe].view) {}

    Met run() {
        const Root& r = c_.roots[id_];
        const u64 first = site_.va - r.key.first_va(),
                  table_bytes = r.key.entries() * level_span(g_, r.key.start_level);
        if (site_.level >= r.key.start_level && first < table_bytes) table(r.table, r.key.start_level, 0);
        for (unsigned level = 0; level < 4 && !met_.rule; ++level)
            c_.pending.for_each_at(g_, level, site_.va, level_span(g_, site_.level), [&](Pending& p) {
                if (p.root == id_ && !met_.rule && (c_.pending.unclean(p) & pe_bit(pe_))) old(p);
            });
        return met_;
    }

private:
    // What the new tree has at a place of this level: a value of it, or a leaf above.
    struct New {
        u64 value;
        unsigned level;
    };
    [[nodiscard]] New seen(u64 va, unsigned to) const {
        New n{site_.after, site_.level};
        while (n.level < to && desc_kind(n.value, n.level, g_) == DescKind::kTable) {
            ++n.level;
            const u64 pa = desc_next_table(n.value, g_) + 8 * index(va, n.level);
            n.value = c_.domain.ram.contains(PhysAddr(pa), 8) ? c_.domain.ram.read64(PhysAddr(pa)) : 0;
        }
        return n;
    }
    [[nodiscard]] u64 index(u64 va, unsigned level) const {
        return (va >> level_shift(g_, level)) & ((u64{1} << index_bits(g_)) - 1);
    }
    [[nodiscard]] bool sizes_mix(u64 larger, unsigned level) const {
        return !desc_sizes_may_mix(larger, level, view_.bbml);
    }
    std::optional<Rule> against(u64 value, DescKind kind, unsigned level, u64 va) {
        if (kind == DescKind::kInvalid || (globals_only_ && !(kind == DescKind::kLeaf && desc_global(value))))
            return {};
        PeView relaxed = view_;
        relaxed.bbml = std::max(relaxed.bbml, 2u);
        if (level < site_.level) {
            if (kind == DescKind::kTable) return {};
            const bool leaves = desc_kind(site_.after, site_.level, g_) == DescKind::kLeaf;
            if (leaves ? !desc_sizes_may_mix(value, level, site_.after, view_.bbml) : sizes_mix(value, level))
                return Rule::kSize;
            for (unsigned l = level; l < site_.level; ++l) value = desc_split(value, l, g_, index(site_.va, l + 1));
            return c_.comparer.difference(value, site_.after, site_.level, g_, relaxed);
        }
        const New n = seen(va, level);
        const DescKind now = desc_kind(n.value, n.level, g_);
        if (now == DescKind::kInvalid || !c_.may_cache(n.value, now, n.level, g_, pe_bit(pe_))) return {};
        if (kind == DescKind::kTable)
            return now == DescKind::kLeaf && sizes_mix(n.value, n.level) ? std::optional(Rule::kSize) : std::nullopt;
        if (n.level == level) return c_.comparer.difference(value, n.value, level, g_, view_);
        if (!desc_sizes_may_mix(n.value, n.level, value, view_.bbml)) return Rule::kSize;
        return c_.comparer.difference(value, c_.value_below(n.value, n.level, g_, level, va), level, g_, relaxed);
    }
    void table(TableId t, unsigned level, u64 above) {
        if (t == kNone || met_.rule || !budget_) return;
        const u64 step = level_span(g_, level), entries = c_.tables[t].entries;
        const u64 base = site_.va & ~(entries * step - 1);
        if (level > site_.level) return below(t, level, site_.va, above);
        entry(t, level, (site_.va - base) / step, site_.va & ~(step - 1), above);
    }
    void below(TableId t, unsigned level, u64 base, u64 above) {
        for (u64 i = 0; i < c_.tables[t].entries && !met_.rule && budget_; ++i, --budget_) {
            const u64 va = base + i * level_span(g_, level);
            if (seen(va, level).value & 1) entry(t, level, i, va, above);
        }
    }
    void entry(TableId t, unsigned level, u64 i, u64 va, u64 above) {
        const u64 value = c_.domain.ram.read64(PhysAddr(c_.tables[t].pa + 8 * i));
        const DescKind kind = desc_kind(value, level, g_);
        if (kind == DescKind::kInvalid) return;
        const u64 made = std::max(above, c_.tables.written(t, static_cast<u32>(i)));
        if (holds(value, kind, level, va, made)) met_ = {against(value, kind, level, va), value};
        if (kind != DescKind::kTable || met_.rule) return;
        const TableId child = c_.tables.child(t, static_cast<u32>(i));
        if (child == kNone) return;
        if (level < site_.level)
            table(child, level + 1, made);
        else
            below(child, level + 1, va, made);
    }
    [[nodiscard]] bool holds(u64 value, DescKind kind, unsigned level, u64 va, u64 made) const {
        const Roots& roots = c_.roots;
        if (globals_only_ && !(kind == DescKind::kLeaf && desc_global(value))) return false;
        if (!c_.may_cache(value, kind, level, g_, pe_bit(pe_))) return false;
        if (c_.tables.read_by(roots, id_, pe_, va, level, made) &&
            !c_.tables.flushed(roots, id_, pe_, value, kind, va, level, made))
            return true;
        return roots.lingers(id_, pe_) && c_.tables.still_leads(roots, id_, pe_, va, level, nullptr);
    }
    // A value that its tables no longer have.
    void old(Pending& p) {
        const bool itself = p.kind == DescKind::kLeaf || (c_.pending.unclean_walk(p) & pe_bit(pe_));
        if (itself) found(p, against(p.before, p.kind, p.level, p.va), p.before);
        for (const LeavesBelow& leaves : p.below)
            for (const LeavesBelow::Group& group : leaves.groups) {
                if (!group.count || !(group.pes & pe_bit(pe_))) continue;
                for (u64 i = 0; i < leaves.values.size() && !met_.rule; ++i) {
                    const u64 va = leaves.va + (i << level_shift(g_, leaves.level));
                    if (!((group.left[i / 64] >> (i % 64)) & 1)) continue;
                    if (va - site_.va >= level_span(g_, site_.level) && site_.va - va >= level_span(g_, leaves.level))
                        continue;
                    found(p, against(leaves.values[i], DescKind::kLeaf, leaves.level, va), leaves.values[i]);
                }
            }
    }
    void found(const Pending& p, std::optional<Rule> rule, u64 value) {
        if (!rule) return;
        std::string why;
        if ((p.broken & pe_bit(pe_)) && !p.restored) rule = c_.sequence_rule(p, site_.writer, pe_, why);
        met_ = {rule, value};
    }

    Impl& c_;
    RootId id_;
    const Site& site_;
    PeId pe_;
    bool globals_only_;
    Granule g_;
    PeView view_;
    Met met_{};
    u64 budget_ = u64{1} << 19;
};

BbmChecker::Impl::Met BbmChecker::Impl::meet(RootId former, const Site& s, PeId pe, bool globals_only) {
    return Meeting(*this, former, s, pe, globals_only).run();
}

// Tables that come under a base register, against global entries of others.
bool BbmChecker::Impl::meets_globals(RootId former, RootId now_at, PeId pe) {
    const RootKey &old = roots[former].key, &key = roots[now_at].key;
    if (old.granule != key.granule || old.input_bits != key.input_bits) return false;
    for (u32 i = 0; i < key.entries(); ++i) {
        const u64 value = domain.ram.read64(PhysAddr(key.pa + 8 * u64{i}));
        if (desc_kind(value, key.start_level, key.granule) == DescKind::kInvalid) continue;
        const u64 va = key.first_va() + i * level_span(key.granule, key.start_level);
        const Site site{pe, 0, 0, key.pa + 8 * u64{i}, va, now_at, key.start_level, key.granule, 0, value};
        if (meet(former, site, pe, true).rule) return true;
    }
    return false;
}

}  // namespace bbmsim::mmu
