// SPDX-License-Identifier: Apache-2.0
// Binding of floating-point instructions by the format: halves need FEAT_FP16.
#pragma once

#include "models/cpu/exec/simd_elements.hpp"

namespace bbmsim::cpu {

inline constexpr unsigned kSD = 12, kHSD = 14;

// One element, ra being the addend; and unary ones by the same.
template <class F, class T>
struct ScalarFp {
    static void run(Pe& pe, const Op* op) {
        const auto get = [&](u8 r) { return static_cast<T>(pe.v[r].lo); };
        pe.v[op->rd] = {F::f(pe, get(op->ra), get(op->rn), get(op->rm)), 0};
    }
};

// Scalar floating point: the type in 23:22 is S, D, reserved, H.
template <template <class, class> class Shape, class F>
void by_type(Op& op, u32 raw, const DecodeContext& context) {
    static constexpr unsigned kSizes[4] = {2, 3, 0, 1};
    const unsigned size = kSizes[field(raw, 22, 2)];
    if (size == 0 || (size == 1 && !context.features.fp16)) return;
    by_size<Shape, F, kHSD>(op, raw, size);
    op.cls = OpClass::kMultiply;
}

// Advanced SIMD: vectors, or scalars by bit 28.
template <template <class, class> class Shape, class F, unsigned kSizes>
void vector_fp(Op& op, u32 raw, unsigned size) {
    const bool scalar = bit(raw, 28);
    if (!scalar && size == 3 && !bit(raw, 30)) return;
    by_size<Shape, F, kSizes>(op, raw, size);
    op.aux = scalar ? static_cast<u8>(1u << size) : vector_bytes(raw);
    op.cls = OpClass::kMultiply;
}
// The encodings of halves differ in bit 21 of three same, bit 19 of two-register miscellaneous; else bit 22 says D.
inline unsigned three_same_size(u32 raw) { return !bit(raw, 21) ? 1 : bit(raw, 22) ? 3 : 2; }
inline unsigned two_register_size(u32 raw) { return bit(raw, 19) ? 1 : bit(raw, 22) ? 3 : 2; }

}  // namespace bbmsim::cpu
