// SPDX-License-Identifier: Apache-2.0
// _core.parse_litmus: models/litmus as dictionaries. Values and locations are tuples whose first item says what they
// are.
#include "models/litmus/parse.hpp"
#include "python/bindings/bindings.hpp"

#include <pybind11/stl.h>

#include <string>
#include <type_traits>
#include <variant>

namespace bbmsim::python {

namespace py = pybind11;

using namespace py::literals;
using namespace litmus;

namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
    using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

py::tuple place(const Place& p) { return py::make_tuple(p.line, p.column); }

py::tuple value(const Value& v) {
    return std::visit(
        Overloaded{
            [](const Number& n) { return py::make_tuple("number", n.value); },
            [](const Address& a) { return py::make_tuple("address", a.name, a.element); },
            [](const PteAddress& a) { return py::make_tuple("pte", a.name, a.level, a.space); },
            [](const PhysicalAddress& a) { return py::make_tuple("pa", a.name); },
            [](const LabelAddress& a) { return py::make_tuple("label", a.process, a.label); },
            [](const PteValue& p) {
                const py::object table =
                    p.table ? py::object(py::make_tuple(p.table->name, p.table->level, p.table->space)) : py::none();
                return py::make_tuple(
                    "descriptor", py::dict("oa"_a = p.oa, "oa_pte"_a = p.oa_pte, "table"_a = table, "level"_a = p.level,
                                           "valid"_a = p.valid, "af"_a = p.af, "db"_a = p.db, "dbm"_a = p.dbm,
                                           "el0"_a = p.el0, "x"_a = p.x, "nG"_a = p.ng, "contiguous"_a = p.contiguous,
                                           "PXN"_a = p.pxn, "attrs"_a = p.attrs));
            },
            [](const ParValue& p) { return py::make_tuple("par", p.oa, p.fields); },
            [](const TtbrValue& t) { return py::make_tuple("ttbr", t.space, t.asid, t.cnp); },
        },
        v);
}

py::tuple location(const Location& l) {
    return std::visit(Overloaded{
                          [](const Register& r) { return py::make_tuple("register", r.process, r.name); },
                          [](const Variable& v) { return py::make_tuple("variable", v.name, v.element); },
                          [](const Pte& p) { return py::make_tuple("pte", p.name, p.level, p.space); },
                      },
                      l);
}

py::dict fault(const FaultAtom& f) {
    return py::dict("process"_a = f.process, "label"_a = f.label, "variable"_a = f.variable, "pte"_a = f.pte,
                    "type"_a = f.type);
}

// NOLINTNEXTLINE(misc-no-recursion): the parser bounds the depth
py::tuple condition(const Condition& c) {
    py::list children;
    for (const Condition& child : c.children) children.append(condition(child));
    switch (c.kind) {
        case Condition::Kind::kTrue: return py::make_tuple("and", py::list());
        case Condition::Kind::kFalse: return py::make_tuple("or", py::list());
        case Condition::Kind::kEqual:
            if (const auto* other = std::get_if<Location>(&c.equal.value))
                return py::make_tuple("same", location(c.equal.where), location(*other));
            return py::make_tuple("equal", location(c.equal.where), value(std::get<Value>(c.equal.value)));
        case Condition::Kind::kFault: return py::make_tuple("fault", fault(c.fault));
        case Condition::Kind::kNot: return py::make_tuple("not", children);
        case Condition::Kind::kAnd: return py::make_tuple("and", children);
        case Condition::Kind::kOr: return py::make_tuple("or", children);
        case Condition::Kind::kImplies: return py::make_tuple("implies", children);
    }
    return py::make_tuple("and", py::list());
}

py::list code(const std::vector<Instruction>& instructions) {
    py::list out;
    for (const Instruction& i : instructions) out.append(py::make_tuple(place(i.place), i.labels, i.text));
    return out;
}

py::dict parse_litmus(const std::string& text, const std::string& name) {
    const auto parsed = parse(text, name);
    if (const auto* error = std::get_if<ParseError>(&parsed)) return py::dict("error"_a = error->to_string());
    const Test& test = std::get<Test>(parsed);
    py::list init, processes, locations;
    for (const Init& i : test.init) {
        py::list values;
        for (const Value& v : i.values) values.append(value(v));
        init.append(py::dict("place"_a = place(i.place), "type"_a = i.type, "pointer"_a = i.pointer,
                             "array"_a = i.array, "where"_a = location(i.where), "values"_a = values));
    }
    for (const Process& p : test.processes)
        processes.append(py::dict("place"_a = place(p.place), "id"_a = p.id, "code"_a = code(p.code),
                                  "handler"_a = p.has_handler ? py::object(code(p.handler)) : py::none()));
    for (const auto& l : test.locations)
        locations.append(std::holds_alternative<FaultAtom>(l)
                             ? py::make_tuple("fault", fault(std::get<FaultAtom>(l)))
                             : py::make_tuple("location", location(std::get<Location>(l))));
    const char* quantifier = test.quantifier == Quantifier::kForall   ? "forall"
                             : test.quantifier == Quantifier::kExists ? "exists"
                                                                      : "~exists";
    return py::dict("name"_a = test.name, "doc"_a = test.doc, "metadata"_a = test.metadata, "init"_a = init,
                    "processes"_a = processes, "locations"_a = locations,
                    "filter"_a = test.filter ? py::object(condition(*test.filter)) : py::none(),
                    "quantifier"_a = quantifier, "condition"_a = condition(test.condition));
}

}  // namespace

void bind_litmus(py::module_& m) {
    m.def("parse_litmus", &parse_litmus, "text"_a, "name"_a,
          "A litmus test as dictionaries; {'error': \"NAME:LINE:COLUMN: ...\"} if it can't be read.");
}

}  // namespace bbmsim::python
