// SPDX-License-Identifier: Apache-2.0
#include "sim/map_changes.hpp"

#include <optional>

namespace bbmsim::sim {

namespace {

constexpr u64 kContiguous = u64{1} << 52;

std::optional<MapChangeKind> kind_of(u64 before, u64 after, unsigned level) {
    if (!(before & 1) || !(after & 1)) return std::nullopt;
    const bool block_before = level < 3 && !(before & 2), block_after = level < 3 && !(after & 2);
    const bool table_before = level < 3 && !block_before, table_after = level < 3 && !block_after;
    if (block_before && table_after) return MapChangeKind::kSplit;
    if (table_before && block_after) return MapChangeKind::kMerge;
    if (table_before || (before ^ after) != ((before ^ after) | kContiguous)) return std::nullopt;
    return before & kContiguous ? MapChangeKind::kContiguousCleared : MapChangeKind::kContiguousSet;
}

}  // namespace

MapChanges::MapChanges(EventBus& bus, const PhaseRecorder& phases, InLinearMap in_linear_map)
    : bus_(bus), phases_(phases), in_linear_map_(std::move(in_linear_map)) {
    bus_.attach(this, u64{1} << static_cast<unsigned>(EventKind::kDescriptorWrite));
}

void MapChanges::on_event(const Event& event) {
    const auto kind = kind_of(event.a, event.b, event.level);
    if (!kind) return;
    const auto [phase, occurrence] = phases_.innermost(event.pe);
    const Key key{event.pe, event.pc, phase, *kind, event.level, in_linear_map_(event.pe, event.va)};
    auto found = tallies_.find(key);
    if (found == tallies_.end()) {
        if (tallies_.size() == kMost) return;
        found = tallies_.emplace(key, Tally{.first_ps = event.time_ps}).first;
    }
    Tally& tally = found->second;
    ++tally.descriptors;
    if (tally.last_occurrence != occurrence) ++tally.occurrences;
    tally.last_occurrence = occurrence;
    tally.last_ps = event.time_ps;
}

std::vector<MapChange> MapChanges::results() const {
    std::vector<MapChange> out;
    for (const auto& [key, tally] : tallies_) {
        const auto& [pe, pc, phase, kind, level, linear_map] = key;
        out.push_back({pe, pc, phases_.name(phase), kind, level, linear_map, tally.descriptors, tally.occurrences,
                       tally.first_ps, tally.last_ps});
    }
    return out;
}

}  // namespace bbmsim::sim
