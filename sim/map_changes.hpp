// SPDX-License-Identifier: Apache-2.0
// Tallies writes to live descriptors that change what size is mapped: block to table, the reverse, the Contiguous bit.
#pragma once

#include "models/mmu/event.hpp"
#include "sim/maps.hpp"
#include "sim/phase_recorder.hpp"

#include <functional>
#include <map>
#include <tuple>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

class MapChanges final : public EventSink {
public:
    using InLinearMap = std::function<bool(PeId pe, u64 va)>;
    MapChanges(EventBus& bus, const PhaseRecorder& phases, InLinearMap in_linear_map);
    ~MapChanges() override { bus_.detach(this); }
    MapChanges(const MapChanges&) = delete;

    void on_event(const Event& event) override;  // kDescriptorWrite
    [[nodiscard]] std::vector<MapChange> results() const;
    void archive(Archive& ar);

private:
    // Writer, PC, phase's index, kind, level, in the linear map.
    using Key = std::tuple<PeId, u64, std::size_t, MapChangeKind, u8, bool>;
    struct Tally {
        u64 descriptors = 0, occurrences = 0, last_occurrence = 0, first_ps = 0, last_ps = 0;
    };
    static constexpr std::size_t kMost = 4096;  // a guest can't make the host allocate without bound

    EventBus& bus_;
    const PhaseRecorder& phases_;
    InLinearMap in_linear_map_;
    std::map<Key, Tally> tallies_;
};

}  // namespace bbmsim::sim
