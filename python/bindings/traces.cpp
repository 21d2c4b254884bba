// SPDX-License-Identifier: Apache-2.0
// _core.check_trace: the checker over the text of a trace (models/mmu/trace).
#include "models/board/ram.hpp"
#include "models/mmu/trace/run.hpp"
#include "python/bindings/bindings.hpp"
#include "python/bindings/results.hpp"

#include <string>

namespace bbmsim::python {

using namespace py::literals;

namespace {

template <class Findings>
py::list listed(const Findings& findings) {
    py::list out;
    for (const auto& finding : findings) out.append(to_python(finding));
    return out;
}

py::dict check_trace(const std::string& text) {
    auto parsed = mmu::trace::parse(text);
    if (const auto* error = std::get_if<mmu::trace::Error>(&parsed))
        return py::dict("error"_a = py::make_tuple(error->line, error->message));
    const auto& trace = std::get<mmu::trace::Trace>(parsed);
    const board::Ram ram(PhysAddr(trace.ram_base), trace.ram_bytes, true);
    mmu::trace::Run run(trace, ram.view());
    run.all();
    const mmu::BbmChecker& checker = run.checker();
    return py::dict("events"_a = trace.events.size(), "violations"_a = listed(checker.violations()),
                    "hazards"_a = listed(checker.hazards()), "notes"_a = listed(checker.notes()),
                    "checker"_a = to_python(checker.stats()));
}

}  // namespace

void bind_traces(py::module_& m) {
    m.def("check_trace", &check_trace, "text"_a,
          "What the checker finds in the text of a trace; {'error': (line, message)} if it can't be read.");
}

}  // namespace bbmsim::python
