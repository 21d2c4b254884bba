// SPDX-License-Identifier: Apache-2.0
// _core.isa_testing, for tests: the encoding table, decoding and disassembly without a machine.
#include "models/cpu/decode.hpp"
#include "models/cpu/disasm.hpp"
#include "python/bindings/bindings.hpp"

#include <pybind11/stl.h>

namespace bbmsim::python {

void bind_isa_testing(pybind11::module_& m) {
    namespace py = pybind11;
    using namespace bbmsim::cpu;
    py::module_ isa = m.def_submodule("isa_testing", "the encoding table, decoding and disassembly, for tests");
    isa.def(
        "table",
        [] {
            py::list lines;
            for (const EncodingInfo& e : encodings())
                lines.append(py::dict(py::arg("name") = e.name, py::arg("mnemonic") = e.mnemonic,
                                      py::arg("bits") = e.bits, py::arg("operands") = e.operands,
                                      py::arg("feature") = e.feature_name, py::arg("mask") = e.mask,
                                      py::arg("value") = e.value));
            return lines;
        },
        "every line of the table: name, mnemonic, bits, operands, feature, mask, value");
    isa.def("disassemble", &disassemble, py::arg("raw"), py::arg("pc"), "the text that traces and findings show");
    isa.def("own_text", &own_text, py::arg("raw"), py::arg("pc"), py::arg("aliases") = true,
            "the table's text; empty for an unallocated encoding");
    isa.def(
        "decode_name",
        [](u32 raw) -> std::string {
            const EncodingInfo* info = find_encoding(raw);
            return info && allocated(raw) ? info->name : "";
        },
        py::arg("raw"), "NAME of the encoding; empty for an unallocated one");
}

}  // namespace bbmsim::python
