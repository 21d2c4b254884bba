// SPDX-License-Identifier: Apache-2.0
#include "models/memory/channel.hpp"

#include "models/memory/tags.hpp"

#include <algorithm>
#include <bit>

namespace bbmsim::memory {

namespace {
constexpr u64 kLineBytes = u64{1} << kLineShift;
}

Channel::Channel(const SharedConfig& config)
    : window_bytes_(config.bandwidth_mb_s),
      row_shift_(static_cast<unsigned>(std::bit_width(config.dram_row_bytes) - 1) - kLineShift),
      bank_mask_(config.dram_banks - 1),
      row_ps_(u64{config.dram_row_ns} * 1000),
      windows_(kWindows),
      open_(config.dram_banks, kNoLine) {}

u64 Channel::transfer(u64 line, u64 now_ps) {
    const u64 row = line >> row_shift_;
    u64& open = open_[row & bank_mask_];
    const u64 opening = open == row ? 0 : row_ps_;
    open = row;
    return opening + wait_for_channel(now_ps);
}

u64 Channel::wait_for_channel(u64 now_ps) {
    const u64 now = now_ps / kWindowPs;
    const Window& before = windows_[(now - 1) % kWindows];
    const u64 busy = before.number == now - 1 ? std::min(before.bytes, window_bytes_ * 19 / 20) : 0;
    const u64 service = kLineBytes * kWindowPs / window_bytes_;
    const u64 queue = service * busy / (2 * (window_bytes_ - busy));
    for (u64 at = now; at < now + kWindows; ++at) {
        Window& w = windows_[at % kWindows];
        if (w.number != at) {
            if (w.number > at) return queue;  // longer ago than is remembered
            w = {at, 0};
        }
        if (w.bytes + kLineBytes > window_bytes_) continue;
        w.bytes += kLineBytes;
        if (at == now) return queue;
        return queue + at * kWindowPs + w.bytes * kWindowPs / window_bytes_ - now_ps;
    }
    return queue + kWindows * kWindowPs;
}

}  // namespace bbmsim::memory
