// SPDX-License-Identifier: Apache-2.0
// Configuration structs <-> Python dictionaries, through visit_fields(): the one list of names that C++ and Python
// share.
#pragma once

#include "sim/config.hpp"

#include <pybind11/pybind11.h>

#include <array>
#include <concepts>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace bbmsim::python {

namespace py = pybind11;

template <class E>
struct EnumNames;  // the names of an enumeration in the order of its values
template <>
struct EnumNames<mmu::Policy> {
    static constexpr std::array names{"fifo", "random", "nru", "plru", "lru"};
};
template <>
struct EnumNames<mmu::ConflictBehaviour> {
    static constexpr std::array names{"abort", "first", "last", "random", "amalgamate"};
};
template <>
struct EnumNames<mmu::ConflictOn> {
    static constexpr std::array names{"fetch", "data", "both"};
};
template <>
struct EnumNames<mmu::InvalidationPolicy> {
    static constexpr std::array names{"minimal", "typical"};
};

template <>
struct EnumNames<memory::Detail> {
    static constexpr std::array names{"fast", "typical", "full"};
};

struct NoVisit {
    template <class T>
    void operator()(const char*, T&) const {}
};
template <class T>
concept Struct = requires(T& t, NoVisit v) {
    visit_fields(t, v);
};

inline std::string join(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + "." + name;
}
inline std::string shown(const py::handle& value) { return py::str(py::repr(value)); }

// --- to Python
template <class T>
py::object to_python(const T& value) {
    if constexpr (std::is_enum_v<T>) {
        return py::str(EnumNames<T>::names[static_cast<std::size_t>(value)]);
    } else if constexpr (Struct<T>) {
        py::dict out;
        visit_fields(const_cast<T&>(value), [&](const char* name, auto& field) { out[name] = to_python(field); });
        return out;
    } else if constexpr (std::is_same_v<T, bool>) {
        return py::bool_(value);
    } else if constexpr (std::is_integral_v<T>) {
        return py::int_(value);
    } else if constexpr (std::is_floating_point_v<T>) {
        return py::float_(value);
    } else if constexpr (std::is_same_v<T, std::string>) {
        return py::str(value);
    } else {
        py::list out;
        for (const auto& element : value) out.append(to_python(element));
        return out;
    }
}

// --- from Python: throws std::invalid_argument with one line that names the field, the value and what would be right
template <class T>
void from_python(const py::handle& value, T& out, const std::string& path) {
    auto wrong = [&](const std::string& right) -> void {
        throw std::invalid_argument(path + "=" + shown(value) + ": " + right);
    };
    if constexpr (std::is_enum_v<T>) {
        std::string choices;
        for (std::size_t i = 0; i < EnumNames<T>::names.size(); ++i) {
            if (py::isinstance<py::str>(value) && value.cast<std::string>() == EnumNames<T>::names[i]) {
                out = static_cast<T>(i);
                return;
            }
            choices += (i ? ", " : "") + std::string(EnumNames<T>::names[i]);
        }
        wrong("one of " + choices);
    } else if constexpr (Struct<T>) {
        if (!py::isinstance<py::dict>(value)) wrong("a mapping of fields");
        auto given = py::reinterpret_borrow<py::dict>(value);
        std::size_t seen = 0;
        visit_fields(out, [&](const char* name, auto& field) {
            if (!given.contains(name)) return;
            ++seen;
            from_python(py::object(given[name]), field, join(path, name));
        });
        if (seen == given.size()) return;
        for (const auto& item : given) {
            const std::string key = py::str(item.first);
            bool known = false;
            visit_fields(out, [&](const char* name, auto&) { known = known || key == name; });
            if (!known) throw std::invalid_argument(join(path, key) + ": no such field");
        }
    } else if constexpr (std::is_same_v<T, bool>) {
        if (!py::isinstance<py::bool_>(value)) wrong("True or False");
        out = value.cast<bool>();
    } else if constexpr (std::is_integral_v<T>) {
        if (!py::isinstance<py::int_>(value) || py::isinstance<py::bool_>(value)) wrong("a whole number");
        try {
            out = value.cast<T>();
        } catch (const py::cast_error&) {
            wrong("between 0 and " + std::to_string(std::numeric_limits<T>::max()));
        }
    } else if constexpr (std::is_floating_point_v<T>) {
        if ((!py::isinstance<py::float_>(value) && !py::isinstance<py::int_>(value)) ||
            py::isinstance<py::bool_>(value))
            wrong("a number");
        out = value.cast<T>();
    } else if constexpr (std::is_same_v<T, std::string>) {
        if (!py::isinstance<py::str>(value)) wrong("text");
        out = value.cast<std::string>();
    } else {
        if (!py::isinstance<py::list>(value) && !py::isinstance<py::tuple>(value)) wrong("a list");
        out.clear();
        std::size_t i = 0;
        for (const auto& element : value)
            from_python(element, out.emplace_back(), path + "[" + std::to_string(i++) + "]");
    }
}

}  // namespace bbmsim::python
