// SPDX-License-Identifier: Apache-2.0
// sim::Debugger for Python. The handler is called with the GIL held, while Session.run() stands still.
#include "sim/debugger.hpp"

#include "python/bindings/bindings.hpp"

#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace bbmsim::python {

namespace py = pybind11;

namespace {

py::bytes to_bytes(const std::vector<u8>& data) { return {reinterpret_cast<const char*>(data.data()), data.size()}; }

void attach(sim::Debugger& debugger, py::function handler) {
    static constexpr const char* kReasons[] = {"breakpoint", "watchpoint", "step"};
    // Copied without the GIL, so the reference is counted apart from Python's.
    const std::shared_ptr<py::function> held(new py::function(std::move(handler)), [](py::function* f) {
        const py::gil_scoped_acquire locked;
        delete f;  // NOLINT(cppcoreguidelines-owning-memory): the shared_ptr's deleter
    });
    debugger.attach([held](const sim::Debugger::Stop& stop) {
        const py::gil_scoped_acquire locked;
        (*held)(kReasons[static_cast<unsigned>(stop.reason)], stop.core, stop.address, stop.watchpoint);
    });
}

void set_watchpoints(sim::Debugger& debugger, const std::vector<std::tuple<u64, u64, bool, bool>>& watchpoints) {
    std::vector<cpu::Watchpoint> out;
    out.reserve(watchpoints.size());
    for (const auto& [lo, last, on_read, on_write] : watchpoints) out.push_back({lo, last, on_read, on_write});
    debugger.set_watchpoints(std::move(out));
}

py::list system_registers(const sim::Debugger& debugger, PeId core) {
    py::list out;
    for (const auto& r : debugger.system_registers(core))
        out.append(py::make_tuple(r.name, r.encoding, r.readable, r.writable));
    return out;
}

}  // namespace

void bind_debugger(py::module_& m) {
    using sim::Debugger;
    py::class_<Debugger> c(m, "Debugger");
    c.def("attach", &attach, py::arg("handler"));
    c.def("detach", &Debugger::detach);
    c.def(
        "set_breakpoints", [](Debugger& d, const std::vector<u64>& addresses) { d.set_breakpoints(addresses); },
        py::arg("addresses"));
    c.def("set_watchpoints", &set_watchpoints, py::arg("watchpoints"));
    c.def("halt", &Debugger::halt, py::arg("core"));
    c.def("step", &Debugger::step, py::arg("core"));
    c.def("step_alone", &Debugger::step_alone, py::arg("core"));
    c.def("hold", &Debugger::hold, py::arg("cores"));
    c.def(
        "read_register",
        [](const Debugger& d, PeId core, unsigned number) { return to_bytes(d.read_register(core, number)); },
        py::arg("core"), py::arg("number"));
    c.def(
        "write_register",
        [](Debugger& d, PeId core, unsigned number, const std::string& bytes) {
            d.write_register(core, number, {reinterpret_cast<const u8*>(bytes.data()), bytes.size()});
        },
        py::arg("core"), py::arg("number"), py::arg("data"));
    c.def("system_registers", &system_registers, py::arg("core"));
    c.def("read_system_register", &Debugger::read_system_register, py::arg("core"), py::arg("encoding"));
    c.def("write_system_register", &Debugger::write_system_register, py::arg("core"), py::arg("encoding"),
          py::arg("value"));
    c.def("translate", &Debugger::translate, py::arg("core"), py::arg("va"));
    c.def("state", &Debugger::state, py::arg("core"));
}

}  // namespace bbmsim::python
