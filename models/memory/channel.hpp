// SPDX-License-Identifier: Apache-2.0
// Main memory in detail full: a channel that carries so many bytes a microsecond, and banks that have one row open.
//
// PEs run ahead of one another by up to a quantum, so requests do not come in order of time. The channel therefore
// books them into windows of one microsecond: a window that is full sends a request to the next one that is not, and
// within a window one waits as long as the window before was busy (an M/D/1 queue's mean).
#pragma once

#include "models/memory/config.hpp"

#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::memory {

class Channel {
public:
    explicit Channel(const SharedConfig& config);
    u64 transfer(u64 line, u64 now_ps);  // of one line; how long it waits, in ps
    void archive(Archive& ar);

private:
    static constexpr u64 kWindowPs = 1'000'000;
    static constexpr u64 kWindows = 1024;
    struct Window {
        u64 number = 0;
        u64 bytes = 0;
    };
    u64 wait_for_channel(u64 now_ps);

    u64 window_bytes_;
    unsigned row_shift_;
    u64 bank_mask_;
    u64 row_ps_;
    std::vector<Window> windows_;
    std::vector<u64> open_;  // row of each bank
};

}  // namespace bbmsim::memory
