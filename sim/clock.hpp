// SPDX-License-Identifier: Apache-2.0
// One PE's clock against board time, in exact integer arithmetic: a PE's local time is a function of its cycles since
// power-on of the board and of nothing else, so that no rounding adds up.
#pragma once

#include "models/mmu/types.hpp"

#include <cmath>

namespace bbmsim::sim {

__extension__ using u128 = unsigned __int128;

// a * b / c with a 128-bit product.
constexpr u64 mul_div_floor(u64 a, u64 b, u64 c) { return static_cast<u64>(u128{a} * b / c); }
constexpr u64 mul_div_ceil(u64 a, u64 b, u64 c) { return static_cast<u64>((u128{a} * b + (c - 1)) / c); }

class LocalClock {
public:
    explicit LocalClock(double freq_mhz) : khz_(static_cast<u64>(std::llround(freq_mhz * 1000.0))) {}

    [[nodiscard]] u64 ps(u64 cycles) const { return mul_div_floor(cycles, kPsPerMilli, khz_); }
    [[nodiscard]] u64 cycles(u64 ps) const { return mul_div_ceil(ps, khz_, kPsPerMilli); }  // that have begun by then

private:
    static constexpr u64 kPsPerMilli = 1'000'000'000;
    u64 khz_;
};

}  // namespace bbmsim::sim
