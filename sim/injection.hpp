// SPDX-License-Identifier: Apache-2.0
// Faults that the user asks for.
#pragma once

#include "models/mmu/types.hpp"

#include <optional>
#include <string>

namespace bbmsim::sim {

// A TLB conflict abort (FSC 0b110000) on accesses of one core in [va_lo, va_hi).
struct Injection {
    PeId core = 0;
    u64 va_lo = 0, va_hi = ~u64{0};
    std::string after_symbol;     // armed once any PE has executed this address; empty: from the start
    std::optional<u64> after_ps;  // armed from this board time on
    u64 nth_hit = 1;              // the first that fires, counted from arming
    double probability = 1.0;     // of each hit from the n-th on, drawn from the seed
    u64 times = 1;                // how often it fires; 0: without end
    bool on_fetch = false, on_data = true;
};

struct InjectionResult {
    u32 id = 0;
    Injection spec;
    u64 hits = 0;
    u64 fired = 0;
    u64 first_ps = 0;
    u64 first_va = 0, first_pc = 0;
};

}  // namespace bbmsim::sim
