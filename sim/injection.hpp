// SPDX-License-Identifier: Apache-2.0
// Faults that the user asks for, and what came of them. The kinds: sim/inject/.
#pragma once

#include "models/mmu/event.hpp"
#include "models/mmu/types.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

struct Injection {
    std::string kind = "tlb-conflict";
    PeId core = 0;                   // whom it befalls
    u64 va_lo = 0, va_hi = ~u64{0};  // of its occasions that have an address
    u64 pa_lo = 0, pa_hi = ~u64{0};  // likewise
    std::string after_symbol;        // armed once any PE has executed this; "NAME:return": has returned from it
    std::string at_symbol;        // occasions are this core's executions of it (kinds without occasions of their own)
    std::optional<u64> after_ps;  // armed from this board time on
    u64 nth_hit = 1;              // the first occasion that fires, counted from arming
    double probability = 1.0;     // of each occasion from the n-th on, drawn from the seed
    u64 times = 1;                // how often it fires; 0: without end
    std::map<std::string, u64> values;         // the kind's own settings
    std::map<std::string, std::string> names;  // likewise, those that are words
    void archive(Archive& ar);
    [[nodiscard]] u64 value(const std::string& name, u64 otherwise) const {
        const auto it = values.find(name);
        return it == values.end() ? otherwise : it->second;
    }
    [[nodiscard]] std::string name(const std::string& key) const {
        const auto it = names.find(key);
        return it == names.end() ? std::string() : it->second;
    }
};

// What happened on the core, and in the checker's eyes on the board, since the injection first fired.
struct Reaction {
    u64 aborts = 0;                        // instruction and data aborts that the core took
    std::optional<Event> first;            // of these
    std::vector<u32> violations, hazards;  // indexes into the checker's lists
    void archive(Archive& ar);
};

struct InjectionResult {
    u32 id = 0;
    Injection spec;
    u64 hits = 0;
    u64 fired = 0;
    u64 first_ps = 0;
    u64 first_va = 0, first_pc = 0;
    std::size_t console_bytes = 0;  // that the guest had written then
    Reaction reaction;
    void archive(Archive& ar);
};

}  // namespace bbmsim::sim
