// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/live_tables.hpp"

#include "models/mmu/inner_domain.hpp"

#include <algorithm>

namespace bbmsim::mmu {

namespace {
auto child_at(std::vector<Table::Child>& children, u32 index) {
    return std::lower_bound(children.begin(), children.end(), index,
                            [](const Table::Child& c, u32 i) { return c.index < i; });
}
}  // namespace

void LiveTables::at(u64 desc_pa, std::vector<TableId>& out) const {
    for (unsigned g = 0; g < 3; ++g) {
        if (by_page_[g].empty()) continue;
        const auto it = by_page_[g].find(desc_pa >> granule_shift(static_cast<Granule>(g)));
        if (it == by_page_[g].end()) continue;
        for (TableId id = it->second; id != kNone; id = tables_[id].next_in_page)
            if (contains(id, desc_pa)) out.push_back(id);
    }
}

TableId LiveTables::find(u64 pa, u8 level, Granule g, u32 entries) const {
    const auto& pages = by_page_[static_cast<unsigned>(g)];
    const auto it = pages.find(pa >> granule_shift(g));
    if (it == pages.end()) return kNone;
    for (TableId id = it->second; id != kNone; id = tables_[id].next_in_page) {
        const Table& t = tables_[id];
        if (t.pa == pa && t.level == level && t.entries == entries) return id;
    }
    return kNone;
}

TableId LiveTables::make(u64 pa, u8 level, Granule g, u32 entries) {
    TableId id;
    if (free_.empty()) {
        id = static_cast<TableId>(tables_.size());
        tables_.emplace_back();
    } else {
        id = free_.back();
        free_.pop_back();
    }
    Table& t = tables_[id];
    t = Table{};
    t.pa = pa;
    t.entries = entries;
    t.level = level;
    t.granule = g;
    t.alive = true;
    const auto [it, fresh] = by_page_[static_cast<unsigned>(g)].try_emplace(pa >> granule_shift(g), id);
    if (!fresh) {
        t.next_in_page = it->second;
        it->second = id;
    }
    for (u64 page = pa & ~kPageMask; page < pa + u64{entries} * 8; page += kPageBytes)
        if (!(domain_.ram.page_flags(PhysAddr(page)) & kWatched)) domain_.flag_page(PhysAddr(page), kWatched);
    ++linked;
    peak = std::max(peak, ++by_page_count_);
    scan(id);
    return id;
}

void LiveTables::scan(TableId id) {
    const Table t{.pa = tables_[id].pa,
                  .entries = tables_[id].entries,
                  .level = tables_[id].level,
                  .granule = tables_[id].granule};
    if (t.level >= 3) return;
    for (u32 i = 0; i < t.entries; ++i) {
        const u64 value = domain_.ram.read64(PhysAddr(t.pa + 8 * u64{i}));
        if (desc_kind(value, t.level, t.granule) == DescKind::kTable) link(id, i, value);
    }
}

TableId LiveTables::link_root(const RootKey& key, RootId root) {
    if (!domain_.ram.contains(PhysAddr(key.pa), u64{key.entries()} * 8)) return kNone;
    TableId id = find(key.pa, key.start_level, key.granule, key.entries());
    if (id == kNone) id = make(key.pa, key.start_level, key.granule, key.entries());
    Table& t = tables_[id];
    if (t.root == kNone)
        t.root = root;
    else
        t.more_roots.push_back(root);
    return id;
}

void LiveTables::unlink_root(TableId id, RootId root) {
    Table& t = tables_[id];
    if (t.root == root) {
        t.root = kNone;
        if (!t.more_roots.empty()) {
            t.root = t.more_roots.back();
            t.more_roots.pop_back();
        }
    } else {
        std::erase(t.more_roots, root);
    }
    reap(id);
}

void LiveTables::link(TableId parent, u32 index, u64 value) {
    const Granule g = tables_[parent].granule;
    const u8 level = static_cast<u8>(tables_[parent].level + 1);
    const u64 pa = desc_next_table(value, g);
    const u32 entries = u32{1} << index_bits(g);
    if (level > 3 || !domain_.ram.contains(PhysAddr(pa), u64{entries} * 8)) return;
    const TableId before = child(parent, index);
    TableId id = find(pa, level, g, entries);
    if (id != kNone && before == id) return;
    if (before != kNone) unlink(parent, index);
    if (id == kNone) id = make(pa, level, g, entries);
    tables_[id].parents.push_back({parent, index});
    auto& children = tables_[parent].children;
    if (children.empty() || children.back().index < index)
        children.push_back({index, id});
    else
        children.insert(child_at(children, index), {index, id});
}

TableId LiveTables::child(TableId parent, u32 index) const {
    auto& children = const_cast<std::vector<Table::Child>&>(tables_[parent].children);
    const auto it = child_at(children, index);
    return it != children.end() && it->index == index ? it->table : kNone;
}

template <class F>
bool LiveTables::any_step(const Roots& roots, RootId id, PeId pe, u64 va, unsigned level, F&& f) const {
    const Root& r = roots[id];
    const Granule g = r.key.granule;
    TableId table = r.table;
    u64 made = 0;
    for (unsigned l = r.key.start_level; l < level && table != kNone; ++l) {
        const u32 index = static_cast<u32>((va >> level_shift(g, l)) & (tables_[table].entries - 1));
        const u64 value = domain_.ram.read64(PhysAddr(tables_[table].pa + 8 * u64{index}));
        if (desc_kind(value, l, g) != DescKind::kTable) return false;
        made = std::max(made, written(table, index));
        if (made < roots.left_at(id, pe, l) && f(Step{value, va & ~(level_span(g, l) - 1), l, made})) return true;
        table = child(table, index);
    }
    return false;
}

bool LiveTables::still_leads(const Roots& roots, RootId id, PeId pe, u64 va, unsigned level,
                             const FlushedSpan* now) const {
    const Granule g = roots[id].key.granule;
    return any_step(roots, id, pe, va, level, [&](const Step& s) {
        if (now && span_removes(*now, DescKind::kTable, s.va, s.level, g) &&
            (now->any_asid || roots.only_asid(id, pe, now->asid, s.made)))
            return false;
        return !roots.any_span(id, pe, s.value, DescKind::kTable, s.va, s.level, s.made,
                               [](const FlushedSpan&) { return true; });
    });
}

bool LiveTables::read_by(const Roots& roots, RootId id, PeId pe, u64 va, unsigned level, u64 made) const {
    if (made < roots[id].left[pe]) return true;
    if (made >= roots.left_at(id, pe, level)) return false;
    return any_step(roots, id, pe, va, level, [&](const Step& s) {
        return !roots.any_span(id, pe, s.value, DescKind::kTable, s.va, s.level, s.made, [&](const FlushedSpan& t) {
            return t.completed < std::max(made, roots[id].resumed[pe]);
        });
    });
}

bool LiveTables::reads_on_after(const Roots& roots, RootId id, PeId pe, u64 va, unsigned level,
                                const FlushedSpan& span) const {
    const u64 until = roots.lingers(id, pe) ? ~u64{0} : roots[id].lingered[pe];
    return until >= span.issued && any_step(roots, id, pe, va, level, [&](const Step& s) {
               if (span_removes(span, DescKind::kTable, s.va, s.level, roots[id].key.granule) &&
                   (span.any_asid || roots.only_asid(id, pe, span.asid, s.made)))
                   return false;
               return !roots.any_span(id, pe, s.value, DescKind::kTable, s.va, s.level, s.made,
                                      [&](const FlushedSpan& t) { return t.completed < span.issued; });
           });
}

bool LiveTables::flushed(const Roots& roots, RootId id, PeId pe, u64 value, DescKind kind, u64 va, unsigned level,
                         u64 made) const {
    return roots.any_span(id, pe, value, kind, va, level, made,
                          [&](const FlushedSpan& span) { return !reads_on_after(roots, id, pe, va, level, span); });
}

void LiveTables::unlink(TableId parent, u32 index) {
    auto& children = tables_[parent].children;
    const auto it = child_at(children, index);
    if (it == children.end() || it->index != index) return;
    const TableId id = it->table;
    children.erase(it);
    auto& parents = tables_[id].parents;
    const auto up = std::find_if(parents.begin(), parents.end(),
                                 [&](const Table::Parent& p) { return p.table == parent && p.index == index; });
    if (up != parents.end()) {
        *up = parents.back();
        parents.pop_back();
    }
    reap(id);
}

void LiveTables::add_stale(TableId table, PendingId pending) { tables_[table].stale.push_back(pending); }

void LiveTables::remove_stale(TableId table, PendingId pending) {
    if (table >= tables_.size() || !tables_[table].alive) return;
    if (std::erase(tables_[table].stale, pending)) reap(table);
}

void LiveTables::reap(TableId id) {
    Table& t = tables_[id];
    if (!t.alive || t.root != kNone || !t.parents.empty() || !t.stale.empty()) return;
    t.alive = false;
    auto& pages = by_page_[static_cast<unsigned>(t.granule)];
    const auto it = pages.find(t.pa >> granule_shift(t.granule));
    if (it->second == id) {
        if (t.next_in_page == kNone)
            pages.erase(it);
        else
            it->second = t.next_in_page;
    } else {
        TableId other = it->second;
        while (tables_[other].next_in_page != id) other = tables_[other].next_in_page;
        tables_[other].next_in_page = t.next_in_page;
    }
    ++unlinked;
    --by_page_count_;
    unwatch(t);
    const std::vector<Table::Child> children = std::move(t.children);
    t = Table{};
    for (const Table::Child& c : children) {
        std::erase_if(tables_[c.table].parents,
                      [&](const Table::Parent& p) { return p.table == id && p.index == c.index; });
        reap(c.table);
    }
    free_.push_back(id);
}

// A page that is no table in any granule any more goes back to the fast path.
void LiveTables::unwatch(const Table& table) {
    for (u64 page = table.pa & ~kPageMask; page < table.pa + u64{table.entries} * 8; page += kPageBytes) {
        bool used = false;
        for (unsigned g = 0; g < 3 && !used; ++g) {
            const auto it = by_page_[g].find(page >> granule_shift(static_cast<Granule>(g)));
            if (it == by_page_[g].end()) continue;
            for (TableId id = it->second; id != kNone && !used; id = tables_[id].next_in_page) {
                const Table& t = tables_[id];
                used = t.pa < page + kPageBytes && page < t.pa + u64{t.entries} * 8;
            }
        }
        if (!used) domain_.ram.page_flags(PhysAddr(page)) &= static_cast<u8>(~(kWatched | kHwUpdated));
    }
}

}  // namespace bbmsim::mmu
