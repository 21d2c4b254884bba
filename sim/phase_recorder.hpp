// SPDX-License-Identifier: Apache-2.0
// Phases in progress and done: snapshots of every PE's counters at both ends.
#pragma once

#include "sim/counters.hpp"
#include "sim/phases.hpp"

#include <functional>
#include <string>
#include <vector>

namespace bbmsim::sim {

// The whole board at a moment, with every PE's waiting time accounted up to then.
struct BoardCounters {
    std::vector<Counters> cores;
    u64 tables_linked = 0;
};

class PhaseRecorder {
public:
    using Gather = std::function<BoardCounters()>;
    using Marker = std::function<void(PeId pe, u64 time_ps, unsigned index, bool end)>;
    PhaseRecorder(Gather gather, Marker marker) : gather_(std::move(gather)), marker_(std::move(marker)) {}

    void declare(const std::string& name);                      // a spec: listed even if never entered
    void begin(const std::string& name, PeId pe, u64 time_ps);  // beyond kMost different phases: ignored
    void end(const std::string& name, PeId pe, u64 time_ps);    // of no open phase: ignored
    [[nodiscard]] bool open(const std::string& name, PeId pe) const;
    // Those still open are given as they stand at `now_ps`, incomplete.
    [[nodiscard]] std::vector<PhaseResult> results(u64 now_ps) const;

private:
    struct Phase {
        PhaseResult sum;     // of the finished occurrences
        unsigned depth = 0;  // begun again within itself
        u64 begun_ps = 0;
        BoardCounters begun;
    };
    [[nodiscard]] Phase* find(const std::string& name, PeId pe);
    static void close(PhaseResult& into, const Phase& phase, const BoardCounters& now, u64 now_ps);

    static constexpr std::size_t kMost = 1024;  // a guest can't make the host allocate without bound

    Gather gather_;
    Marker marker_;
    std::vector<Phase> phases_;
};

}  // namespace bbmsim::sim
