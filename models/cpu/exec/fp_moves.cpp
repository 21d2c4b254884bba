// SPDX-License-Identifier: Apache-2.0
// Scalar floating point that only moves bits, C4.1.97: FMOV in its forms, FABS, FNEG, FCSEL. No flags, no FPCR.
#include "models/cpu/exec/alu.hpp"
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
struct ToGeneralW {
    static void run(Pe& pe, const Op* op) { pe.r[op->rd] = static_cast<u32>(pe.v[op->rn].lo); }
};
struct ToGeneralX {
    static void run(Pe& pe, const Op* op) { pe.r[op->rd] = pe.v[op->rn].lo; }
};
struct ToGeneralTop {
    static void run(Pe& pe, const Op* op) { pe.r[op->rd] = pe.v[op->rn].hi; }
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

// Type S or D; imm: the sign bit.
template <class F>
void scalar(Op& op, u32 raw) {
    if (field(raw, 22, 2) > 1) return;
    const bool is_double = bit(raw, 22);
    registers(op, raw);
    op.aux = is_double ? 8 : 4;
    op.imm = is_double ? u64{1} << 63 : u64{1} << 31;
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

void bind_FMOV(Op& op, u32 raw, const DecodeContext&) { scalar<Move>(op, raw); }
void bind_FABS(Op& op, u32 raw, const DecodeContext&) { scalar<Abs>(op, raw); }
void bind_FNEG(Op& op, u32 raw, const DecodeContext&) { scalar<Neg>(op, raw); }
void bind_FMOV_imm(Op& op, u32 raw, const DecodeContext&) {
    scalar<Immediate>(op, raw);
    const u32 imm8 = field(raw, 13, 8);
    op.imm = bit(raw, 22) ? expand_fp_immediate<11, 52>(imm8) : expand_fp_immediate<8, 23>(imm8);
}
void bind_FCSEL(Op& op, u32 raw, const DecodeContext&) {
    scalar<Select>(op, raw);
    op.aux2 = static_cast<u8>(field(raw, 12, 4));
}
void bind_FMOV_to_w(Op& op, u32 raw, const DecodeContext&) { to_general<ToGeneralW>(op, raw); }
void bind_FMOV_to_x(Op& op, u32 raw, const DecodeContext&) { to_general<ToGeneralX>(op, raw); }
void bind_FMOV_to_x_top(Op& op, u32 raw, const DecodeContext&) { to_general<ToGeneralTop>(op, raw); }
void bind_FMOV_from_w(Op& op, u32 raw, const DecodeContext&) { from_general<FromGeneralW>(op, raw); }
void bind_FMOV_from_x(Op& op, u32 raw, const DecodeContext&) { from_general<FromGeneralX>(op, raw); }
void bind_FMOV_from_x_top(Op& op, u32 raw, const DecodeContext&) { from_general<FromGeneralTop>(op, raw); }

}  // namespace bbmsim::cpu
