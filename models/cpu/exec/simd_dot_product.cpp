// SPDX-License-Identifier: Apache-2.0
// FEAT_DotProd: SDOT and UDOT, vector and by element.
#include "models/cpu/exec/simd_elements.hpp"

namespace bbmsim::cpu {
namespace {

// op.ra: the group of four bytes of m; kEach: each its own.
constexpr u8 kEach = 4;

template <bool kSigned>
struct Dot {
    static void run(Pe& pe, const Op* op) {
        const auto n = lanes<u8>(pe.v[op->rn]), m = lanes<u8>(pe.v[op->rm]);
        auto d = lanes<u32>(pe.v[op->rd]);
        for (unsigned i = 0; i < op->aux / 4u; ++i)
            for (unsigned j = 0; j < 4; ++j) {
                const u8 a = n.e[4 * i + j], b = m.e[4 * (op->ra == kEach ? i : op->ra) + j];
                d.e[i] += static_cast<u32>(kSigned ? static_cast<i8>(a) * static_cast<i8>(b) : a * b);
            }
        pe.v[op->rd] = to_vreg(d);
        clear_above(pe.v[op->rd], op->aux);
    }
};

template <bool kSigned>
void bind(Op& op, u32 raw, u8 group) {
    bind_simd<Dot<kSigned>>(op, raw);
    op.aux = vector_bytes(raw);
    op.ra = group;
}
u8 group(u32 raw) { return static_cast<u8>(u32{bit(raw, 11)} << 1 | bit(raw, 21)); }

}  // namespace

void bind_SDOT(Op& op, u32 raw, const DecodeContext&) { bind<true>(op, raw, kEach); }
void bind_UDOT(Op& op, u32 raw, const DecodeContext&) { bind<false>(op, raw, kEach); }
void bind_SDOT_element(Op& op, u32 raw, const DecodeContext&) { bind<true>(op, raw, group(raw)); }
void bind_UDOT_element(Op& op, u32 raw, const DecodeContext&) { bind<false>(op, raw, group(raw)); }

}  // namespace bbmsim::cpu
