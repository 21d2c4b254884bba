// SPDX-License-Identifier: Apache-2.0
// Parameters of one PE's MMU: plain data, the same field names as in Python. Every figure can be overridden.
//
// `visit_fields(config, visitor)` calls visitor(name, field) for every field in order; nested structs are passed as
// they are. It is the single list from which Python's dictionaries, `--cores x:field=value` and the record are made.
#pragma once

#include "models/mmu/types.hpp"

#include <string>
#include <vector>

namespace bbmsim::mmu {

enum class Policy : u8 { kFifo, kRandom, kNru, kPlru, kLru };  // replacement
// What an access that hits several entries does (R_FVQCK).
enum class ConflictBehaviour : u8 { kAbort, kFirst, kLast, kRandom, kAmalgamate };
enum class ConflictOn : u8 { kFetch, kData, kBoth };  // accesses that raise the abort; the others take `first`
enum class InvalidationPolicy : u8 { kMinimal, kTypical };

struct TlbConfig {
    u32 entries = 48;  // 0: the structure is absent
    u32 ways = 48;     // ways == entries: fully associative; must divide entries, sets a power of two
    Policy policy = Policy::kLru;
    u32 hit_cycles = 0;       // added to an access that this structure answers
    u8 max_block_shift = 48;  // larger translations are held as splinters of 2^n bytes (A53: 1 GiB held as 512 MiB)
};

// Powers of the nasty TLB, each on its own: what the architecture permits and hardware rarely does.
struct NastyConfig {
    bool speculate = false;  // walks of any reachable entry, data and fetch, at any time (R_SQBCS, I_RCGCH)
    bool retain = false;     // entries leave the L2 TLB and the walk cache by TLBI only; L1 entries leave for no reason
    bool splinter = false;   // blocks are held in L1 as smaller pieces of any size (R_LGSCG)
    bool late_tlbi = false;  // a TLBI takes effect when its DSB completes, not before (R_YNJCP)
    bool late_walk = false;  // walks may read a descriptor's former value until its writer's DSB, or for window_ns
    bool conflicts =
        false;  // several matches: an abort, any of them, or a mixture, drawn each time (R_FVQCK); nT likewise
    bool coalesce = false;  // neighbouring pages or blocks of consecutive addresses and equal attributes are one entry
    bool access_flags = false;  // walks that no instruction asked for set the Access flag, if TCR.HA=1 (R_LHQRX)
    u32 interval_ns = 500;      // mean time between disturbances of a PE
    u32 window_ns = 2000;       // longest delay of late_tlbi and late_walk
    [[nodiscard]] bool walks() const { return speculate || access_flags; }
    [[nodiscard]] bool disturbs() const { return walks() || retain; }
};

struct MmuConfig {
    TlbConfig l1i_tlb{48, 48, Policy::kLru, 0, 48};
    TlbConfig l1d_tlb{48, 48, Policy::kLru, 0, 48};
    TlbConfig l2_tlb{1024, 4, Policy::kPlru, 5, 48};
    TlbConfig walk_cache{64, 4, Policy::kLru, 0, 48};  // table descriptors of levels 0 to 2
    u32 walk_read_cycles = 10;                         // per descriptor that a walk reads
    u32 walk_start_cycles = 4;                         // per walk
    u32 bbml = 0;                                      // ID_AA64MMFR2_EL1.BBM: 0, 1, 2 or 3
    bool conflict_free = false;  // never a TLB conflict abort for changes that level 2 permits (Linux's allow-list)
    ConflictBehaviour conflict = ConflictBehaviour::kAbort;
    ConflictOn conflict_on = ConflictOn::kBoth;
    bool conflict_across_structures = false;  // matches in L1 and L2 for one lookup are a conflict too
    bool nt_faults = true;  // an access through nT=1 takes a Translation fault (R_MRRPW); false: it is translated
    InvalidationPolicy invalidation = InvalidationPolicy::kTypical;
    bool tlbi_empties_l1 = false;  // every TLBI empties both L1 TLBs (Cortex-A55)
    u32 pa_bits = 40;              // ID_AA64MMFR0_EL1.PARange: 32 36 40 42 44 48
    u32 asid_bits = 16;            // 8 or 16
    bool granule_4k = true, granule_16k = true, granule_64k = true;
    bool hafdbs_af = true, hafdbs_dirty = true;  // hardware access flag, dirty state
    bool tlbirange = true;                       // FEAT_TLBIRANGE
    NastyConfig nasty;
};

template <class V>
void visit_fields(TlbConfig& c, V&& v) {
    v("entries", c.entries);
    v("ways", c.ways);
    v("policy", c.policy);
    v("hit_cycles", c.hit_cycles);
    v("max_block_shift", c.max_block_shift);
}
template <class V>
void visit_fields(NastyConfig& c, V&& v) {
    v("speculate", c.speculate);
    v("retain", c.retain);
    v("splinter", c.splinter);
    v("late_tlbi", c.late_tlbi);
    v("late_walk", c.late_walk);
    v("conflicts", c.conflicts);
    v("coalesce", c.coalesce);
    v("access_flags", c.access_flags);
    v("interval_ns", c.interval_ns);
    v("window_ns", c.window_ns);
}
template <class V>
void visit_fields(MmuConfig& c, V&& v) {
    v("l1i_tlb", c.l1i_tlb);
    v("l1d_tlb", c.l1d_tlb);
    v("l2_tlb", c.l2_tlb);
    v("walk_cache", c.walk_cache);
    v("walk_read_cycles", c.walk_read_cycles);
    v("walk_start_cycles", c.walk_start_cycles);
    v("bbml", c.bbml);
    v("conflict_free", c.conflict_free);
    v("conflict", c.conflict);
    v("conflict_on", c.conflict_on);
    v("conflict_across_structures", c.conflict_across_structures);
    v("nt_faults", c.nt_faults);
    v("invalidation", c.invalidation);
    v("tlbi_empties_l1", c.tlbi_empties_l1);
    v("pa_bits", c.pa_bits);
    v("asid_bits", c.asid_bits);
    v("granule_4k", c.granule_4k);
    v("granule_16k", c.granule_16k);
    v("granule_64k", c.granule_64k);
    v("hafdbs_af", c.hafdbs_af);
    v("hafdbs_dirty", c.hafdbs_dirty);
    v("tlbirange", c.tlbirange);
    v("nasty", c.nasty);
}

// Problems in a configuration, one line each: "l2_tlb.ways=5 does not divide entries=1024". Empty: it is sound.
std::vector<std::string> validate(const MmuConfig& config);

}  // namespace bbmsim::mmu
