// SPDX-License-Identifier: Apache-2.0
// The rendezvous as a dictionary: what python/bbmsim/rendezvous.py makes the record's `rendezvous` of.
#include "python/bindings/results.hpp"

namespace bbmsim::python {

using namespace pybind11::literals;

namespace {

py::list spans(const sim::SpanList& list) {
    py::list out;
    for (const auto& span : list.spans())
        out.append(py::make_tuple(span.begin_ps, span.end_ps, span.busy_ps, span.count));
    return out;
}

}  // namespace

py::object to_python(const sim::Rendezvous& r) {
    if (r.windows.empty()) return py::none();
    py::list windows, cores;
    for (const auto& window : r.windows) windows.append(py::make_tuple(window.begin_ps, window.end_ps));
    for (const auto& pe : r.pes) {
        py::list roots, meetings;
        for (const auto& root : pe.roots) roots.append(py::make_tuple(root.time_ps, root.ttbr1));
        for (const auto& m : pe.meetings)
            meetings.append(py::make_tuple(m.counted_ps, m.pa, m.released_ps,
                                           m.released_by == kNoPe ? py::object(py::none()) : py::int_(m.released_by)));
        cores.append(py::dict("roots"_a = roots, "meetings"_a = meetings, "more_meetings"_a = pe.more_meetings,
                              "waits"_a = spans(pe.waits), "flushes"_a = spans(pe.flushes), "off"_a = spans(pe.off)));
    }
    return py::dict("windows"_a = windows, "cores"_a = cores);
}

}  // namespace bbmsim::python
