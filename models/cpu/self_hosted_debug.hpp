// SPDX-License-Identifier: Apache-2.0
// Hardware breakpoints and watchpoints as a guest uses them on itself (DDI 0487 D2.8, D2.9): DBGBVR/DBGBCR,
// DBGWVR/DBGWCR. A debugger outside is something else: debug.hpp.
//
// The registers take effect at a context synchronization event. While a breakpoint is in force the engine runs blocks
// instruction by instruction; pages with a watchpoint in force stay out of the filter. Costs nothing while none is.
//
// Models: address breakpoints, linked or not, context-ID breakpoints (the last kContextAware ones), watchpoints by
// byte mask or address mask, loads and stores, the conditions on EL, MDSCR_EL1.MDE and KDE, PSTATE.D, OS Lock and OS
// Double Lock. Where a setting is CONSTRAINED UNPREDICTABLE (reserved types and conditions, masks that aren't
// contiguous, links to what can't be linked) the point never matches. DC IVAC and failed store-exclusives without an
// open monitor trigger no watchpoint. Leaves out: AArch32 forms, VMID matching, vector catch, halting.
#pragma once

#include "models/cpu/pe.hpp"
#include "models/mmu/types.hpp"

#include <array>

namespace bbmsim {
class Archive;
}

namespace bbmsim::cpu {

class SelfHostedDebug {
public:
    static constexpr unsigned kBreakpoints = 6, kContextAware = 2, kWatchpoints = 4;  // ID_AA64DFR0_EL1

    explicit SelfHostedDebug(Pe& pe) : pe_(pe) {}

    // Debug exceptions target EL1: from EL0 always, from EL1 with KDE and D clear; never while a lock is locked.
    [[nodiscard]] static bool exceptions_enabled(const Pe& pe, u8 el, u8 daif);

    void update();  // the registers take effect
    void archive(Archive& ar);
    [[nodiscard]] bool breaking() const { return breaking_; }
    [[nodiscard]] bool watching() const { return watching_; }
    [[nodiscard]] bool watches_page(u64 va) const;

    [[nodiscard]] bool breaks_at(u64 va) const;  // a breakpoint matches the instruction that is about to execute there
    void take_breakpoint();                      // at pe.pc, outside of a block
    const Op* take_breakpoint(const Op* op);     // before `op` of a block

    // An access that translated without fault and has had no effect yet. True: the watchpoint exception is taken.
    struct DataAccess {
        u64 va = 0;
        unsigned bytes = 0;
        bool read = false, write = false;  // both: atomic
        bool privileged = true;
    };
    bool access(const Op* op, const DataAccess& access);

private:
    struct Watched {  // both inclusive, of bits 48:0
        u64 lo = 0, last = 0;
        u8 bytes = 0xff;  // selected within the doubleword at lo
        bool on_read = false, on_write = false;
        unsigned index = 0;
    };
    [[nodiscard]] bool state_matches(u64 control, bool privileged) const;
    [[nodiscard]] bool context_matches(unsigned n, bool linked) const;
    [[nodiscard]] bool link_matches(u64 control) const;
    [[nodiscard]] static bool first_watched(const Watched& w, u64 lo, u64 last, u64& at);

    Pe& pe_;
    bool breaking_ = false, watching_ = false;
    unsigned watched_count_ = 0;
    std::array<Watched, kWatchpoints> watched_{};
};

}  // namespace bbmsim::cpu
