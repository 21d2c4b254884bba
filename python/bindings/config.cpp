// SPDX-License-Identifier: Apache-2.0
// Configurations: default values, presets, validation.
#include "python/bindings/bindings.hpp"
#include "python/bindings/fields.hpp"

#include <pybind11/stl.h>

namespace bbmsim::python {

void bind_config(py::module_& m) {
    m.def(
        "default_board", [] { return to_python(sim::BoardConfig{}); }, "the fields of a board with their defaults");
    m.def(
        "default_core", [] { return to_python(cpu::CoreConfig{}); }, "the fields of a core with their defaults");
    m.def(
        "presets",
        [] {
            py::list out;
            for (const auto& preset : cpu::presets()) out.append(to_python(preset));
            return out;
        },
        "every core preset, in listing order");
    m.def(
        "validate",
        [](const py::dict& board) {
            sim::BoardConfig config;
            from_python(board, config, "");
            return sim::validate(config);
        },
        py::arg("board"), "one line per problem; raises ValueError if a field is unknown or of the wrong kind");
    m.def(
        "enum_names",
        [] {
            py::dict out;
            auto add = [&](const char* name, const auto& names) {
                py::list list;
                for (const char* n : names) list.append(n);
                out[name] = list;
            };
            add("policy", EnumNames<mmu::Policy>::names);
            add("conflict", EnumNames<mmu::ConflictBehaviour>::names);
            add("conflict_on", EnumNames<mmu::ConflictOn>::names);
            add("detail", EnumNames<memory::Detail>::names);
            add("invalidation", EnumNames<mmu::InvalidationPolicy>::names);
            return out;
        },
        "field name -> the values that its enumeration has");
}

}  // namespace bbmsim::python
