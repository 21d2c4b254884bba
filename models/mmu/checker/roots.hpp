// SPDX-License-Identifier: Apache-2.0
// Translation table base registers as the checker sees them: which tables are roots, which PE walks from which root
// with which ASID, and which PE may still hold entries of a root that it has left.
//
// A PE reaches a root from the context synchronization that names it until the next that does not. What it cached in
// between stays (residue) until a TLBI completes on it: VMALL ends all of it, ASID ends table and non-global entries
// of that ASID, and by-address forms end single entries, which a short log per PE remembers.
#pragma once

#include "models/mmu/checker/rules/rule.hpp"
#include "models/mmu/mmu.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <unordered_map>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::mmu {

using RootId = u32;
using TableId = u32;
inline constexpr u32 kNone = ~u32{0};

// What tells two roots apart. The VA of entry 0 follows from half and input size.
struct RootKey {
    u64 pa = 0;
    u8 start_level = 0;
    u8 input_bits = 48;
    u8 half = 0;  // 1: TTBR1
    Granule granule = Granule::k4K;
    bool operator==(const RootKey&) const = default;
    [[nodiscard]] u64 first_va() const { return half ? ~u64{0} << input_bits : 0; }
    [[nodiscard]] u32 entries() const { return u32{1} << (input_bits - level_shift(granule, start_level)); }
};
// The root that TTBR<half> of this context names; false if it translates nothing (MMU off, EPD).
bool root_of(const Context& context, unsigned half, RootKey& key);

struct AsidUse {  // one PE walks, or walked, from one root with this ASID
    u16 asid = 0;
    bool reaching = false;
    u64 left = 0;             // when it stopped
    u64 read = 0;             // until when it read on, from walk-cache entries, beside a TLBI that was under way
    u64 flushed = 0;          // a TLBI of all it covers completed while it was reaching
    bool ending = false;      // one was issued since it stopped: what it fills until that is complete goes with it,
    bool ending_all = false;  // and if it is of everything, global entries too
};

struct Root {
    RootKey key;
    TableId table = kNone;
    bool alive = false;
    PeMask reach = 0;    // PEs that walk from it now
    PeMask residue = 0;  // PEs that may hold its table and non-global entries though they don't
    PeMask global = 0;   // PEs that may hold its global entries, reaching or not
    enum class Globals : u8 { kUnknown, kNone, kSome } globals{};  // valid leaves below it, or that were there
    u64 last_made = 0;                                             // when a valid entry was last written below it
    u32 first_pending = kNone;                                     // list of pending old values (pending.hpp)
    std::vector<std::vector<AsidUse>> uses;                        // by PE, sorted by ASID
    std::vector<u64> left;                                         // by PE: when it last stopped reaching
    std::vector<u64> lingered;  // by PE: until when it could go on from walk-cache entries
    std::vector<u64> resumed;   // by PE: since when, if it had stopped in between
    void archive(Archive& ar);
};

// A completed TLBI by address, as far as a PE that has left a root is concerned.
struct FlushedSpan {
    u64 va = 0, bytes = 0;
    u64 issued = 0;
    u16 asid = 0;
    bool any_asid = false, last_level_only = false;
    Granule granule = Granule::k4K;
    int ttl_level = -1;
    u64 completed = 0;
};

// Does a TLBI by address remove an entry of this kind at this place? The ASID is the caller's to judge.
bool span_removes(const FlushedSpan& span, DescKind kind, u64 va, unsigned level, Granule g);

class Roots {
public:
    void add_pe(PeId pe);

    [[nodiscard]] Root& operator[](RootId id) { return roots_[id]; }
    [[nodiscard]] const Root& operator[](RootId id) const { return roots_[id]; }
    [[nodiscard]] RootId find(const RootKey& key) const;
    RootId make(const RootKey& key, TableId table);
    void drop(RootId id);
    // Roots of which the PE may hold something: f(id).
    template <class F>
    void for_each_touched(PeId pe, F&& f) const {
        for (const RootId id : touched_[pe]) f(id);
    }
    template <class F>
    void for_each(F&& f) {
        for (RootId id = 0; id < roots_.size(); ++id)
            if (roots_[id].alive) f(id, roots_[id]);
    }

    void enter(RootId id, PeId pe, u16 asid);
    // What the PE translates with from now on: its roots by half (kNone: none), and the ASID.
    void set_current(PeId pe, const std::array<RootId, 2>& reaching, u16 asid) { current_[pe] = {reaching, asid}; }
    // Until now it could fill from what it held of roots that it had left with the ASID in force.
    void still_lingered(PeId pe, u64 now);
    // It reads what was just written there, from walk-cache entries that it holds of it.
    void reads_on(RootId id, PeId pe, u64 now);
    // After a change of what the PE translates with, at `change`: it may go on from what it holds of roots that it
    // left.
    void resumes(PeId pe, u64 change, u64 now);
    // A TLBI of all, or by ASID, was issued for the PE.
    void flush_issued(PeId pe, std::optional<u16> asid);
    // It left the root, and translates with an ASID with which it walked there: its walk-cache entries still answer.
    [[nodiscard]] bool lingers(RootId id, PeId pe) const;
    void leave(RootId id, PeId pe, u64 now);
    // A PE has left a root that had been empty since its last flush (a process that exited): it holds nothing of it.
    void forget(RootId id, PeId pe);
    [[nodiscard]] bool flushed_since_made(RootId id, PeId pe) const;
    // A VMALL or ASID TLBI that was issued at `issued` has completed on pe. Appends the roots that changed.
    void vmall_completed(PeId pe, u64 issued, std::vector<RootId>& changed);
    void asid_completed(PeId pe, u16 asid, u64 issued, u64 now, std::vector<RootId>& changed);
    void span_completed(PeId pe, FlushedSpan span, u64 now);

    // The ASIDs with which pe may hold an entry of the root that came into being at `made`: f(asid).
    template <class F>
    void for_each_asid(RootId id, PeId pe, u64 made, F&& f) const {
        const bool linger = lingers(id, pe);
        for (const AsidUse& u : roots_[id].uses[pe])
            if (u.reaching || std::max(u.left, u.read) > made || (linger && u.asid == current_[pe].asid)) f(u.asid);
    }
    // Those with which it came by before, and may hold such an entry since then.
    template <class F>
    void for_each_asid_left(RootId id, PeId pe, u64 made, F&& f) const {
        for (const AsidUse& u : roots_[id].uses[pe])
            if (std::max(u.left, u.read) > made) f(u.asid);
    }
    // PEs of the mask that translate with another ASID now.
    [[nodiscard]] PeMask with_other_asid(PeMask pes, u16 asid) const {
        PeMask others = 0;
        for (; pes; pes &= pes - 1) {
            const auto pe = static_cast<PeId>(std::countr_zero(pes));
            if (current_[pe].asid != asid) others |= pe_bit(pe);
        }
        return others;
    }
    // Every one of them is `asid`.
    [[nodiscard]] bool only_asid(RootId id, PeId pe, u16 asid, u64 made) const;
    // Until when the PE could read entries of this level.
    [[nodiscard]] u64 left_at(RootId id, PeId pe, unsigned level) const {
        const Root& r = roots_[id];
        return level == r.key.start_level ? r.left[pe] : std::max(r.left[pe], r.lingered[pe]);
    }
    // TLBIs by address that have completed on this PE and removed this entry of a root that it left: is f(span) true of
    // one?
    template <class F>
    [[nodiscard]] bool any_span(RootId id, PeId pe, u64 value, DescKind kind, u64 va, unsigned level, u64 made,
                                F&& f) const {
        const Root& r = roots_[id];
        const bool any = kind == DescKind::kLeaf && desc_global(value);
        for (const FlushedSpan& s : flushed_[pe]) {
            if (s.issued <= r.left[pe] || !span_removes(s, kind, va, level, r.key.granule)) continue;
            if ((any || s.any_asid || only_asid(id, pe, s.asid, made)) && f(s)) return true;
        }
        return false;
    }
    // PEs of the mask with any TLBI by address on record that touches [va, va + bytes).
    [[nodiscard]] PeMask flushed_near(PeMask pes, u64 va, u64 bytes) const;
    void archive(Archive& ar);

private:
    void refresh(Root& root, PeId pe);

    static constexpr std::size_t kLoggedSpans = 1024;
    struct KeyHash {
        std::size_t operator()(const RootKey& k) const {
            return (k.pa ^ k.input_bits ^ (u64{k.half} << 8) ^ (static_cast<u64>(k.granule) << 9)) *
                   0x9e3779b97f4a7c15ULL;
        }
    };
    std::vector<Root> roots_;
    std::vector<RootId> free_;
    std::unordered_map<RootKey, RootId, KeyHash> by_key_;
    std::vector<std::vector<RootId>> touched_;       // by PE: roots of which it may hold something
    std::vector<std::vector<FlushedSpan>> flushed_;  // by PE, a ring once it is full
    std::vector<std::size_t> next_span_;
    struct Current {
        std::array<RootId, 2> reaching{kNone, kNone};
        u16 asid = 0;
        void archive(Archive& ar);
    };
    std::vector<Current> current_;  // by PE
};

}  // namespace bbmsim::mmu
