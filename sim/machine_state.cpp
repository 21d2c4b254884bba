// SPDX-License-Identifier: Apache-2.0
// The whole board as state, at a moment at which nothing is left to do now: every thread waits, no delta cycle is due,
// and the agenda holds all that will happen (models/mmu/snapshot/archive.hpp).
#include "models/mmu/snapshot/archive.hpp"
#include "sim/machine.hpp"
#include "sim/random.hpp"
#include "sim/rtc_module.hpp"
#include "sim/virtio_module.hpp"

#include <algorithm>

namespace bbmsim::sim {

void Agenda::archive(Archive& ar) {
    ar.part("agenda");
    struct Set {
        u32 index;
        u64 time_ps, order;
    };
    std::vector<Set> set;
    for (const Entry& e : entries_) set.push_back({e.alarm->index_, e.time_ps, e.order});
    ar(set, next_order_);
    if (!ar.loading()) return;
    for (Alarm* alarm : alarms_) alarm->time_ps_ = Alarm::kNever;
    entries_.clear();
    for (const Set& s : set) {
        if (s.index >= alarms_.size()) throw StateError("an alarm that nobody has");
        Alarm& alarm = *alarms_[s.index];
        alarm.time_ps_ = s.time_ps;
        alarm.order_ = s.order;
        entries_.insert({s.time_ps, s.order, &alarm});
    }
}

void CoreModule::archive(Archive& ar) {
    ar.part("core");
    ar(*mmu, *engine, disturb_random_, state_, suspended_, down_, stalled_, power_, virtual_timer_, physical_timer_,
       pmu_line_, next_timer_ps_, event_times_, irq_wanted_, fiq_wanted_, dvm_received_, tlbis_done_ps_);
    if (ar.loading()) resumed_ = true;
}

void DvmNode::archive(Archive& ar, DvmPool& pool) {
    ar.part("dvm");
    const auto transaction = [&](tlm::tlm_generic_payload*& trans) {
        DvmExtension empty;
        DvmExtension& dvm = ar.loading() ? empty : *trans->get_extension<DvmExtension>();
        ar(dvm.op, dvm.issuer);
        if (ar.loading()) trans = pool.acquire(dvm.op, dvm.issuer);
    };
    u64 travelling = travelling_.size(), waiting = waiting_.size();
    ar(travelling, waiting, in_flight_);
    if (ar.loading()) {
        if (std::max(travelling, waiting) > ar.left().size()) throw StateError("a list longer than the state");
        travelling_.resize(travelling);
        waiting_.resize(waiting);
    }
    for (Message& message : travelling_) {
        transaction(message.trans);
        ar(message.stage, message.due_ps);
    }
    for (tlm::tlm_generic_payload*& trans : waiting_) transaction(trans);
}

void Machine::make_schedule(u64 seed) {
    if (schedule) bus.detach(schedule.get());
    schedule =
        sim::make_schedule(config.schedule, static_cast<unsigned>(cores.size()), split_seed(seed, kScheduleStream),
                           {.runnable = [this](PeId pe) { return cores[pe]->runnable(); },
                            .leave_engine = [this](PeId pe) { cores[pe]->interrupt_engine(); }});
    if (schedule && schedule->events()) bus.attach(schedule.get(), schedule->events());
}

void Machine::reseed(u64 seed) {
    for (auto& core : cores) core->reseed(seed);
    injector.reseed(split_seed(seed, kInjectionStream));
    make_schedule(seed);
}

// Of another schedule than the board's now: it ends here, and the board's begins.
void Machine::archive_schedule(Archive& ar) {
    std::string name = config.schedule.name;
    Archive inner;
    if (schedule && !ar.loading()) schedule->archive(inner);
    ar(name, inner.written());
    if (!ar.loading() || name != config.schedule.name || !schedule) return;
    Archive saved(inner.written());
    schedule->archive(saved);
}

void Machine::archive(Archive& ar) {
    ar(symbols, ram, domain);
    if (checker) ar(*checker);
    ar(psci, gic, uart, *rtc_);
    if (disk_) ar(*disk_, *virtio_console_);
    for (auto& core : cores) ar(*core);
    if (memory) ar(*memory);
    dvm.archive(ar, dvm_pool);
    ar(agenda, phases, maps, map_changes, rendezvous, injector, probes, console, input, guest_results, progress);
    archive_schedule(ar);
    bool tallied = tally != nullptr;
    ar(tallied);
    if (tallied && ar.loading()) tally = std::make_unique<ChangeTally>(bus);
    if (tallied) ar(*tally);
    bool profiled = profiler != nullptr;
    u64 interval = profiled ? profiler->interval_cycles() : 0;
    ar(profiled, interval);
    if (profiled && ar.loading()) profile(interval);
    if (profiled) ar(*profiler);
}

}  // namespace bbmsim::sim
