// SPDX-License-Identifier: Apache-2.0
// Text of encodings. disassemble() (engine.hpp) prefers Capstone; own_text() is the encoding table's.
#pragma once

#include "models/cpu/engine.hpp"

#include <string>

namespace bbmsim::cpu {

// Text from encodings.inc and aliases.inc. `aliases` false: the encoding's own mnemonic. Empty for unallocated ones.
std::string own_text(u32 raw, u64 pc, bool aliases = true);

}  // namespace bbmsim::cpu
