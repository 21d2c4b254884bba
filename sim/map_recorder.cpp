// SPDX-License-Identifier: Apache-2.0
#include "sim/map_recorder.hpp"

#include <algorithm>

namespace bbmsim::sim {

u32 MapRecorder::add(const MapSpec& spec) {
    MapResult result;
    result.spec = spec;
    results_.push_back(std::move(result));
    entries_.push_back(0);
    return static_cast<u32>(results_.size() - 1);
}

bool MapRecorder::entered(u32 id, PeId pe, u64 now_ps) {
    MapResult& r = results_[id];
    if ((r.spec.core && *r.spec.core != pe) || ++entries_[id] != r.spec.nth) return false;
    if (r.spec.when == MapWhen::kReturn) return true;
    take(r, pe, now_ps);
    return false;
}

void MapRecorder::phase(const std::string& name, PeId pe, u64 now_ps, bool end) {
    const MapWhen when = end ? MapWhen::kPhaseEnd : MapWhen::kPhaseBegin;
    for (u32 id = 0; id < results_.size(); ++id)
        if (results_[id].spec.when == when && results_[id].spec.symbol == name) entered(id, pe, now_ps);
}

u64 MapRecorder::next_time_ps() const {
    u64 next = ~u64{0};
    for (const MapResult& r : results_)
        if (!r.taken && r.spec.when == MapWhen::kTime) next = std::min(next, r.spec.time_ps);
    return next;
}

void MapRecorder::time_passes(u64 now_ps) {
    for (MapResult& r : results_)
        if (!r.taken && r.spec.when == MapWhen::kTime && r.spec.time_ps <= now_ps)
            take(r, r.spec.core.value_or(0), now_ps);
}

void MapRecorder::finish(u64 now_ps) {
    for (MapResult& r : results_)
        if (!r.taken && r.spec.when == MapWhen::kEnd) take(r, r.spec.core.value_or(0), now_ps);
}

void MapRecorder::take(MapResult& result, PeId pe, u64 now_ps) {
    result.taken = true;
    result.core = pe;
    result.time_ps = now_ps;
    result.census = take_(pe, result.spec);
}

}  // namespace bbmsim::sim
