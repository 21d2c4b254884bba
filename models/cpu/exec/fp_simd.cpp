// SPDX-License-Identifier: Apache-2.0
// Floating point and Advanced SIMD on cores without them: met, they report themselves.
#include "models/cpu/bind.hpp"
#include "models/cpu/pe.hpp"

namespace bbmsim::cpu {

void bind_FP_SIMD(Op& op, u32, const DecodeContext& context) {
    if (context.features.fp) return;  // unallocated, or of an extension that the core lacks
    op.fn = &unmodelled_fp;
    op.cls = OpClass::kException;
    op.ends_block = true;
}
void bind_FP_SIMD_load_store(Op& op, u32 raw, const DecodeContext& context) { bind_FP_SIMD(op, raw, context); }

}  // namespace bbmsim::cpu
