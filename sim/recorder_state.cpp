// SPDX-License-Identifier: Apache-2.0
// What of the recorders and of what the user ordered is state (models/mmu/snapshot/archive.hpp).
#include "models/mmu/snapshot/archive.hpp"
#include "sim/machine.hpp"

namespace bbmsim::mmu {

void Census::archive(Archive& ar) {
    auto& [a, b, c, d, e, f, g, h, i, j, k] = *this;
    ar(a, b, c, d, e, f, g, h, i, j, k);
}

}  // namespace bbmsim::mmu

namespace bbmsim::sim {

void Symbol::archive(Archive& ar) {
    auto& [text, at, bytes, pa] = *this;
    ar(text, at, bytes, pa);
}
void SymbolTable::archive(Archive& ar) {
    auto& [symbols, entries] = *this;
    ar.part("symbols");
    ar(symbols);
    if (ar.loading()) set(std::move(symbols));
}

void PhaseSpec::archive(Archive& ar) {
    auto& [phase, from, to, anywhere] = *this;
    ar(phase, from, to, anywhere);
}
void PhaseCore::archive(Archive& ar) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s] = *this;
    ar(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s);
}
void PhaseResult::archive(Archive& ar) {
    auto& [a, b, c, d, e, f, g, h, i, j] = *this;
    ar(a, b, c, d, e, f, g, h, i, j);
}
void BoardCounters::archive(Archive& ar) {
    auto& [each, linked] = *this;
    ar(each, linked);
}
void PhaseRecorder::Phase::archive(Archive& ar) {
    auto& [so_far, nesting, since, number, at_begin, host_so_far, host_since] = *this;
    ar(so_far, nesting, since, number, at_begin);
    if (ar.loading()) host_since = HostUsage::now();
}
void PhaseRecorder::archive(Archive& ar) {
    auto& [gather, marker, phases, begun] = *this;
    ar.part("phases");
    ar(phases, begun);
}

void MapSpec::archive(Archive& ar) {
    auto& [a, b, c, d, e, f, g] = *this;
    ar(a, b, c, d, e, f, g);
}
void MapResult::archive(Archive& ar) {
    auto& [asked, done, who, time, found] = *this;
    ar(asked, done, who, time, found);
}
void MapRecorder::archive(Archive& ar) {
    auto& [take, results, entries] = *this;
    ar.part("maps");
    ar(results, entries);
}
void MapChanges::archive(Archive& ar) {
    auto& [bus, phases, linear, tallies] = *this;
    ar(tallies);
}

void SpanList::archive(Archive& ar) {
    auto& [spans, near] = *this;
    ar(spans, near);
}
void PeAtRendezvous::archive(Archive& ar) {
    auto& [a, b, c, d, e, f] = *this;
    ar(a, b, c, d, e, f);
}
void Rendezvous::archive(Archive& ar) {
    auto& [when, who] = *this;
    ar(when, who);
}
void RendezvousRecorder::archive(Archive& ar) {
    auto& [bus, root, now, on, depth, begun, found, pending] = *this;
    ar.part("rendezvous");
    ar(depth, begun, found, pending);
    if (!ar.loading()) return;
    bus.detach(this);
    if (depth) listen();
}

void Probes::Action::archive(Archive& ar) {
    auto& [what, whose, returns, number] = *this;
    ar(what, whose, returns, number);
}
void Probes::Return::archive(Archive& ar) {
    auto& [then, at, stack] = *this;
    ar(then, at, stack);
}
void Probes::archive(Archive& ar) {
    auto& [phases, injector, maps, specs, actions, returns, sites, dirty] = *this;
    ar.part("probes");
    ar(specs, actions);
    ar.fixed(returns);
    ar.fixed(sites);
    if (ar.loading()) dirty.assign(dirty.size(), true);  // the engines have none yet
}

void ConsoleInput::Step::archive(Archive& ar) {
    auto& [awaited, answer, to_virtio] = *this;
    ar(awaited, answer, to_virtio);
}
void ConsoleInput::archive(Archive& ar) {
    auto& [console, deliver, script, matched, answering, due] = *this;
    ar.part("input");
    ar(script, matched, answering);
}

void Injection::archive(Archive& ar) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = *this;
    ar(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
}
void Reaction::archive(Archive& ar) {
    auto& [count, earliest, broken, effects] = *this;
    ar(count, earliest, broken, effects);
}
void InjectionResult::archive(Archive& ar) {
    auto& [a, b, c, d, e, f, g, h, i] = *this;
    ar(a, b, c, d, e, f, g, h, i);
}
void Injector::Entry::archive(Archive& ar) {
    auto& [so_far, kind, draws, reached, is_armed, here] = *this;
    ar(so_far, draws, reached, is_armed, here);
    if (ar.loading()) kind = make_fault(so_far.spec);
    kind->archive(ar);
}
void Injector::archive(Archive& ar) {
    ar.part("injector");
    ar(seed_, entries_);
    if (!ar.loading()) return;
    for (std::size_t core = 0; core < dirty_.size(); ++core) refresh(static_cast<PeId>(core));
    if (!entries_.empty()) listen();
}

void ChangeTally::archive(Archive& ar) {
    auto& [bus, counts, writers, broken, aborts] = *this;
    ar(counts, writers, broken, aborts);
}

void Profile::archive(Archive& ar) {
    auto& [a, b, c, d, e, f] = *this;
    ar(a, b, c, d, e, f);
}
void Profiler::archive(Archive& ar) {
    auto& [bus, ram, symbols, pes, cores, profile, nodes, at_pc, names] = *this;
    ar.part("profiler");
    ar.fixed(cores);
    ar(profile, nodes, names);
}

}  // namespace bbmsim::sim
