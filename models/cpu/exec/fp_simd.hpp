// SPDX-License-Identifier: Apache-2.0
// What the files of SIMD&FP instructions share: the trap of CPACR_EL1.FPEN, and binding by element size.
//
// Op: rd, rn, rm, ra are register numbers 0..31; aux is the number of bytes of the result that the instruction forms
// (16, 8, or one element for scalars), the rest of the destination is zeroed.
#pragma once

#include "models/cpu/bind.hpp"
#include "models/cpu/pe.hpp"

namespace bbmsim::cpu {

inline bool fp_disabled(const Pe& pe) {
    const u64 fpen = pe.sys.cpacr >> 20 & 3;
    return fpen != 3 && (fpen != 1 || pe.ps.el == 0);
}

// Handler of `F::run(pe, op)`, which cannot fault, behind the trap.
template <class F>
const Op* simd(Pe& pe, const Op* op) {
    if (fp_disabled(pe)) [[unlikely]]
        return fp_trap(pe, op);
    F::run(pe, op);
    return op + 1;
}

inline constexpr u64 kFpsrQc = u64{1} << 27;

inline u8* bytes_of(VReg& v) { return reinterpret_cast<u8*>(&v); }
inline void clear_above(VReg& v, unsigned bytes) {
    if (bytes == 16) return;
    v.hi = 0;
    if (bytes < 8) v.lo &= (u64{1} << (8 * bytes)) - 1;
}

inline void registers(Op& op, u32 raw) {
    op.rd = static_cast<u8>(field(raw, 0, 5));
    op.rn = static_cast<u8>(field(raw, 5, 5));
    op.rm = static_cast<u8>(field(raw, 16, 5));
    op.ra = static_cast<u8>(field(raw, 10, 5));
}
template <class F>
void bind_simd(Op& op, u32 raw) {
    registers(op, raw);
    op.fn = &simd<F>;
}
constexpr u8 vector_bytes(u32 raw) { return bit(raw, 30) ? 16 : 8; }

}  // namespace bbmsim::cpu
