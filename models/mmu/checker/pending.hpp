// SPDX-License-Identifier: Apache-2.0
// Old values that are not yet clean: for every valid value that was replaced in a live table, which PEs may still hold
// it and how far the sequence write, DSB, TLBI, DSB has come for each (R_DDMVT).
//
// Nothing is kept for a descriptor that is clean. Records are found by descriptor, by VA (for TLBIs by address) and by
// root (for TLBIs by ASID); VMALL needs no search, it raises an epoch (ordering.hpp). A replaced table descriptor also
// carries the leaves that were valid below it: they may be held though the table is gone.
#pragma once

#include "models/mmu/checker/live_tables.hpp"
#include "models/mmu/checker/ordering.hpp"
#include "models/mmu/checker/roots.hpp"

#include <deque>
#include <map>
#include <memory_resource>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bbmsim::mmu {

// Valid leaves of one table below a replaced table descriptor, not yet covered, by group of PEs with equal progress.
struct LeavesBelow {
    u64 va = 0, pa = 0;  // of entry 0
    u8 level = 3;
    bool any_global = false;
    std::vector<u64> values;  // by index; 0: no leaf
    struct Group {
        PeMask pes = 0;
        std::vector<u64> left;
        u32 count = 0;
        void archive(Archive& ar);
    };
    std::vector<Group> groups;
    // They outlived a return of the table: which write had taken them away.
    bool earlier = false;
    PeId writer = kNoPe;
    u64 pc = 0, now_ps = 0, written = 0;
    PeMask told = 0;  // PEs for which a finding was made then
    // These PEs no longer hold those of [first, first+count) for which `gone(index)`.
    template <class Gone>
    void clear(PeMask pes, u32 first, u32 count, Gone&& gone);
    void archive(Archive& ar);
};

template <class Gone>
void LeavesBelow::clear(PeMask pes, u32 first, u32 count, Gone&& gone) {
    for (std::size_t i = 0, n = groups.size(); i < n; ++i) {
        const PeMask both = groups[i].pes & pes;
        if (!both || !groups[i].count) continue;
        if (both != groups[i].pes) {  // the others of the group fall behind
            Group rest = groups[i];
            rest.pes &= ~both;
            groups[i].pes = both;
            groups.push_back(std::move(rest));
        }
        Group& g = groups[i];
        for (u32 bit = first; bit < first + count; ++bit) {
            u64& word = g.left[bit / 64];
            if (!((word >> (bit % 64)) & 1) || !gone(bit)) continue;
            --g.count;
            word &= ~(u64{1} << (bit % 64));
        }
    }
}

// A later write that stands for the one that took a value away: to the same descriptor, or to a table descriptor above.
struct LaterWrite {
    PeId writer = kNoPe;
    bool above = false;  // counts for TLBIs only that cover the table descriptor too
    u64 written = 0;
    void archive(Archive& ar);
};

// The last of several writes to a descriptor, if what they left there was no difference to a TLB: the TLBI belongs
// behind it. Who holds what it replaced is told of it already.
struct LastAlike {
    PeId writer = kNoPe;
    u64 pc = 0, now_ps = 0, after = 0, written = 0;
    PeMask told_already = 0;
    void archive(Archive& ar);
};

// A write whose value broke a rule for an offline PE: that is told when it comes back.
struct Met {
    u64 pa = 0, pc = 0;  // of the descriptor, and of the store
    PeId writer = kNoPe;
    void archive(Archive& ar);
};

struct Pending {
    u64 desc_pa = 0, va = 0;
    u64 before = 0, after = 0;  // the old value, and what replaced it
    u64 written = 0;            // sequence number of the replacing write
    u64 made = 0;               // of the one that had made it, if a PE had left the root then; else 0
    u64 back_at = 0;            // sequence number of the write that last brought it back
    u64 cleaned_at = 0;         // sequence number of the last TLBI that completed for the entry itself
    u64 cause_pa = 0;           // the descriptor whose write took it away, if it is not its own
    u64 pc = 0, now_ps = 0;
    PeMask holders = 0;  // PEs that may have held the old value when it was replaced
    PeMask cleaned = 0;  // of these: a covering TLBI by address or ASID has completed
    PeMask issued = 0, early = 0,
           elsewhere = 0;   // covering TLBI: issued; before the write was ordered; local to others
    PeMask broken = 0;      // PEs for which nothing valid replaced it: a break has begun
    PeMask permitted = 0;   // PEs whose FEAT_BBM level permitted the direct replacement
    PeMask deferred = 0;    // offline PEs for which a later value broke a rule
    PeMask reused = 0;      // offline PEs whose walk caches may lead to the old table, whose page was written since
    PeMask reuse_told = 0;  // PEs for which a finding was made about the old table's page: what was written is no news
    PeMask violated = 0;    // PEs for which a finding has been made
    Met met;                // the first one of those that it is deferred for
    RootId root = kNone;
    TableId child = kNone;  // the table a replaced table descriptor pointed to, if it is tracked
    PendingId next_same_desc = kNone, root_prev = kNone, root_next = kNone;
    PendingId id = kNone;
    u32 generation = 0;
    PeId writer = kNoPe;
    u8 level = 3;
    Granule granule = Granule::k4K;
    DescKind kind = DescKind::kLeaf;
    bool alive = false;
    bool many_places = false;  // seen at more places than are tracked: only VMALL cleans it
    bool finished = false;     // judged by finish()
    bool restored = false;     // it is there again: a later change is judged as one of the present value
    std::vector<LeavesBelow> below;
    std::vector<LaterWrite> later;
    std::vector<LastAlike> alike;  // one at most
    std::vector<u64> rewritten;    // descriptors of the old table's page that such a finding was made about; bounded
    static constexpr std::size_t kMostRewritten = 64;
    std::vector<std::pair<PeId, u16>> asids_done;  // PEs that use several ASIDs: those that are covered so far
    void defer(PeId pe, const Met& by) {
        if (!deferred) met = by;
        deferred |= pe_bit(pe);
    }
    void archive(Archive& ar);
};

class PendingSet {
public:
    PendingSet(Ordering& ordering, Roots& roots, LiveTables& tables)
        : ordering_(ordering), roots_(roots), tables_(tables) {}

    [[nodiscard]] Pending& operator[](PendingId id) { return records_[id]; }
    [[nodiscard]] const Pending& operator[](PendingId id) const { return records_[id]; }
    [[nodiscard]] PendingId first_of(u64 desc_pa) const {
        const auto it = by_desc_.find(desc_pa);
        return it == by_desc_.end() ? kNone : it->second;
    }
    [[nodiscard]] bool empty() const { return count_ == 0; }
    [[nodiscard]] u64 count() const { return count_; }

    // PEs that may still hold the old value / still walk through it (a table descriptor).
    [[nodiscard]] PeMask unclean(const Pending& p) const;
    [[nodiscard]] PeMask unclean_walk(const Pending& p) const { return vmall_left(p, p.holders & ~p.cleaned); }
    // Writes are ordered where the last of them to a place is: who asks for one of p asks for any that stands for it.
    template <class F>
    [[nodiscard]] bool any_write(const Pending& p, bool above, F&& f) const {
        if (f(p.writer, p.written)) return true;
        for (const LaterWrite& w : p.later)
            if ((above || !w.above) && f(w.writer, w.written)) return true;
        return false;
    }
    // PEs that can read the old value again once it is removed, unless the write that took it away is ordered.
    // Not from what `op` (and its span, if it has one) removes.
    [[nodiscard]] PeMask may_reread(const Pending& p, PeMask pes, const Tlbi* op = nullptr,
                                    const FlushedSpan* span = nullptr) const;
    // The descriptor, or the table descriptor that leads to these places, was written again; or leads there again.
    void written_again(u64 desc_pa, PeId writer, u64 written);
    void written_above(u64 desc_pa, Granule g, unsigned level, u64 va, PeId writer, u64 written);
    struct Unlinked {  // the write of a table descriptor
        u64 pa, pc, now_ps;
        PeId writer;
        u64 written;
    };
    void unlinked_above(RootId root, Granule g, unsigned level, u64 va, const Unlinked& by, const RamView& ram);
    // PEs for which a TLBI that will clean the old value is not complete yet.
    [[nodiscard]] PeMask under_way(const Pending& p) const;
    void linked_above(RootId root, Granule g, unsigned level, u64 va, u64 table, PeMask back, const RamView& ram);
    // The PE walks from the root again: TLBIs under way don't take what it may read until the write is ordered.
    void came_back(RootId root, PeId pe);
    // TLBIs under way that cover the table descriptor and this leaf below it cover the leaf's own record.
    void issued_with(const Pending& p, u32 below, u32 index, PendingId leaf);

    // Registers a filled-in record (all but links). The old value's child table keeps living through it.
    PendingId add(Pending&& record);
    // The same old value was replaced again; `away`: PEs that do not walk there.
    void restart(PendingId id, const Pending& by, PeMask away, const RamView& ram);
    void drop(PendingId id);

    // Records of one granule and level whose entry overlaps [va, va+bytes): f(Pending&). f must not add or drop.
    template <class F>
    void for_each_at(Granule g, unsigned level, u64 va, u64 bytes, F&& f) {
        auto& map = by_va_[static_cast<unsigned>(g) * 4 + level];
        if (map.empty()) return;
        const u64 first = va & ~(level_span(g, level) - 1), last = va + bytes - 1 < va ? ~u64{0} : va + bytes - 1;
        for (auto it = map.lower_bound(first); it != map.end() && it->first <= last; ++it) f(records_[it->second]);
    }
    template <class F>
    void for_each(F&& f) {
        for (PendingId id = 0; id < records_.size(); ++id)
            if (records_[id].alive) f(id, records_[id]);
    }

    // The value is in memory again: `back`, who walk there, hold it as the present one, and so the leaves below that
    // are what they were.
    void restore(PendingId id, PeMask back, const RamView& ram);
    // Everything but global leaves (or that too) of a root that the PE has left was flushed there.
    void forget(RootId root, PeId pe, bool globals);
    void issue(PeId issuer, const Tlbi& op, PeMask targets);
    // One that was issued before the write, for PEs that had left the root by then.
    void issued_before(PendingId id, PeId issuer, TlbiScope scope, const FlushedSpan& span, PeMask targets);
    void issued_before(PendingId id, PeId issuer, TlbiScope scope, u16 asid, PeMask targets);
    // A DSB of the issuer: what it issued before is complete. Appends records that may be clean now.
    void complete(PeId issuer, TlbiScope scope, std::vector<PendingId>& touched);
    // Drops every record that is clean; amortized by doing nothing unless enough has been added since.
    void sweep(bool force);
    void drop_if_clean(PendingId id);
    void archive(Archive& ar);

private:
    struct Issue {
        PendingId id;
        u32 generation;
        PeMask pes;
        u16 asid;
        bool one_asid;            // covers only this ASID: PEs with several need more
        bool entry;               // covers the record's own entry
        u32 below, first, count;  // covers these leaves of below[below]; count 0: none
        enum class Leaves : u8 { kAll, kGlobal, kNonGlobal } which = Leaves::kAll;
        bool operator==(const Issue&) const = default;
    };
    static bool takes(const Issue& issue, u64 leaf) {
        return issue.which == Issue::Leaves::kAll || desc_global(leaf) == (issue.which == Issue::Leaves::kGlobal);
    }
    // Of the mask, those that no completed VMALL has cleaned.
    [[nodiscard]] PeMask vmall_left(const Pending& p, PeMask pes) const;
    // VMALLs under way that clean this write take the old value along when they complete.
    void issued_all(Pending& p, PeId issuer, TlbiScope scope, PeMask pes);
    void vmall_issued_with(Pending& p, const LaterWrite& w);
    void cover(Pending& p, PeId issuer, const Tlbi& op, const FlushedSpan* span, PeMask targets, bool before = false);
    void apply(const Issue& issue);
    [[nodiscard]] PeMask left_before(const Pending& p, PeMask pes, u64 at) const;
    // Memory has what the PEs may hold of these leaves.
    [[nodiscard]] static bool all_present(const LeavesBelow& leaves, const RamView& ram, PeMask of = ~PeMask{0});
    static void note_issue(std::vector<Issue>& list, const Issue& issue);

    Ordering& ordering_;
    Roots& roots_;
    LiveTables& tables_;
    std::deque<Pending> records_;
    std::vector<PendingId> free_;
    u64 count_ = 0, swept_at_ = 0;
    using ByVa = std::pmr::multimap<u64, PendingId>;
    std::pmr::unsynchronized_pool_resource pool_;  // the indexes' nodes: many, small, and short-lived
    std::pmr::unordered_map<u64, PendingId> by_desc_{&pool_};
    std::array<ByVa, 12> by_va_ = [this]<std::size_t... I>(std::index_sequence<I...>) {
        return std::array<ByVa, 12>{((void)I, ByVa(&pool_))...};
    }
    (std::make_index_sequence<12>());                                     // by granule * 4 + level
    std::array<std::array<std::vector<Issue>, 3>, kMaxPes> outstanding_;  // by issuer and TlbiScope
};

}  // namespace bbmsim::mmu
