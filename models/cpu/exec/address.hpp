// SPDX-License-Identifier: Apache-2.0
// Addressing modes of loads and stores, and the alignment check of the stack pointer as a base.
#pragma once

#include "models/cpu/bind.hpp"
#include "models/cpu/exec/alu.hpp"
#include "models/cpu/pe.hpp"

namespace bbmsim::cpu {

enum class Mode : u8 { kOffset, kPost, kPre, kIndex, kExtended };

// The virtual address of an access; base in rn, offset in imm, or index in rm with shift aux and extension aux2.
template <Mode M>
inline u64 address_of(const Pe& pe, const Op* op) {
    const u64 base = pe.r[op->rn];
    if constexpr (M == Mode::kPost) return base;
    if constexpr (M == Mode::kIndex) return base + (pe.r[op->rm] << op->aux);
    if constexpr (M == Mode::kExtended) return base + extend_register(pe.r[op->rm], op->aux2, op->aux);
    return base + op->imm;
}
// Written after the data registers, so the base wins where a load names it twice (CONSTRAINED UNPREDICTABLE).
template <Mode M>
inline void write_back(Pe& pe, const Op* op, u64 va) {
    if constexpr (M == Mode::kPost) pe.r[op->rn] = va + op->imm;
    if constexpr (M == Mode::kPre) pe.r[op->rn] = va;
}

// CheckSPAlignment() of the manual, for accesses with SP as their base.
inline bool sp_misaligned(const Pe& pe) { return (pe.r[kRegSp] & 15) && (pe.sys.sctlr >> (pe.ps.el == 0 ? 4 : 3) & 1); }
template <bool kSp>
inline bool sp_faults(const Pe& pe) {
    if constexpr (kSp) return sp_misaligned(pe);
    return false;
}
inline bool base_faults(const Pe& pe, const Op* op) { return op->rn == kRegSp && sp_misaligned(pe); }

}  // namespace bbmsim::cpu
