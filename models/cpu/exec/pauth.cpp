// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/exec/pauth.hpp"

#include "models/cpu/bind.hpp"
#include "models/cpu/engine_impl.hpp"
#include "models/cpu/exec/address.hpp"
#include "models/cpu/exec/branches.hpp"
#include "models/cpu/mem.hpp"

#include <algorithm>

namespace bbmsim::cpu {
namespace {

constexpr bool is_data(PacKey key) { return key == PacKey::kDa || key == PacKey::kDb; }
constexpr u64 mask_between(unsigned high, unsigned low) { return (~u64{0} >> (63 - high)) & (~u64{0} << low); }

struct Layout {       // where the PAC of a pointer goes
    unsigned bottom;  // lowest bit of the PAC field
    bool tbi;         // the top byte is the program's
    [[nodiscard]] u64 field() const {
        return tbi ? mask_between(54, bottom) : mask_between(54, bottom) | mask_between(63, 56);
    }
    [[nodiscard]] u64 extension() const { return mask_between(tbi ? 55 : 63, bottom); }
};
bool tag_ignored(const Pe& pe, bool upper, bool data) {
    const u64 tcr = pe.sys.tcr;
    return (tcr >> (upper ? 38 : 37) & 1) && (data || !(tcr >> (upper ? 52 : 51) & 1));
}
Layout layout(const Pe& pe, bool half, bool upper, bool data) {
    // A TnSZ out of range counts as the nearest that is in range.
    const unsigned tsz = std::clamp(static_cast<unsigned>(pe.sys.tcr >> (half ? 16 : 0) & 0x3f), 16u, 39u);
    return {64 - tsz, tag_ignored(pe, upper, data)};
}

u64 code(const Pe& pe, u64 pointer, u64 modifier, PacKey key) {
    const SysRegs& s = pe.sys;
    const auto compute = [&](u64 key_high, u64 key_low) {
        return pe.engine ? pe.engine->impl().pac_memo.compute(pointer, modifier, key_high, key_low)
                         : compute_pac(pointer, modifier, key_high, key_low);
    };
    switch (key) {
        case PacKey::kIa: return compute(s.apiakeyhi, s.apiakeylo);
        case PacKey::kIb: return compute(s.apibkeyhi, s.apibkeylo);
        case PacKey::kDa: return compute(s.apdakeyhi, s.apdakeylo);
        case PacKey::kDb: return compute(s.apdbkeyhi, s.apdbkeylo);
        case PacKey::kGa: break;
    }
    return compute(s.apgakeyhi, s.apgakeylo);
}
bool enabled(const Pe& pe, PacKey key) {  // SCTLR_EL1.EnIA, EnIB, EnDA, EnDB
    static constexpr u8 kBit[] = {31, 30, 27, 13};
    return pe.sys.sctlr >> kBit[static_cast<unsigned>(key)] & 1;
}

constexpr u64 with(u64 value, u64 mask, bool ones) { return ones ? value | mask : value & ~mask; }

}  // namespace

u64 pac_add(const Pe& pe, u64 pointer, u64 modifier, PacKey key) {
    if (!enabled(pe, key)) return pointer;
    const bool data = is_data(key);
    const bool any_tbi = tag_ignored(pe, false, data) || tag_ignored(pe, true, data);
    const bool upper = pointer >> (any_tbi ? 55 : 63) & 1;
    const Layout l = layout(pe, upper, pointer >> 55 & 1, data);
    u64 pac = code(pe, with(pointer, l.extension(), upper), modifier, key);
    const u64 unused = pointer & l.extension();
    if (unused != 0 && unused != l.extension())
        pac ^= u64{1} << (l.tbi ? 54 : 62);  // not canonical: never authenticates
    const u64 kept = with(pointer, u64{1} << 55, upper);
    return (kept & ~l.field()) | (pac & l.field());
}

u64 pac_authenticate(const Pe& pe, u64 pointer, u64 modifier, PacKey key) {
    if (!enabled(pe, key)) return pointer;
    const bool upper = pointer >> 55 & 1;
    const Layout l = layout(pe, upper, upper, is_data(key));
    const u64 original = with(pointer, l.extension(), upper);
    if (((code(pe, original, modifier, key) ^ pointer) & l.field()) == 0) return original;
    const u64 error = key == PacKey::kIb || key == PacKey::kDb ? 2 : 1;
    const unsigned place = l.tbi ? 53 : 61;
    return (original & ~(u64{3} << place)) | error << place;
}

u64 pac_strip(const Pe& pe, u64 pointer, bool data) {
    const bool upper = pointer >> 55 & 1;
    return with(pointer, layout(pe, upper, upper, data).extension(), upper);
}

namespace {

constexpr u8 kZeroModifier = kRegZero;

template <PacKey K, bool kAuth>
const Op* sign(Pe& pe, const Op* op) {  // rd with the modifier in rn
    const u64 pointer = pe.r[op->rd], modifier = pe.r[op->rn];
    pe.r[op->rd] = kAuth ? pac_authenticate(pe, pointer, modifier, K) : pac_add(pe, pointer, modifier, K);
    return next(pe, op);
}
template <bool kData>
const Op* xpac(Pe& pe, const Op* op) {
    pe.r[op->rd] = pac_strip(pe, pe.r[op->rd], kData);
    return next(pe, op);
}
const Op* pacga(Pe& pe, const Op* op) {
    pe.r[op->rd] = code(pe, pe.r[op->rn], pe.r[op->rm], PacKey::kGa) & 0xffffffff00000000;
    return next(pe, op);
}
const Op* no_operation(Pe& pe, const Op* op) { return next(pe, op); }

Handler sign_handler(unsigned opcode) {  // bit 2: authenticate; bits 1:0: IA, IB, DA, DB
    static constexpr Handler kHandlers[8] = {
        &sign<PacKey::kIa, false>, &sign<PacKey::kIb, false>, &sign<PacKey::kDa, false>, &sign<PacKey::kDb, false>,
        &sign<PacKey::kIa, true>,  &sign<PacKey::kIb, true>,  &sign<PacKey::kDa, true>,  &sign<PacKey::kDb, true>};
    return kHandlers[opcode & 7];
}

enum class Jump : u8 { kJump, kCall, kReturn };

template <PacKey K, Jump J, bool kBti>
const Op* branch_authenticated(Pe& pe, const Op* op) {
    const u64 target = pac_authenticate(pe, pe.r[op->rn], pe.r[op->rm], K);
    if constexpr (J == Jump::kCall) pe.r[30] = pe.pc_of(op) + 4;
    if constexpr (kBti && J == Jump::kJump) pe.ps.btype = btype_of_jump(pe, op->rn);
    if constexpr (kBti && J == Jump::kCall) pe.ps.btype = kBtypeCall;
    return branch_indirect(pe, target);
}
template <Jump J>
void branch(Op& op, u32 raw, const DecodeContext& context, u8 rn, u8 modifier) {
    const bool bti = context.features.bti;
    if (bit(raw, 10))
        op.fn = bti ? &branch_authenticated<PacKey::kIb, J, true> : &branch_authenticated<PacKey::kIb, J, false>;
    else
        op.fn = bti ? &branch_authenticated<PacKey::kIa, J, true> : &branch_authenticated<PacKey::kIa, J, false>;
    op.cls = OpClass::kBranch;
    op.ends_block = true;
    op.rn = rn;
    op.rm = modifier;
}

template <PacKey K, bool kWriteBack>
const Op* load_authenticated(Pe& pe, const Op* op) {
    if (base_faults(pe, op)) [[unlikely]]
        return sp_alignment_fault(pe, op);
    const u64 va = pac_authenticate(pe, pe.r[op->rn], 0, K) + op->imm;
    u64 value;
    if (!load<u64>(pe, op, va, value)) [[unlikely]]
        return nullptr;
    pe.r[op->rd] = value;
    if constexpr (kWriteBack) pe.r[op->rn] = va;
    return next(pe, op);
}
template <bool kWriteBack>
void load_pac(Op& op, u32 raw) {
    op.fn = bit(raw, 23) ? &load_authenticated<PacKey::kDb, kWriteBack> : &load_authenticated<PacKey::kDa, kWriteBack>;
    op.cls = OpClass::kLoad;
    op.rd = destination(raw, 0);
    op.rn = or_sp(raw, 5);
    op.imm = sign_extend(field(raw, 22, 1) << 9 | field(raw, 12, 9), 10) * 8;
}

}  // namespace

void bind_PACGA(Op& op, u32 raw, const DecodeContext&) {
    op.fn = &pacga;
    op.rd = destination(raw, 0);
    op.rn = source(raw, 5);
    op.rm = or_sp(raw, 16);
}
// With XZR as the pointer nothing sees the result.
void bind_PAC_reg(Op& op, u32 raw, const DecodeContext&) {
    op.rd = destination(raw, 0);
    op.rn = or_sp(raw, 5);
    op.fn = op.rd == kRegSink ? &no_operation : sign_handler(field(raw, 10, 3));
}
void bind_PAC_zero(Op& op, u32 raw, const DecodeContext& context) {
    bind_PAC_reg(op, raw, context);
    op.rn = kZeroModifier;
}
void bind_XPAC_reg(Op& op, u32 raw, const DecodeContext&) {
    op.rd = destination(raw, 0);
    op.fn = op.rd == kRegSink ? &no_operation : bit(raw, 10) ? &xpac<true> : &xpac<false>;
}
void bind_XPACLRI(Op& op, u32, const DecodeContext& context) {
    op.rd = 30;
    op.fn = context.features.pauth ? &xpac<false> : &no_operation;
}
void bind_PAC_hint(Op& op, u32 raw, const DecodeContext& context) {
    const unsigned crm = field(raw, 8, 4), op2 = field(raw, 5, 3);
    op.rd = crm == 3 ? 30 : 17;
    op.rn = crm == 1 ? 16 : op2 & 1 ? kRegSp : kZeroModifier;
    op.fn = context.features.pauth ? sign_handler((op2 & 4) | (op2 >> 1 & 1)) : &no_operation;
}

void bind_BRA(Op& op, u32 raw, const DecodeContext& c) {
    branch<Jump::kJump>(op, raw, c, source(raw, 5), or_sp(raw, 0));
}
void bind_BRA_zero(Op& op, u32 raw, const DecodeContext& c) {
    branch<Jump::kJump>(op, raw, c, source(raw, 5), kZeroModifier);
}
void bind_BLRA(Op& op, u32 raw, const DecodeContext& c) {
    branch<Jump::kCall>(op, raw, c, source(raw, 5), or_sp(raw, 0));
}
void bind_BLRA_zero(Op& op, u32 raw, const DecodeContext& c) {
    branch<Jump::kCall>(op, raw, c, source(raw, 5), kZeroModifier);
}
void bind_RETA(Op& op, u32 raw, const DecodeContext& c) { branch<Jump::kReturn>(op, raw, c, 30, kRegSp); }

void bind_LDRA(Op& op, u32 raw, const DecodeContext&) { load_pac<false>(op, raw); }
void bind_LDRA_pre(Op& op, u32 raw, const DecodeContext&) { load_pac<true>(op, raw); }

}  // namespace bbmsim::cpu
