// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/event.hpp"

#include <algorithm>
#include <array>

namespace bbmsim {

const char* name_of(EventKind kind) {
    static constexpr std::array<const char*, static_cast<unsigned>(EventKind::kCount)> kNames = {
        "descriptor_write",
        "walk",
        "fill",
        "evict",
        "tlbi",
        "dvm",
        "dsb",
        "context_sync",
        "conflict",
        "exception",
        "exception_return",
        "wfe",
        "wfe_wake",
        "wfi",
        "wfi_wake",
        "sev",
        "exclusive",
        "psci",
        "console",
        "marker",
        "probe",
        "injected",
        "violation",
        "hazard",
        "instruction",
    };
    const auto i = static_cast<unsigned>(kind);
    return i < kNames.size() ? kNames[i] : "unknown";
}

void EventBus::attach(EventSink* sink, u64 mask) {
    const auto it = std::find_if(sinks_.begin(), sinks_.end(), [&](const Attached& s) { return s.sink == sink; });
    if (it != sinks_.end())
        it->mask |= mask;
    else
        sinks_.push_back({sink, mask});
    mask_ |= mask;
}

void EventBus::detach(EventSink* sink) {
    std::erase_if(sinks_, [&](const Attached& s) { return s.sink == sink; });
    mask_ = 0;
    for (const auto& s : sinks_) mask_ |= s.mask;
}

}  // namespace bbmsim
