// SPDX-License-Identifier: Apache-2.0
// The real-time clock with its alarm as a timed event. Its epoch comes from the seed: a run knows no other clock.
#pragma once

#include "models/board/pl031.hpp"
#include "sim/agenda.hpp"

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

class RtcModule final : public sc_core::sc_module {
public:
    RtcModule(const sc_core::sc_module_name& name, Kernel& kernel, Agenda& agenda, u64 epoch_seconds,
              board::Pl031::Line line)
        : sc_module(name),
          kernel_(kernel),
          rtc_(
              epoch_seconds, [&kernel] { return kernel.now_ps(); }, std::move(line)),
          due_(agenda, [this] { due(); }) {}

    u64 read(u64 offset, unsigned size) { return rtc_.read(offset, size); }
    void write(u64 offset, u64 value, unsigned size) {
        rtc_.write(offset, value, size);
        schedule();
    }

    [[nodiscard]] std::string note() const { return rtc_.note(); }
    void archive(Archive& ar) { rtc_.archive(ar); }

private:
    void due() {
        rtc_.poll();
        schedule();
    }
    void schedule() {
        due_.cancel();
        const u64 now = kernel_.now_ps();
        if (const auto at = rtc_.next_deadline_ps(); at && *at > now) due_.at(*at);
    }

    Kernel& kernel_;
    board::Pl031 rtc_;
    Alarm due_;
};

}  // namespace bbmsim::sim
