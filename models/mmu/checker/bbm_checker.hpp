// SPDX-License-Identifier: Apache-2.0
// The break-before-make checker: watches live translation tables and judges every change of a live descriptor by
// DDI 0487 D8.17 (R_WHZWS, R_DDMVT, R_PVTFW, R_KHRBC, R_GPPYH, R_YNJCP, R_PSMWS, R_TGVWD, I_WZCBG).
//
// Knows no CPU and no time base: it is told, in global execution order, of stores to watched pages, barriers, TLBIs
// and context synchronizations, each with its PE. Liveness is about holders (design: mechanism 4).
#pragma once

#include "models/mmu/checker/findings.hpp"
#include "models/mmu/mmu.hpp"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::mmu {

class InnerDomain;

struct CheckerPe {  // what a PE promises, from its MmuConfig
    u32 bbml = 0;
    bool conflict_free = false;
    u32 asid_bits = 16;
    bool hardware_af = true, hardware_dirty = true;  // FEAT_HAFDBS; TCR.HA and HD are RES0 without it
};

class BbmChecker {
public:
    explicit BbmChecker(InnerDomain& domain);
    ~BbmChecker();

    void add_pe(PeId pe, const CheckerPe& promise);

    // --- from InnerDomain: a store to a page with kWatched, before memory changes; new_bytes will be written at pa.
    void on_store(PeId writer, PhysAddr pa, const void* new_bytes, u64 size, u64 pc, u64 now_ps,
                  StoreKind kind = StoreKind::kPlain);
    // --- after memory changed (links scan the new table here)
    void on_store_done(PeId writer, PhysAddr pa, u64 size, u64 now_ps);

    // --- a load from a page with kHwUpdated: what hardware made of the descriptors there is known from now on
    void on_load(PhysAddr pa, u64 size);

    // --- from the PEs
    // ISB, exception entry and return; also those that change nothing. MMU on or off.
    void on_context_sync(PeId pe, const Context& context, u64 now_ps, u64 pc = 0);
    void on_dsb(PeId pe, BarrierDomain domain, BarrierType type);  // at its completion
    void on_tlbi(PeId pe, const Tlbi& op);                         // at its issue
    // Something that orders this PE after other PEs' earlier stores (acquire load, DMB, taken interrupt): its own DSB
    // may from then on order their descriptor writes (barriers may come from another PE).
    void on_acquire(PeId pe);
    void on_power(PeId pe, bool online);  // CPU_ON / CPU_OFF: an offline PE receives no broadcast

    // --- from Mmu
    void on_fill();
    // An architectural instruction fetch that no filter answered.
    void on_fetch(PeId pe, u64 va, bool privileged, u64 now_ps);
    void on_conflict(PeId pe, u64 va, u64 pc, u64 now_ps, std::span<const TlbEntry* const> matches,
                     ConflictBehaviour taken);
    void on_stale_use(PeId pe, u64 va, u64 pc, u64 now_ps, const TlbEntry& entry);

    // Times are lines of a trace: for texts that name one.
    void time_is_lines();
    // End of a phase or run: direct replacements that nobody flushed (BBM-NO-TLBI has no deadline).
    void finish(u64 now_ps);

    [[nodiscard]] const std::vector<Violation>& violations() const;
    [[nodiscard]] const std::vector<Hazard>& hazards() const;
    [[nodiscard]] const std::vector<Note>& notes() const;
    [[nodiscard]] const CheckerStats& stats() const;

    // Descriptor writes to live tables by PE and level, for phases.
    [[nodiscard]] const u64 (&writes_by(PeId pe) const)[4];

    void archive(Archive& ar);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bbmsim::mmu
