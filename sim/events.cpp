// SPDX-License-Identifier: Apache-2.0
#include "sim/events.hpp"

#include <algorithm>

namespace bbmsim::sim {

u32 Subscriptions::add(u64 mask, Callback callback) {
    const u32 id = next_id_++;
    added_.push_back({id, mask, std::move(callback)});
    if (depth_ == 0) settle();
    return id;
}

void Subscriptions::remove(u32 id) {
    removed_.push_back(id);
    if (depth_ == 0) settle();
}

void Subscriptions::settle() {
    for (auto& s : added_) active_.push_back(std::move(s));
    added_.clear();
    std::erase_if(active_, [&](const Subscription& s) { return std::ranges::find(removed_, s.id) != removed_.end(); });
    removed_.clear();
    u64 mask = 0;
    for (const auto& s : active_) mask |= s.mask;
    if (mask == attached_mask_) return;
    bus_.detach(this);
    if (mask) bus_.attach(this, mask);
    attached_mask_ = mask;
}

void Subscriptions::on_event(const Event& event) {
    ++depth_;
    for (const auto& s : active_) {
        if (!((s.mask >> static_cast<unsigned>(event.kind)) & 1)) continue;
        if (std::ranges::find(removed_, s.id) != removed_.end()) continue;
        try {
            s.callback(event);
        } catch (...) {
            control_.defer(std::current_exception());
        }
    }
    --depth_;
}

void TraceRecorder::start(u64 mask, u64 max_events) {
    bus_.detach(this);
    events_.clear();
    dropped_ = 0;
    max_ = max_events;
    if (mask) bus_.attach(this, mask);
}

void TraceRecorder::on_event(const Event& event) {
    if (events_.size() < max_)
        events_.push_back(event);
    else
        ++dropped_;
}

}  // namespace bbmsim::sim
