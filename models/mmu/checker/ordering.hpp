// SPDX-License-Identifier: Apache-2.0
// The order of the checker's world: a sequence number for every event, which descriptor writes a DSB has ordered, and
// which writes the whole-regime TLBIs (VMALL) have cleaned at which PE, in constant time however many are pending.
//
// A write by p at time w is ordered for a TLBI of q if p executed a DSB after w, or q first synchronized with p's write
// (acquire, DMB, exception) and then executed a DSB itself. The DSB's domain must cover the TLBI's
// (R_PSMWS).
#pragma once

#include "models/mmu/tlbi.hpp"
#include "models/mmu/types.hpp"

#include <array>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::mmu {

class Ordering {
public:
    void add_pe(PeId pe);
    u64 tick() { return ++now_; }
    [[nodiscard]] u64 now() const { return now_; }

    void acquire(PeId pe);
    // True: TLBIs of this PE that such a DSB waits for are complete now.
    void dsb(PeId pe, BarrierDomain domain, BarrierType type);
    [[nodiscard]] static bool completes(TlbiScope scope, BarrierDomain domain, BarrierType type) {
        // Only a DSB of both access types completes TLB maintenance.
        if (type != BarrierType::kAll) return false;
        if (scope == TlbiScope::kOuter) return domain == BarrierDomain::kOuter || domain == BarrierDomain::kFull;
        return scope == TlbiScope::kLocal || domain != BarrierDomain::kNon;
    }
    [[nodiscard]] bool ordered(PeId writer, u64 written, PeId issuer, TlbiScope scope) const;

    void issue_vmall(PeId issuer, TlbiScope scope, PeMask targets);
    // Completes the issuer's outstanding VMALLs of one scope: f(targets, when they were issued), each PE in one call.
    template <class F>
    void complete_vmall(PeId issuer, TlbiScope scope, F&& f) {
        for (Outstanding& o : pes_[issuer].outstanding[static_cast<unsigned>(scope)]) {
            if (!o.targets) continue;
            complete(o);
            f(o.targets, o.issued);
            o.targets = 0;
        }
    }

    // Of a write by `writer` at `written`: has a completed VMALL cleaned it at `pe`?
    [[nodiscard]] bool vmall_cleaned(PeId pe, PeId writer, u64 written) const {
        return pes_[pe].clean[slot(writer)] > written;
    }
    [[nodiscard]] PeMask vmall_cleaned(PeMask pes, PeId writer, u64 written) const;
    // When the last VMALL that is complete at `pe` was issued.
    [[nodiscard]] u64 vmall_done(PeId pe) const { return pes_[pe].flushed; }
    // For the finding's name: a VMALL for `pe` was issued after the write was ordered / at all / only for another PE,
    // which is meant to clean the value: by its writer, or by a PE that could hold it too (`flushers`). A local flush
    // by a PE that has nothing to do with the value is no flush of it.
    [[nodiscard]] bool vmall_issued(PeId pe, PeId writer, u64 written) const {
        return pes_[pe].issued[slot(writer)] > written;
    }
    // PEs at which a VMALL of this issuer will have cleaned the write once its DSB completes it.
    [[nodiscard]] PeMask vmall_under_way(PeId issuer, TlbiScope scope, PeId writer, u64 written) const {
        if (issuer >= pes_.size()) return 0;
        PeMask pes = 0;
        for (const Outstanding& o : pes_[issuer].outstanding[static_cast<unsigned>(scope)])
            if (o.ordered[slot(writer)] > written) pes |= o.targets;
        return pes;
    }
    [[nodiscard]] bool vmall_since(PeId pe, u64 written) const { return pes_[pe].last_vmall > written; }
    [[nodiscard]] bool vmall_elsewhere(PeId pe, PeMask flushers, u64 written) const;
    void archive(Archive& ar);

private:
    using PerWriter = std::vector<u64>;  // by writer; the last slot is for writers that are no PE
    struct Outstanding {                 // VMALLs for PEs that nothing was issued for since; unused without targets
        PeMask targets = 0;
        u64 issued = 0;
        PerWriter ordered;
        void archive(Archive& ar);
    };
    struct State {
        // Index 0: any domain; 1: Inner Shareable or wider.
        std::array<u64, 2> dsb{}, chained{};
        u64 acquired = 0, last_vmall = 0, last_local_vmall = 0, flushed = 0;
        PerWriter clean, issued;
        std::array<std::vector<Outstanding>, 3> outstanding;  // by TlbiScope
        void archive(Archive& ar);
    };
    [[nodiscard]] unsigned slot(PeId writer) const { return writer < pes_.size() ? writer : slots_ - 1; }
    void complete(const Outstanding& o);
    [[nodiscard]] u64 ordered_until(PeId writer, PeId issuer, unsigned width) const;

    std::vector<State> pes_;
    unsigned slots_ = 1;
    u64 now_ = 0;
};

}  // namespace bbmsim::mmu
