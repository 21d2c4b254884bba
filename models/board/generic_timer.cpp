// SPDX-License-Identifier: Apache-2.0
#include "models/board/generic_timer.hpp"

namespace bbmsim::board {
namespace {

__extension__ using u128 = unsigned __int128;
constexpr u64 kPicosPerSecond = 1'000'000'000'000;

}  // namespace

u64 SystemCounter::at_ps(u64 ps) const { return start + static_cast<u64>(u128{ps} * hz / kPicosPerSecond); }

std::optional<u64> SystemCounter::when_ps(u64 count) const {
    if (count <= start) return 0;
    if (hz == 0) return std::nullopt;
    const u128 ps = (u128{count - start} * kPicosPerSecond + hz - 1) / hz;
    if (ps > ~u64{0}) return std::nullopt;
    return static_cast<u64>(ps);
}

std::optional<u64> Timer::next_deadline_ps(const SystemCounter& counter, u64 now_ps) const {
    if ((ctl & kTimerEnable) == 0 || (ctl & kTimerImask) != 0 || condition(counter.at_ps(now_ps))) return std::nullopt;
    return counter.when_ps(cval);
}

}  // namespace bbmsim::board
