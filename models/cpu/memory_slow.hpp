// SPDX-License-Identifier: Apache-2.0
// The out-of-line half of mem.hpp: translation, faults, devices, page crossings, watched and unbacked pages.
#pragma once

#include "models/cpu/pe.hpp"
#include "models/mmu/types.hpp"

namespace bbmsim::cpu {
enum class MemMode : u8;
}

namespace bbmsim::cpu::slow {

// `count` elements of `elem` bytes, at most 64 bytes in all (alignment is judged by the element). False: see mem.hpp.
bool read(Pe& pe, const Op* op, u64 va, unsigned elem, unsigned count, MemMode mode, void* out);
bool write(Pe& pe, const Op* op, u64 va, unsigned elem, unsigned count, MemMode mode, const void* in);

bool load_exclusive(Pe& pe, const Op* op, u64 va, unsigned elem, unsigned count, void* out);
bool store_exclusive(Pe& pe, const Op* op, u64 va, unsigned elem, unsigned count, const void* in, u32& status);

// Read-modify-write of `size` bytes in one RAM page: begin translates for writing and gives the old contents, then
// commit writes. Between the two nothing may happen. `write` false in commit: CAS failed, nothing is written.
struct Rmw {
    u64 pa = 0;
};
bool rmw_begin(Pe& pe, const Op* op, u64 va, unsigned size, void* old, Rmw& rmw);
void rmw_commit(Pe& pe, const Rmw& rmw, unsigned size, const void* value);

bool zero_block(Pe& pe, const Op* op, u64 va);  // DC ZVA: 64 bytes

void acquire(Pe& pe);  // tells the checker

}  // namespace bbmsim::cpu::slow
