// SPDX-License-Identifier: Apache-2.0
// Phases in progress and done: snapshots of every PE's counters at both ends.
#pragma once

#include "sim/counters.hpp"
#include "sim/host_usage.hpp"
#include "sim/phases.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

// The whole board at a moment, with every PE's waiting time accounted up to then.
struct BoardCounters {
    std::vector<Counters> cores;
    u64 tables_linked = 0;
    void archive(Archive& ar);
};

class PhaseRecorder {
public:
    using Gather = std::function<BoardCounters()>;
    using Marker = std::function<void(PeId pe, u64 time_ps, unsigned index, bool end)>;
    PhaseRecorder(Gather gather, Marker marker) : gather_(std::move(gather)), marker_(std::move(marker)) {}

    void declare(const std::string& name);                      // a spec: listed even if never entered
    void begin(const std::string& name, PeId pe, u64 time_ps);  // beyond kMost different phases: ignored
    void end(const std::string& name, PeId pe, u64 time_ps);    // of no open phase: ignored
    void end_all(const std::string& name, u64 time_ps);         // whichever PEs are in it
    [[nodiscard]] bool open(const std::string& name, PeId pe) const;
    // The phase of that PE that began last and is open, and which of its occurrences it is; kNone and 0 without one.
    static constexpr std::size_t kNone = ~std::size_t{0};
    [[nodiscard]] std::pair<std::size_t, u64> innermost(PeId pe) const;
    [[nodiscard]] std::string name(std::size_t index) const { return index == kNone ? "" : phases_[index].sum.name; }
    // Those still open are given as they stand at `now_ps`, incomplete.
    [[nodiscard]] std::vector<PhaseResult> results(u64 now_ps) const;
    // What the host needed for each of the results, and its peak memory by the phase's end. After a snapshot was
    // resumed, what was needed since then.
    [[nodiscard]] std::vector<HostUsage> host_usage() const;
    void archive(Archive& ar);

private:
    struct Phase {
        PhaseResult sum;              // of the finished occurrences
        unsigned depth = 0;           // begun again within itself
        u64 begun_ps = 0, order = 0;  // order: of the beginnings of all phases
        BoardCounters begun;
        HostUsage host, host_begun;
        void archive(Archive& ar);
    };
    [[nodiscard]] Phase* find(const std::string& name, PeId pe);
    static void close_host(HostUsage& into, const HostUsage& begun);
    static void close(PhaseResult& into, const Phase& phase, const BoardCounters& now, u64 now_ps);

    static constexpr std::size_t kMost = 1024;  // a guest can't make the host allocate without bound

    Gather gather_;
    Marker marker_;
    std::vector<Phase> phases_;
    u64 begun_ = 0;
};

}  // namespace bbmsim::sim
