// SPDX-License-Identifier: Apache-2.0
// Injected TLB conflict aborts: which are armed, whose turn it is, and what they did. One hook per core covers the
// union of the ranges of its live injections, and only while there is one, since hooked accesses leave the filter.
#pragma once

#include "models/cpu/pe.hpp"
#include "models/mmu/event.hpp"
#include "sim/injection.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace bbmsim::sim {

class Injector {
public:
    Injector(EventBus& bus, unsigned cores, u64 seed) : bus_(bus), seed_(seed), dirty_(cores, false) {}

    u32 add(const Injection& spec);  // throws std::invalid_argument that names the field
    // Any PE executed `symbol`'s first instruction; a PE's local time has reached `now_ps`.
    void reached(const std::string& symbol, u64 now_ps);
    void time_passes(PeId core, u64 now_ps);
    // The next time at which something of this core becomes armed; ~0: never.
    [[nodiscard]] u64 next_arming_ps(PeId core) const;

    // The hook to install, if it changed since the last call: empty range means none.
    struct Range {
        u64 lo = 0, hi = 0;
    };
    [[nodiscard]] bool hook_changed(PeId core) const { return dirty_[core]; }
    Range take_hook(PeId core);
    // One access of the core: true, if it takes the abort.
    bool access(cpu::Pe& pe, u64 va, Access kind);

    [[nodiscard]] std::vector<InjectionResult> results() const;
    [[nodiscard]] std::vector<std::string> symbols() const;  // that arm something

private:
    struct Entry {
        InjectionResult result;
        u64 random = 0;  // state of its own generator, so that injections don't disturb one another
        bool symbol_reached = false;
        bool armed = false;
        [[nodiscard]] bool spent() const { return result.spec.times != 0 && result.fired >= result.spec.times; }
        [[nodiscard]] bool live() const { return armed && !spent(); }
    };
    void consider(Entry& e, bool time_reached);

    EventBus& bus_;
    u64 seed_;
    std::vector<Entry> entries_;
    std::vector<bool> dirty_;
};

}  // namespace bbmsim::sim
