// SPDX-License-Identifier: Apache-2.0
// Software step (DDI 0487 D2.10): MDSCR_EL1.SS makes the PE take a debug exception behind each instruction. The run
// loop comes here only while a step is active, and then executes blocks of one instruction.
//
// When debug exceptions are enabled: self_hosted_debug.hpp.
#pragma once

#include "models/cpu/code_cache.hpp"
#include "models/cpu/pe.hpp"

#include <array>
#include <cstddef>

namespace bbmsim::cpu {

struct SingleBlock {
    Block block;
    std::array<Op, 3> ops;  // block.ops()
};
static_assert(offsetof(SingleBlock, ops) == sizeof(Block));

bool step_enabled(const Pe& pe);                       // at the current EL
bool step_enabled(const Pe& pe, u8 el, u8 daif);       // at another
void take_step_exception(Pe& pe);                      // active-pending
SingleBlock single(const Block& block);                // its first instruction, with the probe in front of it
void stepped(Pe& pe, u32 raw, u64 exceptions_before);  // PSTATE.SS behind it; `raw`: what was executed

// An instruction that calls: PSTATE.SS is cleared before it takes its exception (SSAdvance).
constexpr bool calls(u32 raw) { return (raw & 0xffe0001c) == 0xd4000000; }

}  // namespace bbmsim::cpu
