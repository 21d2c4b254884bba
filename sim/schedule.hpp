// SPDX-License-Identifier: Apache-2.0
// Who gets ahead of whom: PEs are held for a time, which the architecture always permits (a PE's speed is nobody's
// promise). Every hold ends after at most ScheduleConfig::hold_ns, so nobody can starve: not one that others spin on.
// Decisions depend on board time and on what the guests do alone: equal configurations and seeds, equal runs.
#pragma once

#include "models/mmu/event.hpp"
#include "sim/config.hpp"

#include <functional>
#include <memory>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

struct ScheduleHost {                        // what a schedule may know and do
    std::function<bool(PeId)> runnable;      // neither off nor waiting
    std::function<void(PeId)> leave_engine;  // hold_ps() is asked soon
};

class Schedule : public EventSink {
public:
    // What it wants to be told of in on_event(): bit n, EventKind n.
    [[nodiscard]] virtual u64 events() const { return 0; }
    void on_event(const Event&) override {}
    // The PE is about to execute: for how long is it held? 0: not at all.
    virtual u64 hold_ps(PeId pe, u64 local_ps) = 0;
    // When hold_ps() wants to be asked again, if the PE runs until then.
    [[nodiscard]] virtual u64 due_ps(PeId) const { return ~u64{0}; }
    // It is about to execute an instruction at board time.
    [[nodiscard]] virtual bool wants_instructions() const { return false; }
    virtual void before(PeId, u64 /*pc*/, u32 /*encoding*/) {}
    virtual void archive(Archive& ar) = 0;  // what was drawn and what is under way
};

// Null for "default": PEs advance as their clocks do.
std::unique_ptr<Schedule> make_schedule(const ScheduleConfig& config, unsigned cores, u64 seed, ScheduleHost host);

}  // namespace bbmsim::sim
