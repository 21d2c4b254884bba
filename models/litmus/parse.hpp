// SPDX-License-Identifier: Apache-2.0
// Reads a litmus test. Never throws for what the text holds, never trusts it: sizes and nesting are bounded, an error
// says where, what stands there and what was expected.
#pragma once

#include "models/litmus/test.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace bbmsim::litmus {

inline constexpr std::size_t kMaxText = 1U << 20;
inline constexpr u32 kMaxProcesses = 16;
inline constexpr u32 kMaxInstructions = 1000;   // of one process
inline constexpr u32 kMaxNesting = 100;         // of a condition
inline constexpr std::size_t kMaxItems = 4096;  // initialisations, atoms, array elements
inline constexpr std::size_t kMaxName = 64;     // characters of a variable, a label, a register
inline constexpr u32 kMaxSpaces = 4;            // sets of tables
inline constexpr u32 kMaxAsid = 255;

struct ParseError {
    std::string name;  // of the text, as given
    Place place;
    std::string message;
    [[nodiscard]] std::string to_string() const;  // NAME:LINE:COLUMN: MESSAGE
};

// `name`: of the file, for messages.
std::variant<Test, ParseError> parse(std::string_view text, std::string_view name);

}  // namespace bbmsim::litmus
