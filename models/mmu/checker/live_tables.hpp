// SPDX-License-Identifier: Apache-2.0
// Which pages are live translation tables, and where in which address space each of their entries is.
//
// A table is known by (PA, level, granule): a page may be a table at several levels (self-map) and have several
// parents (shared tables). Since a child's level is always one more than its parent's, the graph has no loops. A table
// lives as long as a root, a parent, or an old value that some PE may still walk through (a stale link) leads to it.
// Leaf tables are linked without being read; tables above are scanned once for the tables they point to.
#pragma once

#include "models/mmu/checker/descriptor.hpp"
#include "models/mmu/checker/roots.hpp"

#include <algorithm>
#include <array>
#include <memory_resource>
#include <unordered_map>
#include <vector>

namespace bbmsim::mmu {

class InnerDomain;
using PendingId = u32;

struct Table {
    u64 pa = 0;
    u32 entries = 0;
    u8 level = 0;
    Granule granule = Granule::k4K;
    bool alive = false;
    TableId next_in_page = kNone;
    RootId root = kNone;  // first root of which this is the start table
    struct Parent {
        TableId table;
        u32 index;
    };
    struct Child {
        u32 index;
        TableId table;
    };
    std::vector<Parent> parents;
    std::vector<Child> children;     // sorted by index
    std::vector<PendingId> stale;    // replaced table descriptors through which a PE may still walk here
    std::vector<RootId> more_roots;  // further roots (another input size or half)
    std::vector<u64> written;        // by index, of entries written while a PE that had left a root might hold others
    void archive(Archive& ar);
};

// One place at which an entry of a table is seen.
struct Occurrence {
    RootId root = kNone;
    u64 va = 0;                 // of the entry
    PendingId through = kNone;  // reached only through this stale link
    u64 made = 0;               // when the last descriptor on the way, this one included, was written (Table::written)
};

class LiveTables {
public:
    explicit LiveTables(InnerDomain& domain) : domain_(domain) {}

    [[nodiscard]] Table& operator[](TableId id) { return tables_[id]; }
    [[nodiscard]] bool contains(TableId id, u64 desc_pa) const {
        return id < tables_.size() && tables_[id].alive && desc_pa - tables_[id].pa < u64{tables_[id].entries} * 8;
    }
    // Tables of which desc_pa is an entry, appended.
    void at(u64 desc_pa, std::vector<TableId>& out) const;

    // The root's table, scanned; kNone if it isn't RAM.
    TableId link_root(const RootKey& key, RootId root);
    void unlink_root(TableId table, RootId root);
    // Entry `index` of `parent` is (no longer) a table descriptor with this value.
    void link(TableId parent, u32 index, u64 value);
    TableId child(TableId parent, u32 index) const;
    void unlink(TableId parent, u32 index);
    void add_stale(TableId table, PendingId pending);
    void remove_stale(TableId table, PendingId pending);

    // Where the entry is seen; VAs are canonical. `stale_root(pending, root, va)` gives root and VA of a stale link.
    // More than kMaxOccurrences are cut: then `cut` is set.
    static constexpr std::size_t kMaxOccurrences = 256;
    struct StalePlace {
        RootId root;
        u64 va;
    };
    template <class StaleRoot>
    void occurrences(TableId table, u32 index, const Roots& roots, StaleRoot&& stale_root,
                     std::vector<Occurrence>& out) {
        const Table& t = tables_[table];
        climb(t, index * level_span(t.granule, t.level), written(table, index), roots, stale_root, out);
    }
    // A PE that left the root, and goes on from a walk-cache entry that it holds of it: does that lead to this place?
    // Not from one that `now` removes.
    [[nodiscard]] bool still_leads(const Roots& roots, RootId root, PeId pe, u64 va, unsigned level,
                                   const FlushedSpan* now) const;
    // Of a PE that left the root: it could read what was written there at `made`, from its base register or, later,
    // from a walk-cache entry that it held.
    [[nodiscard]] bool read_by(const Roots& roots, RootId root, PeId pe, u64 va, unsigned level, u64 made) const;
    // Of a PE that left the root: a TLBI by address has removed this entry since, and nothing brought it back.
    [[nodiscard]] bool flushed(const Roots& roots, RootId root, PeId pe, u64 value, DescKind kind, u64 va,
                               unsigned level, u64 made) const;
    // A walk-cache entry that was there when this TLBI was issued, and that it leaves, leads the PE to the place again.
    [[nodiscard]] bool reads_on_after(const Roots& roots, RootId root, PeId pe, u64 va, unsigned level,
                                      const FlushedSpan& span) const;
    [[nodiscard]] u64 written(TableId table, u32 index) const {
        const auto& w = tables_[table].written;
        return w.empty() ? 0 : w[index];
    }
    void set_written(TableId table, u32 index, u64 at) {
        tables_[table].written.resize(tables_[table].entries);
        tables_[table].written[index] = at;
    }

    [[nodiscard]] u64 count() const { return by_page_count_; }
    u64 linked = 0, unlinked = 0, peak = 0;
    void archive(Archive& ar);

private:
    struct Step {  // a table descriptor on the way to a place, which the PE read before it left the root
        u64 value, va;
        unsigned level;
        u64 made;
    };
    template <class F>
    bool any_step(const Roots& roots, RootId root, PeId pe, u64 va, unsigned level, F&& f) const;
    template <class StaleRoot>
    void climb(const Table& t, u64 offset, u64 made, const Roots& roots, StaleRoot&& stale_root,
               std::vector<Occurrence>& out) {
        if (out.size() >= kMaxOccurrences) return;
        if (t.root != kNone) out.push_back({t.root, roots[t.root].key.first_va() + offset, kNone, made});
        for (const RootId r : t.more_roots) out.push_back({r, roots[r].key.first_va() + offset, kNone, made});
        for (const PendingId p : t.stale) {
            const StalePlace place = stale_root(p);
            if (place.root != kNone) out.push_back({place.root, place.va + offset, p, made});
        }
        for (const Table::Parent& p : t.parents) {
            const Table& up = tables_[p.table];
            climb(up, offset + p.index * level_span(up.granule, up.level), std::max(made, written(p.table, p.index)),
                  roots, stale_root, out);
        }
    }
    TableId find(u64 pa, u8 level, Granule g, u32 entries) const;
    TableId make(u64 pa, u8 level, Granule g, u32 entries);
    void scan(TableId id);
    void reap(TableId id);  // destroys it, and what only it led to, if nothing leads to it
    void unwatch(const Table& table);

    InnerDomain& domain_;
    std::vector<Table> tables_;
    std::vector<TableId> free_;
    using ByPage = std::pmr::unordered_map<u64, TableId>;
    std::pmr::unsynchronized_pool_resource pool_;
    std::array<ByPage, 3> by_page_{ByPage(&pool_), ByPage(&pool_),
                                   ByPage(&pool_)};  // PA >> granule shift -> first table
    u64 by_page_count_ = 0;
};

}  // namespace bbmsim::mmu
