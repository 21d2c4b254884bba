// SPDX-License-Identifier: Apache-2.0
// The session's sinks on the event bus: callbacks of the user, the recorded trace, the console's text.
#pragma once

#include "models/mmu/event.hpp"
#include "sim/run_control.hpp"

#include <functional>
#include <string>
#include <vector>

namespace bbmsim::sim {

// Callbacks by mask. They may subscribe and unsubscribe from within: that takes effect with the next event.
class Subscriptions final : public EventSink {
public:
    using Callback = std::function<void(const Event&)>;
    Subscriptions(EventBus& bus, RunControl& control) : bus_(bus), control_(control) {}
    ~Subscriptions() override { bus_.detach(this); }
    Subscriptions(const Subscriptions&) = delete;

    u32 add(u64 mask, Callback callback);
    void remove(u32 id);
    void on_event(const Event& event) override;
    // The bus must not change while it emits: call when no process runs.
    void settle();

private:
    struct Subscription {
        u32 id;
        u64 mask;
        Callback callback;
    };
    EventBus& bus_;
    RunControl& control_;
    std::vector<Subscription> active_, added_;
    std::vector<u32> removed_;
    u64 attached_mask_ = 0;
    u32 next_id_ = 1;
    unsigned depth_ = 0;
};

// The first `max_events` of the kinds asked for; the rest is counted.
class TraceRecorder final : public EventSink {
public:
    explicit TraceRecorder(EventBus& bus) : bus_(bus) {}
    ~TraceRecorder() override { bus_.detach(this); }
    TraceRecorder(const TraceRecorder&) = delete;

    void start(u64 mask, u64 max_events);
    void on_event(const Event& event) override;
    [[nodiscard]] const std::vector<Event>& events() const { return events_; }
    [[nodiscard]] u64 dropped() const { return dropped_; }

private:
    EventBus& bus_;
    std::vector<Event> events_;
    u64 max_ = 0, dropped_ = 0;
};

}  // namespace bbmsim::sim
