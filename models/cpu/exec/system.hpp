// SPDX-License-Identifier: Apache-2.0
// What the files of system instructions share.
#pragma once

#include "models/cpu/engine_impl.hpp"
#include "models/cpu/memory_slow.hpp"

namespace bbmsim::cpu {

// A system access by EL0 that EL1 has trapped: EC 0x18, the encoding in the ISS.
inline const Op* trap_to_el1(Pe& pe, const Op* op) {
    const u32 raw = op->raw;
    const u32 iss = ((raw >> 19) & 3) << 20 | ((raw >> 5) & 7) << 17 | ((raw >> 16) & 7) << 14 |
                    ((raw >> 12) & 15) << 10 | (raw & 31) << 5 | ((raw >> 8) & 15) << 1 | ((raw >> 21) & 1);
    return sync_exception(pe, op, 0x18, iss);
}

// Sets the time and PC that events and the checker see.
inline void stamp(Pe& pe, const Op* op) {
    pe.slow_pc = pe.pc_of(op);
    pe.update_now();
}

}  // namespace bbmsim::cpu
