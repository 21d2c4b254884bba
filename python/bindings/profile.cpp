// SPDX-License-Identifier: Apache-2.0
#include "python/bindings/results.hpp"

#include <pybind11/stl.h>

namespace bbmsim::python {

using namespace pybind11::literals;

py::dict to_python(const sim::Profile& p) {
    py::list nodes, cores, samples;
    for (const auto& node : p.nodes) nodes.append(py::make_tuple(node.parent, node.frame));
    for (const auto& figures : p.cores) {
        py::list core;
        for (std::size_t i = 0; i < figures.size(); ++i)
            if (const auto& f = figures[i]; f.cycles || f.walks)
                core.append(py::make_tuple(i, f.cycles, f.walks, f.walk_cycles));
        cores.append(core);
    }
    for (const auto& s : p.samples) samples.append(py::make_tuple(s.core, s.time_ps, s.cycles, s.walks, s.frame));
    return py::dict("interval_cycles"_a = p.interval_cycles, "frames"_a = p.frames, "nodes"_a = nodes,
                    "cores"_a = cores, "samples"_a = samples, "dropped_samples"_a = p.dropped_samples);
}

}  // namespace bbmsim::python
