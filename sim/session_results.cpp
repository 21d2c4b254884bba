// SPDX-License-Identifier: Apache-2.0
#include "sim/session_impl.hpp"

#include <fmt/format.h>

namespace bbmsim::sim {

const std::vector<Event>& Session::trace() const { return impl_->trace->events(); }
u64 Session::trace_dropped() const { return impl_->trace->dropped(); }

const std::vector<mmu::Violation>& Session::violations() const {
    impl_->violations.clear();
    if (impl_->machine->checker) impl_->violations = impl_->machine->checker->violations();
    for (mmu::Violation& v : impl_->violations)
        if (v.pc) v.text += fmt::format(" Written at {}.", symbolize(v.pc));
    return impl_->violations;
}

const std::vector<mmu::Hazard>& Session::hazards() const {
    impl_->hazards.clear();
    if (impl_->machine->checker) impl_->hazards = impl_->machine->checker->hazards();
    for (mmu::Hazard& h : impl_->hazards)
        if (h.pc) h.text += fmt::format(" Accessed at {}.", symbolize(h.pc));
    return impl_->hazards;
}

const std::vector<mmu::Note>& Session::notes() const {
    impl_->notes.clear();
    if (impl_->machine->checker) impl_->notes = impl_->machine->checker->notes();
    for (mmu::Note& n : impl_->notes)
        if (n.pc) n.text += fmt::format(" At {}.", symbolize(n.pc));
    return impl_->notes;
}

mmu::CheckerStats Session::checker_stats() const {
    return impl_->machine->checker ? impl_->machine->checker->stats() : mmu::CheckerStats{};
}

std::vector<HostUsage> Session::phases_host_usage() const { return impl_->machine->phases.host_usage(); }
std::vector<PhaseResult> Session::phases() const { return impl_->machine->phases.results(now_ps()); }

CoreStats Session::core_stats(PeId pe) const {
    const CoreModule& core = *impl_->machine->cores.at(pe);
    const Counters c = core.counters();
    const cpu::CoreConfig& config = impl_->machine->config.cores[pe];
    CoreStats s;
    s.name = config.name;
    s.bbml = config.mmu.bbml;
    s.cycles = c.cycles;
    s.instructions = c.instructions;
    s.cost = c.cost;
    s.tlb = c.tlb;
    s.l1d_cache_misses = c.l1d_cache_misses;
    s.l2_cache_misses = c.l2_cache_misses;
    s.l3_cache_misses = c.l3_cache_misses;
    s.line_transfers = c.line_transfers;
    s.cache_cycles = c.cache_cycles;
    s.walk_cycles = c.walk_cycles;
    s.loads = c.loads;
    s.stores = c.stores;
    s.exceptions = c.exceptions;
    s.interrupts = c.interrupts;
    s.conflict_aborts = c.conflict_aborts;
    s.dsb = c.dsb;
    s.dvm_sent = c.dvm_sent;
    s.dvm_received = c.dvm_received;
    s.tlbi = tlbi_by_mnemonic(c.tlbi);
    s.descriptor_writes = c.descriptor_writes;
    return s;
}

const Profile* Session::profile() const {
    Machine& machine = *impl_->machine;
    return machine.profiler ? &machine.profiler->result() : nullptr;
}
const std::vector<MapResult>& Session::maps() const { return impl_->machine->maps.results(); }
void Session::tally_changes() {
    if (!impl_->machine->tally) impl_->machine->tally = std::make_unique<ChangeTally>(impl_->machine->bus);
}
std::vector<ChangeCount> Session::changes() const {
    return impl_->machine->tally ? impl_->machine->tally->changes() : std::vector<ChangeCount>();
}
std::vector<ConflictAborts> Session::conflict_aborts() const {
    return impl_->machine->tally ? impl_->machine->tally->conflict_aborts() : std::vector<ConflictAborts>();
}
std::vector<MapChange> Session::map_changes() const { return impl_->machine->map_changes.results(); }
Rendezvous Session::rendezvous() const { return impl_->machine->rendezvous.results(impl_->machine->now_ps()); }
std::vector<InjectionResult> Session::injections() const { return impl_->machine->injector.results(); }
std::string Session::console() const { return impl_->machine->console; }
std::vector<std::pair<std::string, u64>> Session::guest_results() const { return impl_->machine->guest_results; }
std::vector<std::string> Session::remarks() const { return impl_->machine->remarks(); }
std::pair<u64, u64> Session::progress() const { return impl_->machine->progress; }
u64 Session::ram_used_bytes() const { return impl_->machine->ram.backed_pages() * kPageBytes; }
std::string Session::symbolize(u64 pc) const { return impl_->machine->symbols.symbolize(pc); }

}  // namespace bbmsim::sim
