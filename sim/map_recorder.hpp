// SPDX-License-Identifier: Apache-2.0
// Takes the maps that were asked for, when their moment has come.
#pragma once

#include "sim/maps.hpp"

#include <functional>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

class MapRecorder {
public:
    // A census of that PE's tables as they are now; `spec` says of which addresses.
    using Take = std::function<mmu::Census(PeId pe, const MapSpec& spec)>;
    explicit MapRecorder(Take take) : take_(std::move(take)) {}

    u32 add(const MapSpec& spec);
    [[nodiscard]] const std::vector<MapResult>& results() const { return results_; }

    // At the entry of a symbol's code. True: tell when this call returns.
    bool entered(u32 id, PeId pe, u64 now_ps);
    void returned(u32 id, PeId pe, u64 now_ps) { take(results_[id], pe, now_ps); }

    void phase(const std::string& name, PeId pe, u64 now_ps, bool end);

    [[nodiscard]] u64 next_time_ps() const;  // ~0: no map waits for a time
    void time_passes(u64 now_ps);
    void finish(u64 now_ps);  // the run is over
    void archive(Archive& ar);

private:
    void take(MapResult& result, PeId pe, u64 now_ps);

    Take take_;
    std::vector<MapResult> results_;
    std::vector<u64> entries_;  // that counted, so far
};

}  // namespace bbmsim::sim
