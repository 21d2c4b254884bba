// SPDX-License-Identifier: Apache-2.0
#include "sim/rendezvous_recorder.hpp"

#include "models/board/psci.hpp"

#include <algorithm>
#include <utility>

namespace bbmsim::sim {

namespace {

constexpr u8 kLoaded = 0, kStored = 1, kCleared = 3;  // kExclusive

}  // namespace

void SpanList::append(const Span& span) {
    if (!spans_.empty() && span.begin_ps <= spans_.back().end_ps + near_ps_) {
        Span& last = spans_.back();
        last.end_ps = std::max(last.end_ps, span.end_ps);
        last.busy_ps += span.busy_ps;
        last.count += span.count;
    } else {
        spans_.push_back(span);
    }
}

void SpanList::add(u64 begin_ps, u64 end_ps) {
    append({begin_ps, end_ps, end_ps - begin_ps, 1});
    while (spans_.size() > kMost) {
        near_ps_ = std::max<u64>(1000, 2 * near_ps_);
        for (const Span& span : std::exchange(spans_, {})) append(span);
    }
}

RendezvousRecorder::RendezvousRecorder(EventBus& bus, unsigned cores, Root root, Now now, On on)
    : bus_(bus), root_(std::move(root)), now_(std::move(now)), on_(std::move(on)), pending_(cores) {
    found_.pes.resize(cores);
}

void RendezvousRecorder::phase(std::string_view name, PeId pe, u64 time_ps, bool end) {
    if (std::ranges::find(kWatched, name) == kWatched.end()) return;
    if (!end) {
        if (depth_++ == 0) open(time_ps);
        return;
    }
    if (depth_ == 0) return;
    counted(pe);
    if (--depth_ == 0) close(time_ps);
}

void RendezvousRecorder::listen() {
    constexpr std::array kKinds{EventKind::kContextSync, EventKind::kExclusive, EventKind::kWfe, EventKind::kWfeWake,
                                EventKind::kTlbi,        EventKind::kDsb,       EventKind::kPsci};
    u64 mask = 0;
    for (const EventKind kind : kKinds) mask |= u64{1} << static_cast<unsigned>(kind);
    bus_.attach(this, mask);
}

void RendezvousRecorder::open(u64 time_ps) {
    begun_ps_ = time_ps;
    std::ranges::fill(pending_, Pending{});
    for (std::size_t i = 0; i < pending_.size(); ++i) {
        const auto pe = static_cast<PeId>(i);
        root(pe, time_ps, root_(pe));
        pending_[i].off = !on_(pe);
        pending_[i].off_ps = time_ps;
    }
    listen();
}

void RendezvousRecorder::close(u64 time_ps) {
    bus_.detach(this);
    for (std::size_t pe = 0; pe < pending_.size(); ++pe) end_all(found_.pes[pe], pending_[pe], time_ps);
    if (found_.windows.size() < kMostWindows)
        found_.windows.push_back({begun_ps_, time_ps});
    else
        found_.windows.back().end_ps = time_ps;
}

void RendezvousRecorder::end_all(PeAtRendezvous& into, Pending& pending, u64 time_ps) {
    if (pending.waits) into.waits.add(pending.wait_ps, std::max(pending.wait_ps, time_ps));
    if (pending.off) into.off.add(pending.off_ps, std::max(pending.off_ps, time_ps));
    pending = {};
}

void RendezvousRecorder::counted(PeId pe) {
    Pending& p = pending_[pe];
    if (!std::exchange(p.stored, false)) return;
    auto& meetings = found_.pes[pe].meetings;
    if (meetings.size() < kMostMeetings)
        meetings.push_back({.counted_ps = p.stored_ps, .pa = p.stored_pa});
    else
        ++found_.pes[pe].more_meetings;
}

// Woken by what was not its release, a PE waits again.
void RendezvousRecorder::waits_for(PeAtRendezvous& pe, u64 pa) {
    if (pe.meetings.empty() || pe.more_meetings) return;
    Meeting& meeting = pe.meetings.back();
    if (meeting.waits_on == 0) meeting.waits_on = pa;
    if (meeting.waits_on != pa) return;
    meeting.released_ps = 0;
    meeting.released_by = kNoPe;
}

void RendezvousRecorder::root(PeId pe, u64 time_ps, u64 ttbr1) {
    ttbr1 &= 0x0000'ffff'ffff'fffe;  // BADDR alone: an ASID is no other map
    auto& roots = found_.pes[pe].roots;
    if (!roots.empty() && (roots.back().ttbr1 == ttbr1 || roots.size() == kMostRoots)) return;
    counted(pe);
    roots.push_back({time_ps, ttbr1});
}

void RendezvousRecorder::on_event(const Event& event) {
    if (event.pe >= pending_.size()) return;
    Pending& p = pending_[event.pe];
    PeAtRendezvous& pe = found_.pes[event.pe];
    switch (event.kind) {
        case EventKind::kContextSync:
            if (std::exchange(p.off, false)) pe.off.add(p.off_ps, std::max(p.off_ps, event.time_ps));
            root(event.pe, event.time_ps, event.b);
            break;
        case EventKind::kExclusive:
            if (event.sub == kLoaded) {
                p.loaded_pa = event.pa;
            } else if (event.sub == kStored) {
                p.stored = true;
                p.stored_ps = event.time_ps;
                p.stored_pa = event.pa;
            } else if (event.sub == kCleared) {
                p.cleared_by = static_cast<PeId>(event.a);
                p.cleared_ps = now_(p.cleared_by);  // the event has the time of whose monitor it was
            }
            break;
        case EventKind::kWfe:
            counted(event.pe);
            p.waits = true;
            p.wait_ps = event.time_ps;
            p.cleared_by = kNoPe;
            waits_for(pe, p.loaded_pa);
            break;
        case EventKind::kWfeWake:
            if (!std::exchange(p.waits, false)) break;
            pe.waits.add(p.wait_ps, std::max(p.wait_ps, event.time_ps));
            // Woken again and again as others count in, it is released by the last; what it waits for later is another
            // thing.
            if (!pe.meetings.empty() && !pe.more_meetings && p.cleared_by != kNoPe &&
                pe.meetings.back().waits_on == p.loaded_pa) {
                pe.meetings.back().released_ps = p.cleared_ps;
                pe.meetings.back().released_by = p.cleared_by;
            }
            break;
        case EventKind::kTlbi:
            if (!std::exchange(p.flushes, true)) p.flush_ps = event.time_ps;
            break;
        case EventKind::kDsb:
            if (std::exchange(p.flushes, false)) pe.flushes.add(p.flush_ps, std::max(p.flush_ps, event.time_ps));
            break;
        case EventKind::kPsci:
            if (static_cast<u32>(event.a) != board::psci::kCpuOff) break;
            p.off = true;
            p.off_ps = event.time_ps;
            break;
        default: break;
    }
}

Rendezvous RendezvousRecorder::results(u64 now_ps) const {
    Rendezvous out = found_;
    if (depth_ == 0) return out;
    auto pending = pending_;
    for (std::size_t pe = 0; pe < pending.size(); ++pe) end_all(out.pes[pe], pending[pe], now_ps);
    out.windows.push_back({begun_ps_, std::max(begun_ps_, now_ps)});
    return out;
}

}  // namespace bbmsim::sim
