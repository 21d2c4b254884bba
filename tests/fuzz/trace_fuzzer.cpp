// SPDX-License-Identifier: Apache-2.0
// libFuzzer: any text is either refused with a line and a message, or judged to its end.
#include "models/board/ram.hpp"
#include "models/mmu/trace/run.hpp"

#include <cstdlib>

using namespace bbmsim;

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    auto parsed = mmu::trace::parse(text);
    if (const auto* error = std::get_if<mmu::trace::Error>(&parsed)) {
        if (!error->line || error->message.empty()) std::abort();
        return 0;
    }
    const auto& trace = std::get<mmu::trace::Trace>(parsed);
    if (trace.ram_bytes > u64{1} << 32) return 0;  // reserved, not used: the sanitizer's shadow is what would run out
    const board::Ram ram(PhysAddr(trace.ram_base), trace.ram_bytes, true);
    mmu::trace::Run run(trace, ram.view());
    run.all();
    return 0;
}
