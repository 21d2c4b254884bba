// SPDX-License-Identifier: Apache-2.0
// Judges every change of a live descriptor: which rule, for which PEs (docs/manual/rules).
#include "models/mmu/checker/impl.hpp"

#include "models/mmu/event.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace bbmsim::mmu {

void BbmChecker::Impl::store(const Write& by, u64 pa, const u8* bytes, u64 size) {
    const auto [writer, pc, now_ps, kind] = by;
    changed.clear();
    for (u64 d = pa & ~u64{7}; d < pa + size; d += 8) {
        if (!domain.ram.contains(PhysAddr(d), 8)) continue;
        found.clear();
        tables.at(d, found);
        if (found.empty()) continue;
        const u64 before = domain.ram.read64(PhysAddr(d));
        u8 merged[8];
        u64 covered = 0;
        std::memcpy(merged, &before, 8);
        for (u64 i = 0; i < 8; ++i)
            if (d + i - pa < size) merged[i] = bytes[d + i - pa], covered |= u64{0xff} << (8 * i);
        u64 after;
        std::memcpy(&after, merged, 8);
        bool counted = false;
        for (std::size_t i = 0; i < found.size(); ++i) {
            const TableId table = found[i];
            if (!tables.contains(table, d)) continue;
            if (!tables[table].stale.empty()) {  // links that a VMALL has cleaned lead nowhere
                const std::vector<PendingId> stale = tables[table].stale;
                for (const PendingId p : stale) pending.drop_if_clean(p);
                if (!tables.contains(table, d)) continue;
            }
            const u8 level = tables[table].level;
            const Granule g = tables[table].granule;
            const bool unlinks =
                desc_kind(before, level, g) == DescKind::kTable && !desc_same_entry(before, after, level, g);
            const Changed c{table, d, before, after, covered, unlinks};
            if (before != after && i == 0) pending.written_again(d, writer, ordering.now() + 1);
            const u64 broken_before = broken_rules;
            const bool live = change(table, c, by);
            changed.push_back(c);
            if (!live || counted) continue;
            counted = true;
            ++stats.descriptor_writes;
            ++stats.writes_by_level[level];
            stats.splits +=
                desc_kind(before, level, g) == DescKind::kLeaf && desc_kind(after, level, g) == DescKind::kTable;
            ++(writer < pes.size() ? pes[writer].writes : other_writes)[level];
            if (domain.bus.wants(EventKind::kDescriptorWrite))
                domain.bus.emit({.kind = EventKind::kDescriptorWrite,
                                 .pe = writer,
                                 .level = level,
                                 .sub = broken_rules != broken_before,
                                 .time_ps = now_ps,
                                 .pc = pc,
                                 .va = places.front().va,
                                 .pa = d,
                                 .a = before,
                                 .b = after});
        }
        if (kind == StoreKind::kHardware && (before & 1))
            unread.add(d, before, after, writer, now_ps);
        else
            unread.written(d, covered);
    }
}

void BbmChecker::Impl::store_done() {
    for (const Changed& c : changed) {
        if (!tables.contains(c.table, c.desc_pa)) continue;
        const Table& t = tables[c.table];
        if (t.level >= 3) continue;
        const u32 index = static_cast<u32>((c.desc_pa - t.pa) / 8);
        const Granule g = t.granule;
        if (desc_kind(c.after, t.level, g) == DescKind::kTable) {
            if (desc_kind(c.before, t.level, g) == DescKind::kTable &&
                desc_next_table(c.before, g) != desc_next_table(c.after, g))
                tables.unlink(c.table, index);
            if (tables.contains(c.table, c.desc_pa)) tables.link(c.table, index, c.after);
        } else {
            tables.unlink(c.table, index);
        }
    }
    if (std::any_of(changed.begin(), changed.end(), [](const Changed& c) { return c.unlinks; })) forget_unlinked();
    changed.clear();
    pending.sweep(false);
}

PeMask BbmChecker::Impl::online_mask() const {
    PeMask m = 0;
    for (std::size_t pe = 0; pe < pes.size(); ++pe)
        if (pes[pe].online) m |= pe_bit(static_cast<PeId>(pe));
    return m;
}

PeMask BbmChecker::Impl::awake_mask() const {
    PeMask m = 0;
    for (std::size_t pe = 0; pe < pes.size(); ++pe)
        if (!pes[pe].dormant) m |= pe_bit(static_cast<PeId>(pe));
    return m;
}

PeMask BbmChecker::Impl::may_cache(u64 value, DescKind kind, unsigned level, Granule g, PeMask mask) const {
    if (kind == DescKind::kInvalid) return 0;
    const bool leaf = kind == DescKind::kLeaf;
    const u64 address = leaf ? desc_output(value, level, g) : desc_next_table(value, g);
    PeMask able = 0;
    for_each_pe(mask, [&](PeId pe) {
        const PeView& v = pes[pe].view;
        if (leaf && !(value & kDescAf) && !v.ha) return;
        if (address >> v.oa_bits) return;
        able |= pe_bit(pe);
    });
    return able;
}

std::optional<Rule> BbmChecker::Impl::difference(u64 before, u64 after, unsigned level, Granule g, PeId pe,
                                                 bool strict) {
    PeView view = pes[pe].view;
    if (strict) view.bbml = 0;
    for (const Memo& m : memo)
        if (m.view == view) return m.rule;
    const auto rule = comparer.difference(before, after, level, g, view);
    memo.push_back({view, rule});
    return rule;
}

// An old value against what is there now.
std::optional<Rule> BbmChecker::Impl::old_meets(const Pending& p, u64 after, PeId pe, bool strict) {
    if (!(p.reuse_told & pe_bit(pe))) return difference(p.before, after, p.level, p.granule, pe, strict);
    if (p.rewritten.size() < Pending::kMostRewritten) {
        PeView view = pes[pe].view;
        if (strict) view.bbml = 0;
        return comparer.difference(p.before, after, p.level, p.granule, view, p.rewritten);
    }
    const bool mix = desc_kind(after, p.level, p.granule) != DescKind::kLeaf ||
                     desc_sizes_may_mix(after, p.level, strict ? 0 : pes[pe].view.bbml);
    return mix ? std::nullopt : std::optional(Rule::kSize);
}

// Returns whether any PE reaches or may hold the entry: the table is live there.
bool BbmChecker::Impl::change(TableId table, const Changed& c, const Write& by) {
    const auto [writer, pc, now_ps, store_kind] = by;
    const u8 level = tables[table].level;
    const Granule g = tables[table].granule;
    const u32 index = static_cast<u32>((c.desc_pa - tables[table].pa) / 8);
    places.clear();
    tables.occurrences(
        table, index, roots,
        [&](PendingId p) {
            return LiveTables::StalePlace{pending[p].root, pending[p].va};
        },
        places);
    const DescKind from = desc_kind(c.before, level, g), to = desc_kind(c.after, level, g);
    bool live = false;
    for (const Occurrence& place : places) {
        const Root& root = roots[place.root];
        PeMask here = root.reach | root.residue | root.global;
        if (place.through != kNone) here = pending.unclean_walk(pending[place.through]);
        if (!here) continue;
        live = true;
        if (store_kind == StoreKind::kPlain && from == DescKind::kLeaf && to == DescKind::kLeaf &&
            place.through == kNone)
            check_plain_store({writer, pc, now_ps, c.desc_pa, place.va, place.root, level, g, c.before, c.after},
                              c.covered);
        if (c.before == c.after) continue;
        const u64 written = ordering.tick();
        if (place.through == kNone && from == DescKind::kTable && !desc_same_entry(c.before, c.after, level, g))
            pending.unlinked_above(place.root, g, level, place.va, {c.desc_pa, pc, now_ps, writer, written},
                                   domain.ram);
        else if (place.through == kNone && level < 3 && from != DescKind::kTable)
            pending.written_above(c.desc_pa, g, level, place.va, writer, written);
        const Site site{writer, pc, now_ps, c.desc_pa, place.va, place.root, level, g, c.before, c.after};
        const std::optional<u64> made = made_at(place, site, written);
        if (place.through != kNone)
            write_into_gone(place, site, here, written, index);
        else
            judge_change(place, site, here, written, table);
        if (made) tables.set_written(table, index, *made);  // what is looked for above is looked for as it was
    }
    return live;
}

// When this place was last written, as far as PEs that left the root are concerned; none if nothing changes for them.
std::optional<u64> BbmChecker::Impl::made_at(const Occurrence& place, const Site& s, u64 written) {
    const DescKind from = desc_kind(s.before, s.level, s.granule), to = desc_kind(s.after, s.level, s.granule);
    if (to == DescKind::kInvalid) return {};
    Root& root = roots[place.root];
    root.last_made = written;
    // Of two leaves that a TLB may mix, who left with the old one may as well have the new one.
    const PeMask left = (root.residue | root.global) & ~root.reach;
    const bool alike =
        desc_same_entry(s.before, s.after, s.level, s.granule) ||
        (from == DescKind::kLeaf && to == DescKind::kLeaf && !((s.before ^ s.after) & ~kDescNoDifference) &&
         may_cache(s.before, from, s.level, s.granule, left) == left);
    if (alike || !(root.residue | left)) return {};
    const u64 since = held_since(place, s, left).value_or(written);
    for_each_pe(lingering(place, s.level), [&](PeId pe) { roots.reads_on(place.root, pe, ordering.tick()); });
    return since;
}

// A store into the page of an unlinked table: what is written there is no longer meant for this place.
void BbmChecker::Impl::write_into_gone(const Occurrence& place, const Site& s, PeMask here, u64 written, u32 index) {
    Pending& gone = pending[place.through];
    const bool leaf = desc_kind(s.before, s.level, s.granule) == DescKind::kLeaf;
    if (std::any_of(places.begin(), places.end(), [&](const Occurrence& o) {
            return o.through == kNone && o.root == place.root && o.va == place.va;
        })) {  // linked there again: who is off may hold what was there before
        if (leaf && !gone.restored) take_leaf(gone, s, written, 0, ~awake_mask());  // else: take_again()
        return;
    }
    const PeMask able = may_cache(s.after, desc_kind(s.after, s.level, s.granule), s.level, s.granule, here);
    const PeMask walkers = able & awake_mask();
    gone.reused |= able & ~walkers;
    if (leaf) {
        PeMask sure = 0;  // of several ASIDs, another may hold the leaf than the one that leads here
        for_each_pe(walkers, [&](PeId pe) {
            unsigned asids = 0;
            roots.for_each_asid(place.root, pe, gone.made, [&](u16) { ++asids; });
            if (asids < 2) sure |= pe_bit(pe);
        });
        take_leaf(gone, s, written, sure, ~PeMask{0});
    }
    if (!walkers) return;
    Site reuse = s;
    reuse.detail = fmt::format("wrote {:#x} into the page of a table that it unlinked, entry {} of it", s.after, index);
    gone.reuse_told |= walkers;
    if (gone.rewritten.size() < Pending::kMostRewritten) gone.rewritten.push_back(s.desc_pa);
    violate(Rule::kTableReuse, reuse, walkers);
}

void BbmChecker::Impl::judge_change(const Occurrence& place, const Site& site, PeMask here, u64 written,
                                    TableId table) {
    const u8 level = site.level;
    const Granule g = site.granule;
    const Root& root = roots[place.root];
    const DescKind from = desc_kind(site.before, level, g), to = desc_kind(site.after, level, g);
    Pending record;
    record.made = place.made;
    PeMask held = holders(place, site.before, from, level);
    if (from == DescKind::kLeaf && !pending.empty()) held |= take_again(site, record.made);
    held = may_cache(site.before, from, level, g, held);
    const PeMask everyone = pes.size() >= kMaxPes ? ~PeMask{0} : (PeMask{1} << pes.size()) - 1;
    const PeMask visible = may_cache(site.after, to, level, g, everyone);

    if (!visible) made_invalid(site.desc_pa);
    record.broken = ~visible;
    bool matters = !(visible & held);
    if (visible) {
        restore(site, visible & (root.reach | lingering(place, level)));
        judge_pending(site, visible);
        judge_current(site, held, visible, record, matters);
        judge_elsewhere(site, visible);
        note_globals(roots[place.root], site);
        if (const PeMask walkers = visible & root.reach & estranged;
            walkers && !desc_same_entry(site.before, site.after, level, g))
            judge_strangers(site, walkers);
        if (!may_cache(site.before, from, level, g, everyone))
            made_valid(site.desc_pa, site.writer, site.pc);  // I_WZCBG
        if (from == DescKind::kInvalid) {
            // Who only may hold entries of a root that it left does not walk to this one.
            const PeMask walkers = here & awake_mask() & (root.reach | lingering(place, level));
            if (to == DescKind::kLeaf) check_group(site, table, visible & walkers);
        }
    }
    if (from == DescKind::kLeaf && !pending.empty()) note_alike(site, held);
    // A writable value that became read-only may still be held writable: it counts for BBM-OA later. So does, for
    // the TLBI that it needs, a global one that became non-global; and a block without nT when its nT=1 successor
    // is split (FEAT_BBM level 1).
    const u64 matter = kDescReadOnly | kDescDbm | kDescNg | (level < 3 ? kDescNt : 0);
    matters |= from == DescKind::kLeaf && to == DescKind::kLeaf &&
               (((site.after ^ site.before) & matter) ||  // a frame of the same contents differs once one is writable
                desc_output(site.before, level, g) != desc_output(site.after, level, g));
    // Walk caches may lead to the table that was there, alike as it may be.
    matters |= from == DescKind::kTable && to == DescKind::kTable &&
               desc_next_table(site.before, g) != desc_next_table(site.after, g);
    record.many_places = places.size() >= LiveTables::kMaxOccurrences;
    PeMask apart = 0;
    if (from == DescKind::kTable && !desc_same_entry(site.before, site.after, level, g)) {
        const PeMask left = (root.residue | root.global) & ~root.reach & ~lingering(place, level + 1u);
        if (matters || left) apart = take_below(record, site, table, held, left);
        if (apart) judge_apart(site, apart, visible, record), matters = true;
    }
    if (!matters || !(held | apart | held_again(site))) return;
    record.written = written;
    record.kind = from;
    record.cleaned = apart;
    record.cleaned_at = written;
    keep(site, held | apart, std::move(record));
}

void BbmChecker::Impl::judge_current(const Site& s, PeMask held, PeMask visible, Pending& record, bool& matters) {
    ByRule broken{};
    PeMask all = 0;
    memo.clear();
    for_each_pe(held & visible, [&](PeId pe) {
        if (!difference(s.before, s.after, s.level, s.granule, pe, true)) return;
        matters = true;
        const auto rule = difference(s.before, s.after, s.level, s.granule, pe, false);
        if (!rule) {
            record.permitted |= pe_bit(pe);
        } else if (pes[pe].dormant) {
            record.defer(pe, {s.desc_pa, s.pc, s.writer});
        } else {
            broken[static_cast<unsigned>(*rule)] |= pe_bit(pe);
            all |= pe_bit(pe);
        }
    });
    record.violated = all;
    if (!all) return;
    for (unsigned r = 0; r < broken.size(); ++r)
        if (broken[r]) violate(static_cast<Rule>(r), s, broken[r]);
}

Rule BbmChecker::Impl::sequence_rule(const Pending& p, PeId writer, PeId pe, std::string& why) const {
    SequenceState state;
    // Once the entry itself is clean, it is leaves below it that no TLBI has covered.
    const PeMask open = pe_bit(pe) & ~p.cleaned;
    const bool later = !p.alike.empty() && !(p.alike.front().told_already & pe_bit(pe));
    const u64 since = later ? p.alike.front().written : p.written;
    state.tlbi_issued =
        (p.issued & open) ||
        pending.any_write(p, true, [&](PeId by, u64 written) { return ordering.vmall_issued(pe, by, written); }) ||
        (!(roots[p.root].reach & pe_bit(pe)) && ordering.vmall_since(pe, std::max(p.written, roots[p.root].left[pe])));
    state.tlbi_before_order = (p.early & open) || ordering.vmall_since(pe, since);
    const PeMask flushers = p.holders | pe_bit(p.writer);
    state.tlbi_elsewhere = (p.elsewhere & pe_bit(pe)) || ordering.vmall_elsewhere(pe, flushers, since);
    for (const PeId issuer : {writer, p.writer})
        if (why.empty()) why = tlbi_log.near_miss(p, roots, issuer, pe);
    state.tlbi_wrong = !why.empty();
    for (const RuleSpec& spec : rule_specs())
        if (spec.sequence && spec.sequence(state)) return spec.info.rule;
    return Rule::kNoTlbi;
}

void BbmChecker::Impl::violate_all(Site&& site, const ByRule& broken, const std::string& why) {
    for (unsigned r = 0; r < broken.size(); ++r) {
        if (!broken[r]) continue;
        site.detail = static_cast<Rule>(r) == Rule::kWrongTlbi ? why : std::string();
        violate(static_cast<Rule>(r), site, broken[r]);
    }
}

void BbmChecker::Impl::judge_pending(const Site& s, PeMask visible) {
    for (PendingId id = pending.first_of(s.desc_pa); id != kNone; id = pending[id].next_same_desc) {
        Pending& p = pending[id];
        if (p.root != s.root || p.va != s.va || p.level != s.level || p.granule != s.granule) continue;
        const PeMask open = pending.unclean(p) & visible & ~p.violated;
        if (!open) continue;
        ByRule broken{};
        PeMask all = 0;
        std::string why;
        memo.clear();
        const PeMask walkers = p.kind == DescKind::kTable ? pending.unclean_walk(p) : ~PeMask{0};
        for_each_pe(open, [&](PeId pe) {
            std::optional<Rule> rule;
            if (walkers & pe_bit(pe)) rule = old_meets(p, s.after, pe, false);
            const bool itself = rule.has_value();
            bool there = itself && p.restored;
            if (!rule) rule = left_below(s, p, pe, false, &there);
            if (!rule) {
                const bool held = walkers & pe_bit(pe);
                if ((held && old_meets(p, s.after, pe, true)) || left_below(s, p, pe, true)) p.permitted |= pe_bit(pe);
                return;
            }
            if (pes[pe].dormant) {
                p.defer(pe, {s.desc_pa, s.pc, s.writer});
                return;
            }
            if ((p.broken & pe_bit(pe)) && !there) rule = sequence_rule(p, s.writer, pe, why);
            broken[static_cast<unsigned>(*rule)] |= pe_bit(pe);
            all |= pe_bit(pe);
        });
        p.violated |= all;
        if (!all) continue;
        Site site = s;
        site.before = p.before;
        violate_all(std::move(site), broken, why);
    }
}

// Old values of the same VA at other levels, or in another table: a block above that was split but not flushed, pages
// below that went before their table did. Whether sizes may mix was judged where the table descriptor changed; here
// contents count.
void BbmChecker::Impl::judge_elsewhere(const Site& s, PeMask visible) {
    if (pending.empty()) return;
    for (unsigned level = 0; level < 4; ++level) {
        pending.for_each_at(s.granule, level, s.va, level_span(s.granule, s.level), [&](Pending& p) {
            if (p.root != s.root || (level == s.level && (p.desc_pa == s.desc_pa || p.va != s.va))) return;
            if (p.kind == DescKind::kTable && level < s.level) judge_left(s, p, visible);
            if (p.kind != DescKind::kLeaf) return;
            PeMask open = pending.unclean(p) & visible & ~p.violated;
            const bool back = level > s.level && desc_kind(s.before, s.level, s.granule) == DescKind::kTable &&
                              !((domain.ram.read64(PhysAddr(p.desc_pa)) ^ p.before) & ~kDescNoDifference);
            if (back)  // it is there again, and judged with the table that it is in, of those who walk there
                open &= ~(roots[s.root].reach | lingering({s.root, s.va, kNone, 0}, s.level));
            if (!open) return;
            const u64 after = level < s.level ? s.after : value_below(s.after, s.level, s.granule, p.level, p.va);
            u64 before = p.before;
            for (unsigned l = level; l < s.level; ++l)
                before = desc_split(before, l, s.granule,
                                    (s.va >> level_shift(s.granule, l + 1)) & ((u64{1} << index_bits(s.granule)) - 1));
            const unsigned at = std::max<unsigned>(level, s.level);
            std::string why;
            ByRule broken{};
            for_each_pe(open, [&](PeId pe) {
                PeView view = pes[pe].view;
                const bool leaf = desc_kind(s.after, s.level, s.granule) == DescKind::kLeaf;
                const bool mixes = leaf && level != s.level &&
                                   (level > s.level ? !desc_sizes_may_mix(s.after, s.level, p.before, view.bbml)
                                                    : (p.before ^ s.after) & kDescNg);
                if (level != s.level) view.bbml = std::max(view.bbml, 2u);
                if (level > s.level && desc_kind(s.after, s.level, s.granule) == DescKind::kTable)
                    view.bbml = pes[pe].view.bbml;
                auto rule =
                    mixes ? std::optional(Rule::kSize) : comparer.difference(before, after, at, s.granule, view);
                if (!rule) {
                    view.bbml = 0;
                    if (comparer.difference(before, after, at, s.granule, view)) p.permitted |= pe_bit(pe);
                    return;
                }
                if (pes[pe].dormant) {
                    p.defer(pe, {s.desc_pa, s.pc, s.writer});
                    return;
                }
                if ((p.broken & pe_bit(pe)) && !back) rule = sequence_rule(p, s.writer, pe, why);
                broken[static_cast<unsigned>(*rule)] |= pe_bit(pe);
                p.violated |= pe_bit(pe);
            });
            Site site = s;
            site.before = p.before;
            violate_all(std::move(site), broken, why);
        });
    }
}

void BbmChecker::Impl::keep(const Site& s, PeMask held, Pending&& p) {
    p.desc_pa = s.desc_pa;
    p.va = s.va;
    p.before = s.before;
    p.after = s.after;
    p.pc = s.pc;
    p.now_ps = s.now_ps;
    p.holders = held;
    p.root = s.root;
    p.writer = s.writer;
    p.level = s.level;
    p.granule = s.granule;
    for (PendingId id = pending.first_of(s.desc_pa); id != kNone; id = pending[id].next_same_desc) {
        const Pending& same = pending[id];
        if (same.root == s.root && same.va == s.va && same.level == s.level && same.granule == s.granule &&
            desc_same_entry(same.before, s.before, s.level, s.granule)) {
            pending.restart(id, p, ~(roots[s.root].reach | lingering({s.root, s.va, kNone, 0}, s.level)), domain.ram);
            issued_before(id, held & ~roots[s.root].reach);
            return;
        }
    }
    if (held) issued_before(pending.add(std::move(p)), held & ~roots[s.root].reach);
}

}  // namespace bbmsim::mmu
