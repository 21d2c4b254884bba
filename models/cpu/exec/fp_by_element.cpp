// SPDX-License-Identifier: Apache-2.0
// Advanced SIMD floating-point vector by indexed element, vector and scalar, C4.1.96.
#include "models/cpu/exec/fp_bind.hpp"
#include "models/cpu/exec/fp_operations.hpp"

namespace bbmsim::cpu {
namespace {

// Size: 00 halves with index H:L:M, 10 singles with H:L, 11 doubles with H.
template <class F>
void by_element(Op& op, u32 raw) {
    const unsigned type = field(raw, 22, 2), h = bit(raw, 11), l = bit(raw, 21), m = bit(raw, 20);
    if (type == 1 || (type == 3 && l)) return;
    vector_fp<ByElement, F, kHSD>(op, raw, type == 0 ? 1 : type);
    op.ra = static_cast<u8>(type == 0 ? h << 2 | l << 1 | m : type == 2 ? h << 1 | l : h);
    if (type == 0) op.rm &= 15;
}

}  // namespace

void bind_FMLA_element(Op& op, u32 raw, const DecodeContext&) { by_element<fp::MulAdd<false, false>>(op, raw); }
void bind_FMLS_element(Op& op, u32 raw, const DecodeContext&) { by_element<fp::MulAdd<true, false>>(op, raw); }
void bind_FMUL_element(Op& op, u32 raw, const DecodeContext&) { by_element<fp::Mul>(op, raw); }
void bind_FMULX_element(Op& op, u32 raw, const DecodeContext&) { by_element<fp::MulExtended>(op, raw); }

}  // namespace bbmsim::cpu
