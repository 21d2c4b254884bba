// SPDX-License-Identifier: Apache-2.0
// Arm PrimeCell real-time clock PL031.
//
// Models: the seconds counter (board time from an epoch, so that a run's clock is the configuration's and not the
// host's), load, match with its interrupt, masks, IDs. Always enabled, as QEMU has it: RTCCR reads 1.
// Leaves out: test registers, the 1 Hz divider's phase after a load.
// Source: Arm DDI 0224C.
#pragma once

#include "models/board/registers.hpp"

#include <functional>
#include <optional>

namespace bbmsim {
class Archive;
}

namespace bbmsim::board {

class Pl031 {
public:
    using Now = std::function<u64()>;  // board time, picoseconds
    using Line = std::function<void(bool level)>;
    Pl031(u64 epoch_seconds, Now now_ps, Line interrupt);

    u64 read(u64 offset, unsigned size) { return regs_.read(*this, offset, size); }
    void write(u64 offset, u64 value, unsigned size) { regs_.write(*this, offset, value, size); }

    // When the counter next equals the match register, if that can still come: the owner of time calls poll() then.
    [[nodiscard]] std::optional<u64> next_deadline_ps() const;
    void poll();

    [[nodiscard]] std::string note() const { return regs_.note(); }
    void archive(Archive& ar);

private:
    friend struct Pl031Registers;

    [[nodiscard]] u32 seconds() const;
    u64 read_dr(unsigned) { return seconds(); }
    u64 read_mis(unsigned) { return raw_ & imsc_; }
    void load(unsigned, u64 value, u64);
    void match_written(unsigned, u64, u64);
    void clear(unsigned, u64 value, u64);
    void mask_written(unsigned, u64, u64) { update_line(); }
    void update_line();

    Now now_ps_;
    Line interrupt_;
    RegisterFile<Pl031> regs_;
    u32 offset_ = 0;  // counter = offset + whole seconds of board time
    u32 mr_ = 0, lr_ = 0, imsc_ = 0, raw_ = 0;
    bool armed_ = false;  // a match in the future raises the interrupt
    u64 deadline_ps_ = 0;
    bool line_ = false;
};

}  // namespace bbmsim::board
