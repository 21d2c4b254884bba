// SPDX-License-Identifier: Apache-2.0
// Injected faults: which are armed, whose turn it is, what they did, and how the guest took it. A core pays for what it
// is hooked for: one access hook covers the union of the ranges of its live faults, and only while there is one, since
// hooked accesses leave the filter; walks and TLBIs ask one pointer.
#pragma once

#include "models/cpu/pe.hpp"
#include "models/mmu/event.hpp"
#include "sim/inject/fault.hpp"
#include "sim/injection.hpp"

#include <memory>
#include <string>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

class Machine;

class Injector final : private EventSink {
public:
    Injector(Machine& machine, EventBus& bus, unsigned cores, u64 seed);
    ~Injector() override;
    Injector(const Injector&) = delete;

    u32 add(const Injection& spec);  // throws std::invalid_argument that names the field
    // Symbols that arm something or at which something happens; "NAME:return" is reached when NAME returns.
    [[nodiscard]] std::vector<std::string> symbols() const;
    [[nodiscard]] bool waits_for(const std::string& symbol, PeId pe) const;
    void reached(const std::string& symbol, cpu::Pe& pe);
    // A PE's local time has reached `now_ps`, between two runs of its engine.
    void time_passes(cpu::Pe& pe, u64 now_ps);
    // The next time at which something of this core becomes armed or is due; ~0: never.
    [[nodiscard]] u64 next_due_ps(PeId core) const;

    [[nodiscard]] bool wants(Occasion::Kind kind, PeId core) const {
        return (wanted_[core] >> static_cast<unsigned>(kind)) & 1;
    }
    void offer(Occasion& o, cpu::Pe& pe);
    void perform(PeId core, const mmu::Tlbi& op);  // without asking anybody

    // The access hook to install, if it changed since the last call: empty range means none.
    struct Range {
        u64 lo = 0, hi = 0;
    };
    [[nodiscard]] bool hook_changed(PeId core) const { return dirty_[core]; }
    Range take_hook(PeId core);

    void reseed(u64 seed);  // what is drawn from now on
    [[nodiscard]] std::vector<InjectionResult> results() const;
    void archive(Archive& ar);

private:
    struct Entry {
        InjectionResult result;
        std::unique_ptr<Fault> fault;
        u64 random = 0;  // state of its own generator, so that injections don't disturb one another
        bool symbol_reached = false;
        bool armed = false;
        bool at_symbol = false;  // the core is at its symbol: a moment
        [[nodiscard]] bool spent() const { return result.spec.times != 0 && result.fired >= result.spec.times; }
        [[nodiscard]] bool live() const { return armed && !spent(); }
        void archive(Archive& ar);
    };
    class CoreInterceptor final : public mmu::Interceptor {
    public:
        CoreInterceptor(Injector& injector, PeId core) : injector_(injector), core_(core) {}
        mmu::Fault before_walk(u64 va) override;
        bool swallows(const mmu::Tlbi& op) override;

    private:
        Injector& injector_;
        PeId core_;
    };
    void consider(Entry& e, u64 now_ps);
    bool show(Occasion& o, const cpu::Pe& pe);  // to faults that go on; true: one has ended
    void refresh(PeId core);
    void listen();  // to how the guest takes it
    [[nodiscard]] bool in_range(const Injection& spec, const Occasion& o, const cpu::Pe& pe) const;
    void fired(Entry& e, const Occasion& o, const cpu::Pe& pe);
    void on_event(const Event& event) override;  // the guest's reaction

    Machine& machine_;
    EventBus& bus_;
    u64 seed_;
    std::vector<Entry> entries_;
    std::vector<CoreInterceptor> interceptors_;
    const Entry* acting_ = nullptr;  // what it does may be an event already
    std::vector<bool> dirty_;
    std::vector<u32> wanted_;  // bit n: Occasion::Kind n
};

}  // namespace bbmsim::sim
