// SPDX-License-Identifier: Apache-2.0
// Scalar floating point that only moves bits, C4.1.97: FMOV in its forms, FABS, FNEG, FCSEL. No flags, no FPCR.
#include "models/cpu/exec/condition.hpp"
#include "models/cpu/exec/fp_simd.hpp"
#include "models/cpu/exec/simd_immediate.hpp"

namespace bbmsim::cpu {
namespace {

// op.aux: bytes of the type.
struct Move {
    static void run(Pe& pe, const Op* op) {
        pe.v[op->rd] = {pe.v[op->rn].lo, 0};
        clear_above(pe.v[op->rd], op->aux);
    }
};
struct Abs {
    static void run(Pe& pe, const Op* op) {
        pe.v[op->rd] = {pe.v[op->rn].lo & ~op->imm, 0};
        clear_above(pe.v[op->rd], op->aux);
    }
};
struct Neg {
    static void run(Pe& pe, const Op* op) {
        pe.v[op->rd] = {pe.v[op->rn].lo ^ op->imm, 0};
        clear_above(pe.v[op->rd], op->aux);
    }
};
struct Immediate {
    static void run(Pe& pe, const Op* op) { pe.v[op->rd] = {op->imm, 0}; }
};
struct ToGeneralH {
    static void run(Pe& pe, const Op* op) { pe.r[op->rd] = static_cast<u16>(pe.v[op->rn].lo); }
};
struct ToGeneralW {
    static void run(Pe& pe, const Op* op) { pe.r[op->rd] = static_cast<u32>(pe.v[op->rn].lo); }
};
struct ToGeneralX {
    static void run(Pe& pe, const Op* op) { pe.r[op->rd] = pe.v[op->rn].lo; }
};
struct ToGeneralTop {
    static void run(Pe& pe, const Op* op) { pe.r[op->rd] = pe.v[op->rn].hi; }
};
struct FromGeneralH {
    static void run(Pe& pe, const Op* op) { pe.v[op->rd] = {static_cast<u16>(pe.r[op->rn]), 0}; }
};
struct FromGeneralW {
    static void run(Pe& pe, const Op* op) { pe.v[op->rd] = {static_cast<u32>(pe.r[op->rn]), 0}; }
};
struct FromGeneralX {
    static void run(Pe& pe, const Op* op) { pe.v[op->rd] = {pe.r[op->rn], 0}; }
};
struct FromGeneralTop {
    static void run(Pe& pe, const Op* op) { pe.v[op->rd].hi = pe.r[op->rn]; }
};
struct Select {
    static void run(Pe& pe, const Op* op) {
        pe.v[op->rd] = {pe.v[condition_holds(op->aux2, pe.ps.nzcv) ? op->rn : op->rm].lo, 0};
        clear_above(pe.v[op->rd], op->aux);
    }
};

// Type S, D or H; imm: the sign bit.
template <class F>
void scalar(Op& op, u32 raw, const DecodeContext& context) {
    static constexpr u8 kBytes[4] = {4, 8, 0, 2};
    const u8 bytes = kBytes[field(raw, 22, 2)];
    if (bytes == 0 || (bytes == 2 && !context.features.fp16)) return;
    registers(op, raw);
    op.aux = bytes;
    op.imm = u64{1} << (8 * bytes - 1);
    op.fn = &simd<F>;
}
template <class F>
void to_general(Op& op, u32 raw) {
    registers(op, raw);
    op.rd = destination(raw, 0);
    op.fn = &simd<F>;
}
template <class F>
void from_general(Op& op, u32 raw) {
    registers(op, raw);
    op.rn = source(raw, 5);
    op.fn = &simd<F>;
}

}  // namespace

void bind_FMOV(Op& op, u32 raw, const DecodeContext& context) { scalar<Move>(op, raw, context); }
void bind_FABS(Op& op, u32 raw, const DecodeContext& context) { scalar<Abs>(op, raw, context); }
void bind_FNEG(Op& op, u32 raw, const DecodeContext& context) { scalar<Neg>(op, raw, context); }
void bind_FMOV_imm(Op& op, u32 raw, const DecodeContext& context) {
    scalar<Immediate>(op, raw, context);
    const u32 imm8 = field(raw, 13, 8);
    op.imm = op.aux == 8   ? expand_fp_immediate<11, 52>(imm8)
             : op.aux == 4 ? expand_fp_immediate<8, 23>(imm8)
                           : expand_fp_immediate<5, 10>(imm8);
}
void bind_FCSEL(Op& op, u32 raw, const DecodeContext& context) {
    scalar<Select>(op, raw, context);
    op.aux2 = static_cast<u8>(field(raw, 12, 4));
}
void bind_FMOV_h_to_general(Op& op, u32 raw, const DecodeContext&) { to_general<ToGeneralH>(op, raw); }
void bind_FMOV_h_from_general(Op& op, u32 raw, const DecodeContext&) { from_general<FromGeneralH>(op, raw); }
void bind_FMOV_to_w(Op& op, u32 raw, const DecodeContext&) { to_general<ToGeneralW>(op, raw); }
void bind_FMOV_to_x(Op& op, u32 raw, const DecodeContext&) { to_general<ToGeneralX>(op, raw); }
void bind_FMOV_to_x_top(Op& op, u32 raw, const DecodeContext&) { to_general<ToGeneralTop>(op, raw); }
void bind_FMOV_from_w(Op& op, u32 raw, const DecodeContext&) { from_general<FromGeneralW>(op, raw); }
void bind_FMOV_from_x(Op& op, u32 raw, const DecodeContext&) { from_general<FromGeneralX>(op, raw); }
void bind_FMOV_from_x_top(Op& op, u32 raw, const DecodeContext&) { from_general<FromGeneralTop>(op, raw); }

}  // namespace bbmsim::cpu
