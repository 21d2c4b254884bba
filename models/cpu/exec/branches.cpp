// SPDX-License-Identifier: Apache-2.0
// Branches, C4.1.93: conditional and unconditional, immediate and register. FEAT_BTI: indirect ones set PSTATE.BTYPE,
// which the engine checks at the target.
#include "models/cpu/exec/branches.hpp"

#include "models/cpu/bind.hpp"
#include "models/cpu/chain.hpp"
#include "models/cpu/exec/alu.hpp"

namespace bbmsim::cpu {
namespace {

// A branch ends its block, so the path that is not taken leaves it too.
[[gnu::always_inline]] inline const Op* branch_if(Pe& pe, const Op* op, bool taken) {
    const u64 pc = pe.pc_of(op);
    if (taken) return chain_branch(pe, op, pc + op->imm, Way::kTaken);
    return chain_branch(pe, op, pc + 4, Way::kOn);
}

const Op* b(Pe& pe, const Op* op) { return chain_branch(pe, op, pe.pc_of(op) + op->imm, Way::kTaken); }
const Op* bl(Pe& pe, const Op* op) {
    const u64 pc = pe.pc_of(op);
    pe.r[30] = pc + 4;
    return chain_branch(pe, op, pc + op->imm, Way::kTaken);
}
template <unsigned C>
const Op* b_cond(Pe& pe, const Op* op) {
    return branch_if(pe, op, holds<C>(pe.ps.nzcv));
}
template <class T, bool kZero>
const Op* cbz(Pe& pe, const Op* op) {
    return branch_if(pe, op, (static_cast<T>(pe.r[op->rn]) == 0) == kZero);
}
template <bool kZero>
const Op* tbz(Pe& pe, const Op* op) {
    return branch_if(pe, op, ((pe.r[op->rn] >> op->aux & 1) == 0) == kZero);
}

template <bool kBti>
const Op* br(Pe& pe, const Op* op) {
    if constexpr (kBti) pe.ps.btype = btype_of_jump(pe, op->rn);
    return branch_indirect(pe, pe.r[op->rn]);
}
template <bool kBti>
const Op* blr(Pe& pe, const Op* op) {
    const u64 target = pe.r[op->rn];
    pe.r[30] = pe.pc_of(op) + 4;
    if constexpr (kBti) pe.ps.btype = kBtypeCall;
    return branch_indirect(pe, target);
}
const Op* ret(Pe& pe, const Op* op) { return branch_indirect(pe, pe.r[op->rn]); }

const Op* bti(Pe& pe, const Op* op) { return next(pe, op); }  // the check is the engine's, at the block's entry

void branch(Op& op, Handler fn) {
    op.fn = fn;
    op.cls = OpClass::kBranch;
    op.ends_block = true;
}

}  // namespace

void bind_B(Op& op, u32 raw, const DecodeContext&) {
    branch(op, &b);
    op.imm = signed_field(raw, 0, 26) * 4;
}
void bind_BL(Op& op, u32 raw, const DecodeContext&) {
    branch(op, &bl);
    op.imm = signed_field(raw, 0, 26) * 4;
}
void bind_B_cond(Op& op, u32 raw, const DecodeContext&) {
    static constexpr Handler kHandlers[16] = {
        &b_cond<0>, &b_cond<1>, &b_cond<2>,  &b_cond<3>,  &b_cond<4>,  &b_cond<5>,  &b_cond<6>, &b_cond<7>,
        &b_cond<8>, &b_cond<9>, &b_cond<10>, &b_cond<11>, &b_cond<12>, &b_cond<13>, &b,         &b};
    branch(op, kHandlers[field(raw, 0, 4)]);
    op.imm = signed_field(raw, 5, 19) * 4;
}
void bind_CBZ(Op& op, u32 raw, const DecodeContext&) {
    branch(op, bit(raw, 31) ? &cbz<u64, true> : &cbz<u32, true>);
    op.rn = source(raw, 0);
    op.imm = signed_field(raw, 5, 19) * 4;
}
void bind_CBNZ(Op& op, u32 raw, const DecodeContext&) {
    branch(op, bit(raw, 31) ? &cbz<u64, false> : &cbz<u32, false>);
    op.rn = source(raw, 0);
    op.imm = signed_field(raw, 5, 19) * 4;
}
void bind_TBZ(Op& op, u32 raw, const DecodeContext&) {
    branch(op, &tbz<true>);
    op.rn = source(raw, 0);
    op.aux = static_cast<u8>(field(raw, 31, 1) << 5 | field(raw, 19, 5));
    op.imm = signed_field(raw, 5, 14) * 4;
}
void bind_TBNZ(Op& op, u32 raw, const DecodeContext& context) {
    bind_TBZ(op, raw, context);
    op.fn = &tbz<false>;
}
void bind_BR(Op& op, u32 raw, const DecodeContext& context) {
    branch(op, context.features.bti ? &br<true> : &br<false>);
    op.rn = source(raw, 5);
}
void bind_BLR(Op& op, u32 raw, const DecodeContext& context) {
    branch(op, context.features.bti ? &blr<true> : &blr<false>);
    op.rn = source(raw, 5);
}
void bind_RET(Op& op, u32 raw, const DecodeContext&) {
    branch(op, &ret);
    op.rn = source(raw, 5);
}
void bind_BTI(Op& op, u32, const DecodeContext&) { op.fn = &bti; }

}  // namespace bbmsim::cpu
