// SPDX-License-Identifier: Apache-2.0
// What the board has to do at which time: the one place where anybody waits for board time to pass.
//
// SystemC keeps timed events in a heap, in which events of one time have no order of their own: it comes of the heap's
// history, pauses included. Here they happen in the order in which they were set, and all that is outstanding can be
// looked at, saved, and set again. SystemC itself only ever waits for the first of them. Between two board times, when
// nothing is left to do now, the agenda is all that the kernel has of the future.
#pragma once

#include "sim/kernel.hpp"

#include <functional>
#include <set>
#include <utility>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

class Agenda;

// Something that its owner does at a time of its choice. At most one time is set: of two the earlier stands, as with
// an sc_event. Lives as long as the agenda, which knows it by its place in the order of construction.
class Alarm {
public:
    Alarm(Agenda& agenda, std::function<void()> action);  // called from an SC_METHOD
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;

    void at(u64 time_ps);  // now: in the next delta cycle
    void in(u64 delay_ps);
    void cancel();
    [[nodiscard]] bool is_set() const { return time_ps_ != kNever; }

private:
    friend class Agenda;
    static constexpr u64 kNever = ~u64{0};

    Agenda& agenda_;
    std::function<void()> action_;
    u64 time_ps_ = kNever, order_ = 0;
    u32 index_ = 0;
};

class Agenda final : public sc_core::sc_module {
public:
    Agenda(const sc_core::sc_module_name& name, Kernel& kernel);

    // The board is elaborated and its time is what it shall be: from here on alarms go off.
    void go();
    void archive(Archive& ar);  // what is set; before go()
    [[nodiscard]] u64 next_ps() const { return entries_.empty() ? Alarm::kNever : entries_.begin()->time_ps; }

private:
    friend class Alarm;
    SC_HAS_PROCESS(Agenda);
    void process();
    void set(Alarm& alarm, u64 time_ps);
    void remove(Alarm& alarm);
    void arm();

    struct Entry {
        u64 time_ps, order;
        Alarm* alarm;
        bool operator<(const Entry& o) const { return std::pair(time_ps, order) < std::pair(o.time_ps, o.order); }
    };
    Kernel& kernel_;
    std::vector<Alarm*> alarms_;
    std::set<Entry> entries_;
    u64 next_order_ = 0;
    bool going_ = false, processing_ = false;
    sc_core::sc_event due_;
};

}  // namespace bbmsim::sim
