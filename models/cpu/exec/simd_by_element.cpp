// SPDX-License-Identifier: Apache-2.0
// Advanced SIMD vector by indexed element, integer, vector and scalar, C4.1.96.
#include "models/cpu/exec/simd_multiply.hpp"

namespace bbmsim::cpu {
namespace {

// H: index H:L:M and registers 0..15; S: index H:L.
void element(Op& op, u32 raw) {
    const unsigned h = bit(raw, 11), l = bit(raw, 21), m = bit(raw, 20);
    const bool half = field(raw, 22, 2) == 1;
    op.ra = static_cast<u8>(half ? h << 2 | l << 1 | m : h << 1 | l);
    if (half) op.rm &= 15;
}

}  // namespace

#define BY_ELEMENT(NAME, SCALAR, ...)                            \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) {    \
        same_size<ByElement, __VA_ARGS__, kHS, SCALAR>(op, raw); \
        element(op, raw);                                        \
    }
#define LONG_BY_ELEMENT(NAME, ...)                                                \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) {                     \
        lengthening<LongByElement, __VA_ARGS__, kHS>(op, raw, field(raw, 22, 2)); \
        element(op, raw);                                                         \
    }

BY_ELEMENT(MUL_element, 0, Multiply<0>)
BY_ELEMENT(MLA_element, 0, Multiply<1>)
BY_ELEMENT(MLS_element, 0, Multiply<-1>)
BY_ELEMENT(SQDMULH_element, kHS, DoublingHigh<false>)
BY_ELEMENT(SQRDMULH_element, kHS, DoublingHigh<true>)
BY_ELEMENT(SQRDMLAH_element, kHS, DoublingHighAccumulate<1>)
BY_ELEMENT(SQRDMLSH_element, kHS, DoublingHighAccumulate<-1>)
LONG_BY_ELEMENT(SMULL_element, MultiplyLong<true, 0>)
LONG_BY_ELEMENT(UMULL_element, MultiplyLong<false, 0>)
LONG_BY_ELEMENT(SMLAL_element, MultiplyLong<true, 1>)
LONG_BY_ELEMENT(UMLAL_element, MultiplyLong<false, 1>)
LONG_BY_ELEMENT(SMLSL_element, MultiplyLong<true, -1>)
LONG_BY_ELEMENT(UMLSL_element, MultiplyLong<false, -1>)
LONG_BY_ELEMENT(SQDMULL_element, DoublingLong<0>)
LONG_BY_ELEMENT(SQDMLAL_element, DoublingLong<1>)
LONG_BY_ELEMENT(SQDMLSL_element, DoublingLong<-1>)

}  // namespace bbmsim::cpu
