// SPDX-License-Identifier: Apache-2.0
#include "sim/agenda.hpp"

namespace bbmsim::sim {

Alarm::Alarm(Agenda& agenda, std::function<void()> action) : agenda_(agenda), action_(std::move(action)) {
    index_ = static_cast<u32>(agenda.alarms_.size());
    agenda.alarms_.push_back(this);
}

void Alarm::at(u64 time_ps) {
    if (time_ps_ > time_ps) agenda_.set(*this, time_ps);
}
void Alarm::in(u64 delay_ps) { at(agenda_.kernel_.now_ps() + delay_ps); }
void Alarm::cancel() {
    if (is_set()) agenda_.remove(*this);
}

Agenda::Agenda(const sc_core::sc_module_name& name, Kernel& kernel) : sc_module(name), kernel_(kernel) {
    SC_METHOD(process);
    sensitive << due_;
    dont_initialize();
}

void Agenda::go() {
    going_ = true;
    arm();
}

// What is set meanwhile for now is for the next delta cycle.
void Agenda::process() {
    const u64 now = kernel_.now_ps(), end = next_order_;
    processing_ = true;
    while (!entries_.empty() && entries_.begin()->time_ps <= now && entries_.begin()->order < end) {
        Alarm& alarm = *entries_.begin()->alarm;
        entries_.erase(entries_.begin());
        alarm.time_ps_ = Alarm::kNever;
        alarm.action_();
    }
    processing_ = false;
    arm();
}

void Agenda::set(Alarm& alarm, u64 time_ps) {
    if (alarm.is_set()) entries_.erase({alarm.time_ps_, alarm.order_, &alarm});
    alarm.time_ps_ = time_ps;
    alarm.order_ = next_order_++;
    const auto at = entries_.insert({time_ps, alarm.order_, &alarm}).first;
    if (at == entries_.begin()) arm();
}

void Agenda::remove(Alarm& alarm) {
    const bool first = entries_.begin()->alarm == &alarm;
    entries_.erase({alarm.time_ps_, alarm.order_, &alarm});
    alarm.time_ps_ = Alarm::kNever;
    if (first) arm();
}

void Agenda::arm() {
    if (!going_ || processing_) return;
    due_.cancel();
    if (entries_.empty()) return;
    const u64 first = entries_.begin()->time_ps;
    due_.notify(Kernel::ps(first <= kernel_.now_ps() ? 0 : first - kernel_.scheduler_ps()));
}

}  // namespace bbmsim::sim
