// SPDX-License-Identifier: Apache-2.0
#include "python/bindings/bindings.hpp"

#include <state_layout.hpp>

PYBIND11_MODULE(_core, m) {
    m.doc() = "bbmsim's simulation; use the bbmsim package, which types and documents it";
    m.attr("version") = BBMSIM_VERSION;
    m.attr("state_layout") = BBMSIM_STATE_LAYOUT;
    m.attr("source_dir") = BBMSIM_SOURCE_DIR;
    m.attr("build_dir") = BBMSIM_BUILD_DIR;
    bbmsim::python::bind_config(m);
    bbmsim::python::bind_rules(m);
    bbmsim::python::bind_traces(m);
    bbmsim::python::bind_litmus(m);
    bbmsim::python::bind_debugger(m);
    bbmsim::python::bind_session(m);
    bbmsim::python::bind_mmu_testing(m);
    bbmsim::python::bind_isa_testing(m);
}
