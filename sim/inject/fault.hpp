// SPDX-License-Identifier: Apache-2.0
// A kind of fault: on which occasions it may befall a PE, and what it then does. One file for each kind.
//
// The Injector (injector.hpp) decides whether an occasion is the fault's: armed, right core, in range, the n-th, drawn.
#pragma once

#include "models/mmu/mmu.hpp"
#include "models/mmu/tlbi.hpp"
#include "sim/injection.hpp"

#include <memory>

namespace bbmsim {
class Archive;
}

namespace bbmsim::cpu {
struct Pe;
}

namespace bbmsim::sim {

class Machine;

// Something that happens to a core and that a fault may change.
struct Occasion {
    enum class Kind : u8 {
        kAccess,   // before an architecturally executed access is translated: va, access
        kWalk,     // before a table walk: va
        kTlbi,     // the PE is about to perform a TLBI, its own or another's: tlbi
        kEvent,    // an event is on its way to the PE's event register
        kWfe,      // the PE begins to wait for an event
        kPowerOn,  // somebody asks PSCI to power the PE on
        kMoment,   // nothing else: armed, or at its symbol
        kCount
    };
    Kind kind;
    u64 va = 0;
    Access access = Access::kRead;
    const mmu::Tlbi* tlbi = nullptr;
    u64 pc = 0, time_ps = 0;  // where and when, if it is not the PE's own doing
    // What a fault answers.
    bool taken = false;   // kAccess: the access takes a TLB conflict abort; kTlbi: the PE does not perform it (now)
    mmu::Fault fault;     // kWalk
    u64 delay_ps = 0;     // kEvent: later by so much; kWfe: woken after so much, if `taken`
    i64 psci_result = 0;  // kPowerOn: the answer, if `taken`
};

class Fault {
public:
    explicit Fault(Injection spec) : spec(std::move(spec)) {}
    virtual ~Fault() = default;
    Fault(const Fault&) = delete;

    [[nodiscard]] virtual Occasion::Kind occasion() const = 0;
    // Of those in range: true, if this one counts.
    [[nodiscard]] virtual bool applies(const Occasion&, const cpu::Pe&, Machine&) { return true; }
    // Its turn. False: it could not be done after all, and has not fired.
    virtual bool act(Occasion& o, cpu::Pe& pe, Machine& machine) = 0;

    // A fault that goes on after it fired sees every occasion of its core, without being asked whose turn it is.
    [[nodiscard]] virtual bool goes_on() const { return false; }
    virtual void watch(Occasion&, const cpu::Pe&) {}
    // What it does later by itself: the board time of it, and doing it.
    [[nodiscard]] virtual u64 due_ps() const { return ~u64{0}; }
    virtual void do_due(u64, Machine&) {}
    // A symbol at which it takes a look, whoever executes it.
    [[nodiscard]] virtual std::string looks_at() const { return {}; }
    virtual void look(const cpu::Pe&, Machine&) {}
    virtual void archive(Archive&) {}  // what it remembers

    const Injection spec;
};

// Throws std::invalid_argument that names the kind or the setting.
std::unique_ptr<Fault> make_fault(const Injection& spec);

// One for each kind: checks its own settings.
std::unique_ptr<Fault> make_tlb_conflict(const Injection& spec);
std::unique_ptr<Fault> make_lost_tlbi(const Injection& spec);
std::unique_ptr<Fault> make_late_tlbi(const Injection& spec);
std::unique_ptr<Fault> make_stale_entry(const Injection& spec);
std::unique_ptr<Fault> make_walk_abort(const Injection& spec);
std::unique_ptr<Fault> make_walk_fault(const Injection& spec);
std::unique_ptr<Fault> make_descriptor_flip(const Injection& spec);
std::unique_ptr<Fault> make_tlb_flip(const Injection& spec);
std::unique_ptr<Fault> make_delayed_sev(const Injection& spec);
std::unique_ptr<Fault> make_spurious_wake(const Injection& spec);
std::unique_ptr<Fault> make_stall(const Injection& spec);
std::unique_ptr<Fault> make_cpu_on_failure(const Injection& spec);

// --- what several kinds need (common.cpp)
// Which translation structure the setting `structure` names; `otherwise` without it. Never the walk cache.
mmu::Structure structure_of(const Injection& spec, mmu::Structure otherwise);
// The level at which a walk of va ends now, for the fault to report; the setting `level` overrides it.
u8 level_for(const Injection& spec, const mmu::WalkResult& walk);

}  // namespace bbmsim::sim
