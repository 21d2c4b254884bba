// SPDX-License-Identifier: Apache-2.0
// The inside of one Mmu, shared by its source files: mmu.cpp (look-ups), mmu_walk.cpp (misses), mmu_maintenance.cpp
// (TLBI, stale marking, inspection), address_translate.cpp (AT).
#pragma once

#include "models/mmu/conflict.hpp"
#include "models/mmu/event.hpp"
#include "models/mmu/mmu.hpp"
#include "models/mmu/regime.hpp"
#include "models/mmu/tlb.hpp"
#include "models/mmu/walk.hpp"

namespace bbmsim::mmu {

// The configuration with the structures that nasty.retain and nasty.conflicts mean.
MmuConfig nasty_structures(MmuConfig config);

struct Mmu::Impl {
    Impl(Mmu& owner, const RamView& ram_view, EventBus& event_bus, u64 seed);

    // --- look-ups (mmu.cpp)
    Outcome translate_off(const Request& q);
    Outcome translate_on(const Request& q);
    // One match or the outcome of several; null in `use` with out.fault set: conflict abort.
    TlbEntry* settle(const MatchSet& matches, const Request& q, u64 va, Outcome& out);
    void note_stale(const TlbEntry& e, u64 va);
    // Permission check and result for an entry that answers. False: a write needs the dirty state set by a walk.
    bool finish(const TlbEntry& e, const Request& q, u64 va, Outcome& out) const;

    Outcome set_dirty(const Request& q, u64 va, const Outcome& so_far);
    void add_other_structure(MatchSet& matches, u64 va);
    static bool same_source(const TlbEntry& a, const TlbEntry& b, u64 va);

    // --- misses (mmu_walk.cpp)
    // missed: no entry of the L1 that is filled answered va before, so that only smaller ones can overlap.
    // `prompt`: late_walk is not asked.
    Outcome walk_and_fill(const Request& q, u64 va, Outcome out, bool missed = true, bool prompt = false);
    TlbEntry* fill(Structure which, const TlbEntry& e, u64 va, bool missed = true);
    void drop_clean(u64 va);
    void update_descriptor(u64 desc_pa, u64 value);

    // --- the nasty TLB (mmu_nasty.cpp)
    bool pick_mapped(const HalfRegime& half, unsigned upper, u64& va);
    void speculate();
    bool sets_access_flag(const Request& q, const TlbEntry& walked_to, const WalkEnd& end);
    [[nodiscard]] bool moved(const TlbEntry& e, u64 va) const;
    bool coalesce(Structure which, TlbEntry& e, u64 va);
    [[nodiscard]] TlbEntry member_of(const TlbEntry& wide, u64 va) const;
    [[nodiscard]] static bool all_alike(const MatchSet& matches, u64 va);
    bool postpone(const Tlbi& op);
    u32 invalidate_now(const Tlbi& op);

    // --- descriptors that change (mmu_maintenance.cpp)
    enum class OriginChange : u8 { kUnrelated, kBenign, kStale };
    static OriginChange compare_origin(TlbEntry& e, u64 desc_pa, u64 new_value);
    [[nodiscard]] bool origin_is_current(const TlbEntry& e) const;

    void archive(Archive& ar);

    // --- small things
    [[nodiscard]] u64 now() const { return mmu.now_ps ? *mmu.now_ps : 0; }
    [[nodiscard]] u64 pc() const { return mmu.current_pc ? *mmu.current_pc : 0; }
    [[nodiscard]] Tlb& tlb(Structure which) { return *structures[static_cast<unsigned>(which)]; }
    void emit_fill(EventKind kind, const TlbEntry& e, Structure which, u8 sub);
    void removed_by_tlbi(TlbEntry* e, Structure which);

    Mmu& mmu;
    const RamView ram;
    EventBus& bus;
    SplitMix64 rng;
    OriginIndex origins;
    u64 other_clock[2] = {0, 0};  // L2, walk cache
    Tlb l1i, l1d, l2, walk_cache;
    std::array<Tlb*, 4> structures;
    Context context;
    Regime regime;
    TlbEntry off_entry;            // identity, MMU off
    TlbEntry mixed;                // the last amalgamation
    std::vector<Tlbi> postponed;   // late_tlbi
    std::array<u64, 64> recent{};  // VAs of walks and of changed entries, for speculation near them
    u32 recent_count = 0;
    TlbEntry walked;  // what the last walk found; a walk writes all that it decides, so none is cleared
};

}  // namespace bbmsim::mmu
