// SPDX-License-Identifier: Apache-2.0
// Floating point and Advanced SIMD are not modelled: met, they trap by CPACR_EL1 or report themselves.
#include "models/cpu/bind.hpp"
#include "models/cpu/pe.hpp"

namespace bbmsim::cpu {

void bind_FP_SIMD(Op& op, u32, const DecodeContext&) {
    op.fn = &unmodelled_fp;
    op.cls = OpClass::kException;
    op.ends_block = true;
}
void bind_FP_SIMD_load_store(Op& op, u32 raw, const DecodeContext& context) { bind_FP_SIMD(op, raw, context); }

}  // namespace bbmsim::cpu
