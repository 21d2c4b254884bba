// SPDX-License-Identifier: Apache-2.0
// Branches, C4.1.93: conditional and unconditional, immediate and register. FEAT_BTI: indirect ones set PSTATE.BTYPE,
// which the engine checks at the target.
#include "models/cpu/exec/branches.hpp"

#include "models/cpu/bind.hpp"
#include "models/cpu/chain.hpp"
#include "models/cpu/exec/alu.hpp"

#include <array>
#include <utility>

namespace bbmsim::cpu {
namespace {

// A branch ends its block, so the path that is not taken leaves it too.
// kNear: both ways stay in the page of the branch.
template <bool kNear>
[[gnu::always_inline]] inline const Op* go(Pe& pe, const Op* op, u64 target, Way way) {
    return kNear ? chain_near(pe, links_of(op), target, way) : chain(pe, links_of(op), target, way);
}
template <bool kNear>
[[gnu::always_inline]] inline const Op* branch_if(Pe& pe, const Op* op, bool taken) {
    const u64 pc = pe.pc_of(op);
    if (taken) return go<kNear>(pe, op, pc + op->imm, Way::kTaken);
    return go<kNear>(pe, op, pc + 4, Way::kOn);
}

template <bool kNear>
const Op* b(Pe& pe, const Op* op) {
    return go<kNear>(pe, op, pe.pc_of(op) + op->imm, Way::kTaken);
}
template <bool kNear>
const Op* bl(Pe& pe, const Op* op) {
    const u64 pc = pe.pc_of(op);
    pe.r[30] = pc + 4;
    return go<kNear>(pe, op, pc + op->imm, Way::kTaken);
}
template <bool kNear, unsigned C>
const Op* b_cond(Pe& pe, const Op* op) {
    return branch_if<kNear>(pe, op, holds<C>(pe.ps.nzcv));
}
template <bool kNear, class T, bool kZero>
const Op* cbz(Pe& pe, const Op* op) {
    return branch_if<kNear>(pe, op, (static_cast<T>(pe.r[op->rn]) == 0) == kZero);
}
template <bool kNear, bool kZero>
const Op* tbz(Pe& pe, const Op* op) {
    return branch_if<kNear>(pe, op, ((pe.r[op->rn] >> op->aux & 1) == 0) == kZero);
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
// By a distance, op.imm.
void branch_by(Op& op, u64 distance, const DecodeContext& context, Handler near, Handler far) {
    op.imm = distance;
    branch(op, context.near(distance) && context.near(4) ? near : far);
}

}  // namespace

void bind_B(Op& op, u32 raw, const DecodeContext& context) {
    branch_by(op, signed_field(raw, 0, 26) * 4, context, &b<true>, &b<false>);
}
void bind_BL(Op& op, u32 raw, const DecodeContext& context) {
    branch_by(op, signed_field(raw, 0, 26) * 4, context, &bl<true>, &bl<false>);
}
void bind_B_cond(Op& op, u32 raw, const DecodeContext& context) {
    static constexpr auto kHandlers = []<unsigned... C>(std::integer_sequence<unsigned, C...>) {
        return std::array<std::array<Handler, 16>, 2>{
            {{&b_cond<false, C>..., &b<false>, &b<false>}, {&b_cond<true, C>..., &b<true>, &b<true>}}};
    }
    (std::make_integer_sequence<unsigned, 14>{});
    const unsigned condition = field(raw, 0, 4);
    branch_by(op, signed_field(raw, 5, 19) * 4, context, kHandlers[1][condition], kHandlers[0][condition]);
}
template <bool kZero>
void compare_and_branch(Op& op, u32 raw, const DecodeContext& context) {
    op.rn = source(raw, 0);
    const u64 distance = signed_field(raw, 5, 19) * 4;
    if (bit(raw, 31))
        branch_by(op, distance, context, &cbz<true, u64, kZero>, &cbz<false, u64, kZero>);
    else
        branch_by(op, distance, context, &cbz<true, u32, kZero>, &cbz<false, u32, kZero>);
}
void bind_CBZ(Op& op, u32 raw, const DecodeContext& context) { compare_and_branch<true>(op, raw, context); }
void bind_CBNZ(Op& op, u32 raw, const DecodeContext& context) { compare_and_branch<false>(op, raw, context); }
template <bool kZero>
void test_and_branch(Op& op, u32 raw, const DecodeContext& context) {
    op.rn = source(raw, 0);
    op.aux = static_cast<u8>(field(raw, 31, 1) << 5 | field(raw, 19, 5));
    branch_by(op, signed_field(raw, 5, 14) * 4, context, &tbz<true, kZero>, &tbz<false, kZero>);
}
void bind_TBZ(Op& op, u32 raw, const DecodeContext& context) { test_and_branch<true>(op, raw, context); }
void bind_TBNZ(Op& op, u32 raw, const DecodeContext& context) { test_and_branch<false>(op, raw, context); }
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
