// SPDX-License-Identifier: Apache-2.0
// One PE's MMU: translation regime EL1&0 stage 1 (VMSAv8-64), L1 I/D TLBs, unified L2 TLB, walk cache.
//
// Models: DDI 0487 D8.1 to D8.17 for 48-bit VA, granules 4K/16K/64K, TTBR0/1, hierarchical permissions, AF/dirty by
// hardware, Contiguous, nT, conflicts, all EL1 TLBIs. Leaves out: stage 2, EL2/EL3, LPA/LVA (52 bits), TTST, MTE,
// GCS, POE; SCTLR.C and SCTLR.I (their effect on cacheability).
#pragma once

#include "models/mmu/config.hpp"
#include "models/mmu/filter.hpp"
#include "models/mmu/ram_view.hpp"
#include "models/mmu/replacement/recency.hpp"
#include "models/mmu/tlb_entry.hpp"
#include "models/mmu/tlbi.hpp"
#include "models/mmu/types.hpp"

#include <memory>
#include <span>
#include <vector>

namespace bbmsim {
class Archive;
class EventBus;
}  // namespace bbmsim

namespace bbmsim::mmu {

class InnerDomain;

// The registers that a walk depends on, as they take effect at a context synchronization event.
struct Context {
    u64 sctlr = 0, tcr = 0, ttbr0 = 0, ttbr1 = 0, mair = 0;
    bool operator==(const Context&) const = default;
    [[nodiscard]] bool mmu_on() const { return sctlr & 1; }
    [[nodiscard]] bool a1() const { return (tcr >> 22) & 1; }
    [[nodiscard]] u16 asid(unsigned asid_bits) const;  // of TTBR0 or TTBR1 by TCR.A1; upper 8 bits 0 if TCR.AS=0
};

enum class FaultType : u8 {
    kNone,
    kAddressSize,
    kTranslation,
    kAccessFlag,
    kPermission,
    kExternalOnWalk,
    kTlbConflict,
    kUnsupportedUpdate
};
struct Fault {
    FaultType type = FaultType::kNone;
    u8 level = 0;
    explicit operator bool() const { return type != FaultType::kNone; }
    [[nodiscard]] u8 fsc() const;  // ESR_ELx.ISS.IFSC/DFSC; kTlbConflict: 0b110000
};

struct Request {
    u64 va = 0;  // with any tag; Mmu applies TBI from TCR
    Access access = Access::kRead;
    bool privileged = true;    // EL1 and not LDTR/STTR (or UAO)
    bool pan = false;          // PSTATE.PAN, meaningful for privileged data accesses
    bool atomic = false;       // read-modify-write: permission checked as write, reported as kWrite
    bool maintenance = false;  // cache maintenance or AT: no TLB conflict injection, no filter use
    // Nobody asked: fills what may be cached, reports no fault and no use, sets at most the Access flag.
    bool speculative = false;
};

struct Outcome {
    Fault fault;
    u64 pa = 0;
    MemAttr attr;
    TlbEntry* entry = nullptr;  // the L1 entry that now answers; null if MMU off or nothing was cached
    u32 cycles = 0;             // L2 TLB hit and walk latency, for the `walk` bucket
    bool filterable = false;  // entry may go into the filter: L1 hit costs nothing, one match, not stale, Normal memory
    bool writable = false;    // a write at this privilege would succeed with no descriptor update (dirty already)
};

struct MmuStats {  // accesses = hits + misses; L1 hits include those the filter answered (the PE adds them)
    u64 l1i_accesses = 0, l1i_misses = 0, l1d_accesses = 0, l1d_misses = 0, l2_accesses = 0, l2_misses = 0;
    u64 walk_cache_hits = 0, walks = 0, fetch_walks = 0, walk_reads = 0, walk_cycles = 0, fills = 0, evictions = 0;
    u64 conflicts = 0, conflict_aborts = 0, stale_uses = 0, hw_af_updates = 0, hw_dirty_updates = 0;
    u64 entries_invalidated = 0, tlbis_received = 0, speculative_walks = 0;
};

enum class Structure : u8 { kL1I, kL1D, kL2, kWalkCache };

// For fault injection: what an MMU is about to do, and may be kept from.
class Interceptor {
public:
    virtual ~Interceptor() = default;
    virtual Fault before_walk(u64 va) = 0;      // a fault becomes the walk's outcome
    virtual bool swallows(const Tlbi& op) = 0;  // true: nothing is invalidated
};

// Where a walk's descriptors come from, in cycles; null: each costs walk_read_cycles. Not asked for speculative walks.
class WalkMemory {
public:
    virtual ~WalkMemory() = default;
    virtual u32 read(u64 pa) = 0;
    virtual u32 update(u64 pa) = 0;  // of the access flag or dirty state, after read()
};

class Mmu {
public:
    Mmu(PeId id, const MmuConfig& config, const RamView& ram, EventBus& bus, u64 seed);
    ~Mmu();
    Mmu(const Mmu&) = delete;
    Mmu& operator=(const Mmu&) = delete;

    // Context synchronization: the registers take effect for later translations. Clears the filter if they differ.
    void set_context(const Context& context);
    [[nodiscard]] const Context& context() const;

    // One architecturally executed access. May fill, evict, update descriptors, and report to bus and checker.
    // Never crosses the caller's 4 KiB page: callers split accesses that do.
    Outcome translate(const Request& request);

    // AT S1E0R/W, S1E1R/W: value of PAR_EL1. Uses and fills TLBs as an access would; raises nothing.
    u64 address_translate(u64 va, bool write, bool el0, bool pan_variant_denies_user);

    // Removes what the TLBI requires (minimal) or what the part removes (typical). Returns entries removed.
    u32 invalidate(const Tlbi& op);
    // The nasty TLB's late_tlbi: what invalidate() put off happens now. Called where it must have happened: at the
    // issuer's DSB, before a receiver acknowledges.
    void complete_maintenance();
    // The nasty TLB, at any time: a speculative walk, an L1 entry that leaves.
    void disturb();
    void invalidate_all();  // cold reset of a core whose reset clears TLBs; host's choice

    // A descriptor changed in memory: entries whose origin read it become stale and leave the filter. Returns how many.
    u32 mark_stale(u64 desc_pa, u64 new_value);

    [[nodiscard]] std::vector<TlbEntry> entries(Structure which) const;  // valid ones, for inspection
    [[nodiscard]] bool holds_origin(u64 desc_pa) const;                  // some entry's walk read that descriptor
    bool plant(Structure which, const TlbEntry& entry);                  // puts an entry in by force (tests, injection)
    // Turns bits over of the output address and of the address of the entry that answers va there. False: none does,
    // or its span ends above the bits of oa_bits. Nothing to turn over: whether one does.
    bool flip(Structure which, u64 va, u64 oa_bits, u64 va_bits);

    void archive(Archive& ar);
    void reseed(u64 seed);  // what is drawn from now on
    // An entry by its place, for state that points to one; null is a place too.
    [[nodiscard]] u32 place_of(const TlbEntry* entry) const;
    [[nodiscard]] TlbEntry* at_place(u32 place);  // throws StateError

    TranslationFilter filter;
    MmuStats stats;
    const MmuConfig config;
    const PeId id;
    u64* now_ps = nullptr;          // the PE's local time, for origins and events; owned by the PE; may be null
    u64* current_pc = nullptr;      // likewise
    InnerDomain* domain = nullptr;  // set by InnerDomain::add
    Interceptor* interceptor = nullptr;
    WalkMemory* walk_memory = nullptr;

    // Policy touch for a hit that the filter answered; equals what translate() does on an L1 hit. Harmless for the
    // MMU-off entry.
    void touch_data(TlbEntry* entry) { touch(1, entry); }
    void touch_fetch(TlbEntry* entry) { touch(0, entry); }
    // False if touching changes nothing for the L1 policy (fifo, random): callers skip it.
    [[nodiscard]] bool touch_needed_data() const { return touch_[1] != Touch::kNothing; }
    [[nodiscard]] bool touch_needed_fetch() const { return touch_[0] != Touch::kNothing; }
    // Where touching an entry is replacement::stamp() at its index; stamps null if it is something else.
    struct Stamped {
        u64* stamps;
        u64* clock;
    };
    [[nodiscard]] Stamped data_stamps() { return stamped(1); }
    [[nodiscard]] Stamped fetch_stamps() { return stamped(0); }

    // With the MMU off translate() gives the identity through one pseudo entry (level kMmuOffLevel, span everything),
    // which may go into filter slots like any other: data is Device-nGnRnE and fetches are Normal, the engine looks at
    // RamView for what is RAM. Its gen moves at each change of context. Accesses with the MMU off are no TLB accesses:
    // the PE adds its filter hits to stats.l1?_accesses only while counts_tlb_accesses(), that is, it adds what it
    // has gathered before each set_context() (MMU on or off is constant between two of them), or looks at
    // is_mmu_off(entry).
    static constexpr u8 kMmuOffLevel = 0xff;
    [[nodiscard]] static bool is_mmu_off(const TlbEntry* entry) { return entry->level == kMmuOffLevel; }
    [[nodiscard]] bool counts_tlb_accesses() const { return context().mmu_on(); }

private:
    friend class InnerDomain;
    // How a hit changes the replacement state of [0] L1I, [1] L1D.
    enum class Touch : u8 { kNothing, kStamp, kReferenced, kInSet };
    static Touch touch_kind(const TlbConfig& config);
    void touch(unsigned l1, TlbEntry* entry) {
        if (touch_[l1] == Touch::kStamp) {
            replacement::stamp(l1_stamps_[l1], &l1_clock_[l1], entry->index);
        } else if (touch_[l1] == Touch::kReferenced) {
            l1_stamps_[l1][entry->index] = 1;
        } else if (touch_[l1] == Touch::kInSet) {
            touch_in_set(l1, entry);
        }
    }
    void touch_in_set(unsigned l1, TlbEntry* entry);
    [[nodiscard]] Stamped stamped(unsigned l1) {
        return {touch_[l1] == Touch::kStamp ? l1_stamps_[l1] : nullptr, &l1_clock_[l1]};
    }

    u64 l1_clock_[2] = {0, 0};
    u64* l1_stamps_[2] = {nullptr, nullptr};  // by TlbEntry::index; the last is the MMU-off entry's
    const Touch touch_[2];
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// A walk with no TLB, no side effect and no cost: the tables as memory holds them now. For AT-like inspection,
// sim.walk(), the census and tests. `steps` receives (descriptor pa, value, level) root first.
struct WalkStep {
    u64 pa;
    u64 value;
    u8 level;
};
struct WalkResult {
    Fault fault;
    u64 pa = 0;
    u8 level = 0;
    u64 span_bytes = 0;
    MemAttr attr;
    Permissions perms;
    bool global = false, contiguous = false;
    std::vector<WalkStep> steps;
};
WalkResult inspect_walk(const RamView& ram, const Context& context, const MmuConfig& config, u64 va);

}  // namespace bbmsim::mmu
