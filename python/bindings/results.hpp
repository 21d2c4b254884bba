// SPDX-License-Identifier: Apache-2.0
// Results as dictionaries, with the keys of the run record.
#pragma once

#include "sim/session.hpp"

#include <pybind11/pybind11.h>

namespace bbmsim::python {

namespace py = pybind11;

const char* outcome_name(sim::Outcome outcome);
py::dict to_python(const mmu::Violation& violation);
py::dict to_python(const mmu::Hazard& hazard);
py::dict to_python(const mmu::Note& note);
py::dict to_python(const sim::Session& session, const mmu::Violation& violation);
py::dict to_python(const sim::Session& session, const mmu::Hazard& hazard);
py::dict to_python(const sim::Session& session, const mmu::Note& note);
py::dict to_python(const mmu::CheckerStats& stats);
py::dict to_python(const sim::PhaseResult& phase);
py::dict to_python(const sim::HostUsage& usage);
py::dict to_python(const sim::CoreStats& stats);
py::object to_python(const sim::Rendezvous& rendezvous);
py::dict to_python(const sim::Session& session, const sim::InjectionResult& injection);
py::dict to_python(const mmu::Census& census);
py::dict to_python(const sim::MapResult& map);
py::dict to_python(const sim::Session& session, const sim::MapChange& change);
py::dict to_python(const sim::ChangeCount& change);
py::dict to_python(const sim::Session& session, const sim::ConflictAborts& aborts);
py::dict to_python(const sim::Profile& profile);
py::dict attributes(const mmu::MemAttr& attr);
py::dict permissions(const mmu::Permissions& permissions);
py::dict to_python(const mmu::TlbEntry& entry);
py::dict to_python(const mmu::WalkResult& walk);
py::tuple to_python(const Event& event);

}  // namespace bbmsim::python
