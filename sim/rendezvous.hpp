// SPDX-License-Identifier: Apache-2.0
// What RendezvousRecorder found: for each PE when it was out of the kernel's map, met, waited, flushed, was off.
#pragma once

#include "models/mmu/types.hpp"

#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

// Spans in order of time; those nearer to each other than a gap that grows with their number are one.
class SpanList {
public:
    struct Span {
        u64 begin_ps = 0, end_ps = 0, busy_ps = 0, count = 0;
    };
    void add(u64 begin_ps, u64 end_ps);
    [[nodiscard]] const std::vector<Span>& spans() const { return spans_; }
    void archive(Archive& ar);

private:
    static constexpr std::size_t kMost = 256;
    void append(const Span& span);

    std::vector<Span> spans_;
    u64 near_ps_ = 0;
};

struct Meeting {
    u64 counted_ps = 0;   // the store that counted the PE in
    u64 pa = 0;           // what it counted in
    u64 waits_on = 0;     // what it loaded exclusively before it waited; the granule of its monitor
    u64 released_ps = 0;  // the last store that woke it from waiting on that; 0: it did not wait
    PeId released_by = kNoPe;
};

struct MapRoot {
    u64 time_ps = 0;
    u64 ttbr1 = 0;  // in force from then on
};

struct PeAtRendezvous {
    std::vector<MapRoot> roots;  // the first: when the window opened
    std::vector<Meeting> meetings;
    u64 more_meetings = 0;
    SpanList waits, flushes, off;
    void archive(Archive& ar);
};

struct RendezvousWindow {
    u64 begin_ps = 0, end_ps = 0;
};

struct Rendezvous {
    std::vector<RendezvousWindow> windows;
    std::vector<PeAtRendezvous> pes;
    void archive(Archive& ar);
};

}  // namespace bbmsim::sim
