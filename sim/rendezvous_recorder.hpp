// SPDX-License-Identifier: Apache-2.0
// Who met whom around a repaint: while a phase named as in kWatched is open on any PE, when each PE left the kernel's
// map (TTBR1 changed) and came back, counted itself in (the last store-exclusive before it waited), waited in WFE and
// was released (who cleared its monitor), was busy with TLB maintenance, was off. Looking changes nothing: the recorder
// is on the bus only meanwhile. What it keeps is bounded: spans that are too many become coarser, their counts and sums
// stay exact.
#pragma once

#include "models/mmu/event.hpp"
#include "sim/rendezvous.hpp"

#include <array>
#include <functional>
#include <string_view>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

class RendezvousRecorder final : public EventSink {
public:
    static constexpr std::array<std::string_view, 3> kWatched{"repaint", "park", "kpti"};

    using Root = std::function<u64(PeId)>;  // TTBR1 as it is in force
    using Now = std::function<u64(PeId)>;   // a PE's own time; board time for kNoPe
    using On = std::function<bool(PeId)>;   // it is powered
    RendezvousRecorder(EventBus& bus, unsigned cores, Root root, Now now, On on);
    ~RendezvousRecorder() override { bus_.detach(this); }
    RendezvousRecorder(const RendezvousRecorder&) = delete;

    void phase(std::string_view name, PeId pe, u64 time_ps, bool end);
    void on_event(const Event& event) override;
    // What is open ends at `now_ps`.
    [[nodiscard]] Rendezvous results(u64 now_ps) const;
    void archive(Archive& ar);

private:
    struct Pending {
        bool waits = false, off = false, flushes = false, stored = false;
        u64 wait_ps = 0, off_ps = 0, flush_ps = 0, stored_ps = 0, stored_pa = 0, loaded_pa = 0;
        u64 cleared_ps = 0;
        PeId cleared_by = kNoPe;
    };
    static constexpr std::size_t kMostMeetings = 64, kMostRoots = 256, kMostWindows = 64;
    void listen();
    void open(u64 time_ps);
    void close(u64 time_ps);
    static void end_all(PeAtRendezvous& into, Pending& pending, u64 time_ps);
    void counted(PeId pe);
    static void waits_for(PeAtRendezvous& pe, u64 pa);
    void root(PeId pe, u64 time_ps, u64 ttbr1);

    EventBus& bus_;
    Root root_;
    Now now_;
    On on_;
    unsigned depth_ = 0;  // watched phases that are open
    u64 begun_ps_ = 0;
    Rendezvous found_;
    std::vector<Pending> pending_;
};

}  // namespace bbmsim::sim
