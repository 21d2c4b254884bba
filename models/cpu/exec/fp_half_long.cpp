// SPDX-License-Identifier: Apache-2.0
// FEAT_FHM: FMLAL and FMLSL, vector and by element: products of halves added to singles, rounded once.
#include "models/cpu/exec/fp_bind.hpp"
#include "models/cpu/exec/fp_conversions.hpp"
#include "models/cpu/exec/fp_operations.hpp"

namespace bbmsim::cpu {
namespace {

// A half as a single, exactly; NaNs stay signalling for FPProcessNaNs3H() to see.
u32 widened(Pe& pe, u16 v) {
    using H = fp::Format<fp::Half>;
    using S = fp::Format<float>;
    v = fp::operand(pe, v);
    if (!H::nan(v)) return std::bit_cast<u32>(static_cast<float>(fp::number(v)));
    return (v & H::kSign ? S::kSign : 0) | S::kInfinity | u32{static_cast<u16>(v & (H::kMinNormal - 1))} << 13;
}

// op.ra: the element of m, or kEach: each its own; op.aux2: the second half of the sources, as long as the first.
constexpr u8 kEach = 0xff;
template <bool kSubtract>
struct MulAddLong {
    static void run(Pe& pe, const Op* op) {
        const auto n = lanes<u16>(pe.v[op->rn]), m = lanes<u16>(pe.v[op->rm]);
        auto d = lanes<u32>(pe.v[op->rd]);
        const unsigned count = op->aux / 4, from = op->aux2 ? count : 0;
        for (unsigned i = 0; i < count; ++i) {
            const u16 factor = m.e[op->ra == kEach ? from + i : op->ra];
            d.e[i] = fp::MulAdd<kSubtract, false>::f(pe, d.e[i], widened(pe, n.e[from + i]), widened(pe, factor));
        }
        pe.v[op->rd] = to_vreg(d);
        clear_above(pe.v[op->rd], op->aux);
    }
};

template <bool kSubtract>
void bind(Op& op, u32 raw, bool by_element) {
    registers(op, raw);
    op.aux = vector_bytes(raw);
    op.aux2 = bit(raw, 29);
    op.ra = kEach;
    if (by_element) {
        op.rm &= 15;
        op.ra = static_cast<u8>(u32{bit(raw, 11)} << 2 | u32{bit(raw, 21)} << 1 | u32{bit(raw, 20)});
    }
    op.cls = OpClass::kMultiply;
    op.fn = &simd<MulAddLong<kSubtract>>;
}

}  // namespace

void bind_FMLAL(Op& op, u32 raw, const DecodeContext&) { bind<false>(op, raw, false); }
void bind_FMLSL(Op& op, u32 raw, const DecodeContext&) { bind<true>(op, raw, false); }
void bind_FMLAL_element(Op& op, u32 raw, const DecodeContext&) { bind<false>(op, raw, true); }
void bind_FMLSL_element(Op& op, u32 raw, const DecodeContext&) { bind<true>(op, raw, true); }

}  // namespace bbmsim::cpu
