// SPDX-License-Identifier: Apache-2.0
// Seeds for the parts of a session, derived from the session's seed alone (splitmix64, public domain algorithm).
#pragma once

#include "models/mmu/types.hpp"

namespace bbmsim::sim {

constexpr u64 next_random(u64& state) {
    u64 z = state += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}
constexpr double next_unit(u64& state) { return static_cast<double>(next_random(state) >> 11) * 0x1.0p-53; }  // [0, 1)

// What of the session's seed is whose; PE n uses stream n.
inline constexpr u64 kInjectionStream = 1000, kRtcStream = 1001, kScheduleStream = 1002, kDisturbStream = 0x6e61;

// The seed of part `n` of what `seed` governs.
constexpr u64 split_seed(u64 seed, u64 n) {
    u64 state = seed;
    state = next_random(state) + n;
    return next_random(state);
}

}  // namespace bbmsim::sim
