// SPDX-License-Identifier: Apache-2.0
// libFuzzer: any text is either a litmus test or refused with a place and a message.
#include "models/litmus/parse.hpp"

#include <cstdlib>

using namespace bbmsim;

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = litmus::parse(text, "fuzz");
    if (const auto* error = std::get_if<litmus::ParseError>(&parsed))
        if (!error->place.line || error->message.empty()) std::abort();
    return 0;
}
