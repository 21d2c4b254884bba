// SPDX-License-Identifier: Apache-2.0
// All replacement policies: a new one is one file beside these and one line here.
#pragma once

#include "models/mmu/config.hpp"
#include "models/mmu/replacement/fifo.hpp"
#include "models/mmu/replacement/lru.hpp"
#include "models/mmu/replacement/nru.hpp"
#include "models/mmu/replacement/plru.hpp"
#include "models/mmu/replacement/random.hpp"

namespace bbmsim::mmu::replacement {

// Calls f with the policy's type.
template <class F>
decltype(auto) with_policy(Policy policy, F&& f) {
    switch (policy) {
        case Policy::kFifo: return f(Fifo{});
        case Policy::kRandom: return f(Random{});
        case Policy::kNru: return f(Nru{});
        case Policy::kPlru: return f(Plru{});
        case Policy::kLru: break;
    }
    return f(Lru{});
}

}  // namespace bbmsim::mmu::replacement
