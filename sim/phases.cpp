// SPDX-License-Identifier: Apache-2.0
#include "sim/phase_recorder.hpp"

#include <algorithm>

namespace bbmsim::sim {

PhaseRecorder::Phase* PhaseRecorder::find(const std::string& name, PeId pe) {
    for (Phase& p : phases_)
        if (p.sum.name == name && p.sum.pe == pe && p.sum.count) return &p;
    return nullptr;
}

bool PhaseRecorder::open(const std::string& name, PeId pe) const {
    return std::ranges::any_of(phases_,
                               [&](const Phase& p) { return p.sum.name == name && p.sum.pe == pe && p.depth != 0; });
}

void PhaseRecorder::declare(const std::string& name) {
    Phase p;
    p.sum.name = name;
    phases_.push_back(std::move(p));
}

void PhaseRecorder::begin(const std::string& name, PeId pe, u64 time_ps) {
    Phase* phase = find(name, pe);
    if (!phase) {
        auto unused = std::ranges::find_if(phases_, [&](const Phase& p) { return p.sum.name == name && !p.sum.count; });
        if (unused == phases_.end() && phases_.size() >= kMost) return;
        if (unused == phases_.end()) unused = phases_.insert(phases_.end(), Phase{});
        phase = &*unused;
        phase->sum.name = name;
        phase->sum.pe = pe;
        phase->sum.begin_ps = time_ps;
    }
    if (phase->depth++ != 0) return;
    ++phase->sum.count;
    phase->sum.complete = false;
    phase->begun_ps = time_ps;
    phase->order = ++begun_;
    phase->begun = gather_();
    phase->host_begun = HostUsage::now();
    marker_(pe, time_ps, static_cast<unsigned>(phase - phases_.data()), false);
}

void PhaseRecorder::end(const std::string& name, PeId pe, u64 time_ps) {
    Phase* phase = find(name, pe);
    if (!phase || phase->depth == 0 || --phase->depth != 0) return;
    close(phase->sum, *phase, gather_(), time_ps);
    close_host(phase->host, phase->host_begun);
    phase->sum.complete = true;
    marker_(pe, time_ps, static_cast<unsigned>(phase - phases_.data()), true);
}

void PhaseRecorder::end_all(const std::string& name, u64 time_ps) {
    for (std::size_t i = 0; i < phases_.size(); ++i)
        if (phases_[i].sum.name == name && phases_[i].depth) end(name, phases_[i].sum.pe, time_ps);
}

std::pair<std::size_t, u64> PhaseRecorder::innermost(PeId pe) const {
    const Phase* found = nullptr;
    for (const Phase& p : phases_)
        if (p.depth && p.sum.pe == pe && (!found || p.order > found->order)) found = &p;
    if (!found) return {kNone, 0};
    return {static_cast<std::size_t>(found - phases_.data()), found->sum.count};
}

void PhaseRecorder::close(PhaseResult& into, const Phase& phase, const BoardCounters& now, u64 now_ps) {
    into.end_ps = now_ps;
    into.duration_ps += now_ps - phase.begun_ps;
    into.table_pages += now.tables_linked - phase.begun.tables_linked;
    into.cores.resize(now.cores.size());
    for (std::size_t i = 0; i < now.cores.size(); ++i) {
        const PhaseCore d = difference(phase.begun.cores[i], now.cores[i]);
        add_to(into.cores[i], d);
        into.total_cycles += d.total_cycles;
    }
}

void PhaseRecorder::close_host(HostUsage& into, const HostUsage& begun) {
    const HostUsage now = HostUsage::now();
    into.wall_s += now.wall_s - begun.wall_s;
    into.cpu_s += now.cpu_s - begun.cpu_s;
    into.peak_rss_bytes = now.peak_rss_bytes;
}

std::vector<HostUsage> PhaseRecorder::host_usage() const {
    std::vector<HostUsage> out;
    for (const Phase& p : phases_) {
        out.push_back(p.host);
        if (p.depth) close_host(out.back(), p.host_begun);
    }
    return out;
}

std::vector<PhaseResult> PhaseRecorder::results(u64 now_ps) const {
    std::vector<PhaseResult> out;
    for (const Phase& p : phases_) {
        out.push_back(p.sum);
        if (p.depth) close(out.back(), p, gather_(), std::max(now_ps, p.begun_ps));
    }
    return out;
}

}  // namespace bbmsim::sim
