// SPDX-License-Identifier: Apache-2.0
// The checker's parts together. Private to this folder: judge.cpp (stores), holders.cpp (who may hold what),
// left_values.cpp, end_of_run.cpp, contexts.cpp (roots, power),
// maintenance.cpp (barriers, TLBIs), report.cpp (violations, notes), hazards.cpp (what PEs really used).
#pragma once

#include "models/mmu/checker/bbm_checker.hpp"
#include "models/mmu/checker/compare.hpp"
#include "models/mmu/checker/hardware_updates.hpp"
#include "models/mmu/checker/live_tables.hpp"
#include "models/mmu/checker/ordering.hpp"
#include "models/mmu/checker/pending.hpp"
#include "models/mmu/checker/roots.hpp"
#include "models/mmu/checker/tlbi_log.hpp"
#include "models/mmu/inner_domain.hpp"

#include <array>
#include <bit>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>

namespace bbmsim::mmu {

template <class F>
void for_each_pe(PeMask mask, F&& f) {
    for (; mask; mask &= mask - 1) f(static_cast<PeId>(std::countr_zero(mask)));
}

struct BbmChecker::Impl {
    explicit Impl(InnerDomain& d)
        : domain(d), tables(d), pending(ordering, roots, tables), comparer(d.ram), unread(d) {}

    // Where and by whom: what every finding needs.
    struct Site {
        PeId writer;
        u64 pc, now_ps;
        u64 desc_pa, va;
        RootId root;
        u8 level;
        Granule granule;
        u64 before, after;
        std::string detail{};  // what more the text says
        void archive(Archive& ar);
    };
    // A change of registers under which a half's translations are cached, not flushed yet.
    struct Reinterpretation {
        u64 at = 0;  // sequence number; 0: none
        Site site{};
        void archive(Archive& ar);
    };
    struct Pe {
        CheckerPe promise;
        PeView view;
        Context context;
        bool online = true;
        bool dormant = false;  // off, or its MMU has not been on since: what it holds matters when it is
        std::array<RootId, 2> reaching{kNone, kNone};  // through TTBR0, TTBR1
        u64 writes[4] = {};
        Context translated;  // the last context with the MMU on
        std::array<std::vector<Reinterpretation>, 2> reinterpreted;
        // By half, roots that it left whose entries may answer beside those of the root that it walks now.
        std::array<std::vector<RootId>, 2> strangers;
        std::unordered_map<u64, u64> made;  // entries it made valid since it last synchronized: pc of the store
        void archive(Archive& ar);
    };
    // One store, and one descriptor that it is about to change, kept until memory has changed.
    struct Write {
        PeId writer;
        u64 pc, now_ps;
        StoreKind kind;
    };
    struct Changed {
        TableId table;
        u64 desc_pa, before, after;
        u64 covered = ~u64{0};  // bits of the descriptor that the store writes
        bool unlinks = false;   // a table that was there
    };

    void archive(Archive& ar);  // checker_state.cpp

    // judge.cpp
    void store(const Write& by, u64 pa, const u8* bytes, u64 size);
    void store_done();
    bool change(TableId table, const Changed& c, const Write& by);
    std::optional<Rule> old_meets(const Pending& p, u64 after, PeId pe, bool strict);
    void note_alike(const Site& site, PeMask held);
    PeMask take_again(const Site& site, u64& made);
    std::optional<u64> made_at(const Occurrence& place, const Site& site, u64 written);
    void write_into_gone(const Occurrence& place, const Site& site, PeMask here, u64 written, u32 index);
    void judge_change(const Occurrence& place, const Site& site, PeMask here, u64 written, TableId table);
    void judge_current(const Site& site, PeMask held, PeMask live, Pending& record, bool& matters);
    void judge_pending(const Site& site, PeMask live);
    void judge_elsewhere(const Site& site, PeMask live);
    u64 value_below(u64 value, unsigned from, Granule g, unsigned level, u64 va) const;
    // What memory says at this place now, as a value of that level.
    u64 present_value(RootId root, u64 va, unsigned level) const;
    void judge_left(const Site& site, Pending& p, PeMask visible);
    // `there`: whether it is a leaf that memory still had before the write.
    std::optional<Rule> left_below(const Site& site, const Pending& p, PeId pe, bool strict, bool* there = nullptr,
                                   const LeavesBelow* only = nullptr);
    // PEs that may hold the present value of this place.
    PeMask holders(const Occurrence& place, u64 value, DescKind kind, unsigned level);
    std::optional<u64> held_since(const Occurrence& place, const Site& site, PeMask left) const;
    PeMask lingering(const Occurrence& place, unsigned level) const;
    PeMask held_again(const Site& site) const;
    void restore(const Site& site, PeMask walkers);
    void take_leaf(Pending& parent, const Site& site, u64 written, PeMask violated, PeMask of);
    void check_group(const Site& site, TableId table, PeMask pes);
    void keep(const Site& site, PeMask held, Pending&& record);
    // What goes with a table descriptor: `left` may hold leaves below one by one, whatever they hold of the table.
    PeMask take_below(Pending& record, const Site& site, TableId table, PeMask held, PeMask left);
    void judge_apart(const Site& site, PeMask apart, PeMask visible, Pending& record);
    void issued_before(PendingId id, PeMask left);
    struct Leavers {  // PEs that left the root; `made`: when the last descriptor above was written
        PeMask pes = 0;
        RootId root = kNone;
        u64 made = 0;
    };
    std::vector<LeavesBelow> leaves_below(TableId table, u64 va, PeMask held, const Leavers& left, bool& complete);
    // `why`: what was wrong with the TLBI that was meant, if one was.
    Rule sequence_rule(const Pending& p, PeId writer, PeId pe, std::string& why) const;
    // PEs of the mask that may cache this value: it does not fault for them (R_XCLRD).
    PeMask may_cache(u64 value, DescKind kind, unsigned level, Granule g, PeMask pes) const;
    std::optional<Rule> difference(u64 before, u64 after, unsigned level, Granule g, PeId pe, bool strict);
    void end_of_run(u64 now_ps);
    PeMask online_mask() const;
    PeMask awake_mask() const;

    // contexts.cpp
    void context_sync(PeId pe, const Context& context, u64 now_ps, u64 pc);
    void enter(PeId pe, unsigned half, const RootKey& key, u16 asid, u64 now_ps, u64 pc);
    void tell_reuse(RootId root, PeId pe, u64 now_ps);
    void release_unheld(RootId root);
    [[nodiscard]] bool clashes_with_block_above(const Pending& p, PeId pe) const;
    [[nodiscard]] bool is_empty(RootId root) const;

    // other_roots.cpp
    [[nodiscard]] bool may_have_globals(RootId root);
    [[nodiscard]] bool globals_below(u64 value, unsigned level, Granule g, unsigned& budget) const;
    void note_globals(Root& root, const Site& site);
    void find_strangers(PeId pe);
    void judge_strangers(const Site& site, PeMask walkers);
    bool meets_globals(RootId former, RootId now_at, PeId pe);
    struct Met {  // a value of a root that a PE left, and one of the root that it walks, at one place
        std::optional<Rule> rule;
        u64 value = 0;
    };
    class Meeting;
    Met meet(RootId former, const Site& site, PeId pe, bool globals_only);

    // context_rules.cpp
    [[nodiscard]] bool may_hold_some(RootId root, PeId pe) const;
    bool translates_alike(const RootKey& a, const RootKey& b, PeId pe);
    void check_asid_reuse(PeId pe, unsigned half, RootId now_at, u16 asid, u64 pc, u64 now_ps);
    void check_cnp(PeId pe, u64 pc, u64 now_ps);
    void check_reinterpretation(PeId pe, const Context& context, u64 pc, u64 now_ps);
    void judge_reinterpretation(PeId pe, unsigned half);
    void reinterpretation_flushed(PeId pe, u64 issued);
    void fetched(PeId pe, u64 va, bool privileged, u64 now_ps);
    void made_valid(u64 desc_pa, PeId writer, u64 pc);
    void made_invalid(u64 desc_pa);
    void forget_unlinked();
    static constexpr std::size_t kMaxReinterpretations = 64, kMaxMade = 1 << 16;

    // hardware_rules.cpp
    void check_plain_store(const Site& site, u64 covered);
    void lost_update(const Site& site, const HardwareUpdate& update);
    std::string time_text(u64 at_ps) const;

    // maintenance.cpp
    void dsb(PeId pe, BarrierDomain domain, BarrierType type);
    void tlbi(PeId pe, const Tlbi& op);

    // report.cpp
    void violate(Rule rule, const Site& site, PeMask pes);
    using ByRule = std::array<PeMask, static_cast<unsigned>(Rule::kCount)>;
    void violate_all(Site&& site, const ByRule& broken, const std::string& why);
    void note(const Site& site, PeMask pes);
    void explain(Violation& v, RootId root) const;
    Holder describe_holder(PeId pe, const Site& site) const;

    // hazards.cpp
    void conflict(PeId pe, u64 va, u64 pc, u64 now_ps, std::span<const TlbEntry* const> matches,
                  ConflictBehaviour taken);
    void stale_use(PeId pe, u64 va, u64 pc, u64 now_ps, const TlbEntry& entry);
    enum class Cause : u8 { kNone, kViolation, kShouldBeGone, kPending };
    struct Verdict {
        Cause cause = Cause::kNone;
        int violation = -1;
        u64 desc_pa = 0, value = 0, memory = 0;
    };
    Verdict judge_entry(PeId pe, const TlbEntry& entry, u64 va);
    void hazard(HazardKind kind, PeId pe, u64 va, u64 pc, u64 now_ps, const Verdict& verdict, std::string behaviour,
                u64 matches);
    void late_hazards(u64 desc_pa, PeMask pes, int violation);

    InnerDomain& domain;
    Ordering ordering;
    Roots roots;
    LiveTables tables;
    PendingSet pending;
    Comparer comparer;
    HardwareUpdates unread;
    bool lines = false;  // times are lines of a trace
    TlbiLog tlbi_log;
    std::vector<Pe> pes;
    struct AsidIssue {
        u16 asid;
        u64 issued;
        PeMask targets;
    };
    struct SpanIssue {
        FlushedSpan span;
        PeMask targets;
    };
    struct Outstanding {
        std::vector<AsidIssue> asids;
        std::vector<SpanIssue> spans;
        void archive(Archive& ar);
    };
    std::array<std::array<Outstanding, 3>, kMaxPes> outstanding;  // by issuer and TlbiScope

    PeMask estranged = 0;  // PEs with strangers
    std::vector<Violation> violations;
    std::vector<Hazard> hazards;
    std::vector<Note> notes;
    CheckerStats stats;
    u64 broken_rules = 0;      // occurrences of violations
    u64 other_writes[4] = {};  // by the host, devices, injection

    std::map<std::tuple<u8, PeId, u64>, std::size_t> violation_at, hazard_at;
    std::map<std::pair<PeId, u64>, std::size_t> note_at;
    struct LetIn {
        int violation;
        PeMask pes;
    };
    std::unordered_map<u64, LetIn> let_in;  // by descriptor: the violation that replaced a value, and for which PEs
    // Uses of entries whose TLBI is still awaited: hazards if it never comes (finish). Bounded.
    struct Candidate {
        PeId pe;
        u64 va, pc, now_ps;
        Verdict verdict;
    };
    static constexpr std::size_t kMaxCandidates = 4096;
    std::vector<Candidate> candidates;

    // Scratch, kept to avoid allocation.
    std::vector<TableId> found;
    std::vector<Occurrence> places;
    std::vector<Changed> changed;
    std::vector<PendingId> touched;
    std::vector<RootId> touched_roots;
    std::vector<RootId> waiting;  // roots that nobody holds but for old values that are not clean
    struct Memo {
        PeView view;
        std::optional<Rule> rule;
    };
    std::vector<Memo> memo;
};

}  // namespace bbmsim::mmu
