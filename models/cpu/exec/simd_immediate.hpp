// SPDX-License-Identifier: Apache-2.0
// AdvSIMDExpandImm() and VFPExpandImm() of the manual.
#pragma once

#include "models/mmu/types.hpp"

namespace bbmsim::cpu {

// imm8 as a floating-point number of kExponent and kFraction bits.
template <unsigned kExponent, unsigned kFraction>
constexpr u64 expand_fp_immediate(u32 imm8) {
    const u64 sign = imm8 >> 7, b = imm8 >> 6 & 1;
    const u64 exponent =
        (b ^ 1) << (kExponent - 1) | (b ? ((u64{1} << (kExponent - 3)) - 1) << 2 : 0) | (imm8 >> 4 & 3);
    return sign << (kExponent + kFraction) | exponent << kFraction | u64{imm8 & 15} << (kFraction - 4);
}

// Of the "modified immediate" encodings, before the inversion of MVNI and BIC.
constexpr u64 expand_simd_immediate(u32 raw) {
    const u32 imm8 = (raw >> 16 & 7) << 5 | (raw >> 5 & 31), cmode = raw >> 12 & 15, op = raw >> 29 & 1;
    const u64 i = imm8;
    const auto twice = [](u64 v) { return v | v << 32; };
    const auto four = [](u64 v) { return v * 0x0001000100010001; };
    if (cmode < 8) return twice(i << (cmode >> 1) * 8);
    if (cmode < 12) return four(i << (cmode >> 1 & 1) * 8);
    if (cmode == 12) return twice(i << 8 | 0xff);
    if (cmode == 13) return twice(i << 16 | 0xffff);
    if (cmode == 14 && !op) return i * 0x0101010101010101;
    if (cmode == 14) {
        u64 v = 0;
        for (unsigned n = 0; n < 8; ++n)
            if (imm8 >> n & 1) v |= u64{0xff} << (8 * n);
        return v;
    }
    return op ? expand_fp_immediate<11, 52>(imm8) : twice(expand_fp_immediate<8, 23>(imm8));
}

}  // namespace bbmsim::cpu
