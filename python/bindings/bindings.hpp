// SPDX-License-Identifier: Apache-2.0
// The extension bbmsim._core: what each file of this folder adds to it. No numpy, no SystemC.
//
// Configurations and results cross as dictionaries of plain values (str, int, float, bool, list, dict); the typed
// dataclasses that users see are python/bbmsim's. A file that binds something for tests only is named *_testing.cpp.
#pragma once

#include <pybind11/pybind11.h>

namespace bbmsim::python {

void bind_config(pybind11::module_& m);       // config.cpp: fields, presets, validation
void bind_session(pybind11::module_& m);      // session.cpp: Session, Event
void bind_traces(pybind11::module_& m);       // traces.cpp: the checker over recorded traces
void bind_litmus(pybind11::module_& m);       // litmus.cpp: litmus tests, parsed
void bind_debugger(pybind11::module_& m);     // debugger.cpp: Session.debugger()
void bind_rules(pybind11::module_& m);        // results.cpp: the rules that the checker knows
void bind_mmu_testing(pybind11::module_& m);  // mmu_testing.cpp: walks and TLBs on their own (the mmu room)
void bind_isa_testing(pybind11::module_& m);  // isa_testing.cpp: decode, execute, disassemble (the isa room)

}  // namespace bbmsim::python
