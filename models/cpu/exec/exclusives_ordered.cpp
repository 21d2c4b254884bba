// SPDX-License-Identifier: Apache-2.0
// Load/store exclusive and load-acquire/store-release, C4.1.94, with FEAT_LRCPC, FEAT_LRCPC2 and FEAT_LOR.
#include "models/cpu/exec/address.hpp"
#include "models/cpu/mem.hpp"

namespace bbmsim::cpu {
namespace {

constexpr u8 kOrdered = 1;  // op.aux: acquire (loads), release (stores)

template <class T>
const Op* load_x(Pe& pe, const Op* op) {
    if (base_faults(pe, op)) [[unlikely]]
        return sp_alignment_fault(pe, op);
    T value;
    if (!load_exclusive<T>(pe, op, pe.r[op->rn], value, op->aux & kOrdered)) return nullptr;
    pe.r[op->rd] = value;
    return op + 1;
}
template <class T>
const Op* store_x(Pe& pe, const Op* op) {
    if (base_faults(pe, op)) [[unlikely]]
        return sp_alignment_fault(pe, op);
    u32 status;
    if (!store_exclusive<T>(pe, op, pe.r[op->rn], static_cast<T>(pe.r[op->rd]), op->aux & kOrdered, status))
        return nullptr;
    pe.r[op->rm] = status;
    return op + 1;
}
template <class T>
const Op* load_x_pair(Pe& pe, const Op* op) {
    if (base_faults(pe, op)) [[unlikely]]
        return sp_alignment_fault(pe, op);
    T a, b;
    if (!load_exclusive_pair<T>(pe, op, pe.r[op->rn], a, b, op->aux & kOrdered)) return nullptr;
    pe.r[op->rd] = a;
    pe.r[op->ra] = b;
    return op + 1;
}
template <class T>
const Op* store_x_pair(Pe& pe, const Op* op) {
    if (base_faults(pe, op)) [[unlikely]]
        return sp_alignment_fault(pe, op);
    u32 status;
    if (!store_exclusive_pair<T>(pe, op, pe.r[op->rn], static_cast<T>(pe.r[op->rd]), static_cast<T>(pe.r[op->ra]),
                                 op->aux & kOrdered, status))
        return nullptr;
    pe.r[op->rm] = status;
    return op + 1;
}

template <class T>
const Op* load_acquire(Pe& pe, const Op* op) {
    if (base_faults(pe, op)) [[unlikely]]
        return sp_alignment_fault(pe, op);
    T value;
    if (!load<T>(pe, op, pe.r[op->rn] + op->imm, value, MemMode::kAcquireRelease)) [[unlikely]]
        return nullptr;
    pe.r[op->rd] = value;
    return next(pe, op);
}
template <class T, unsigned kWidth>
const Op* load_acquire_signed(Pe& pe, const Op* op) {
    if (base_faults(pe, op)) [[unlikely]]
        return sp_alignment_fault(pe, op);
    T value;
    if (!load<T>(pe, op, pe.r[op->rn] + op->imm, value, MemMode::kAcquireRelease)) [[unlikely]]
        return nullptr;
    const u64 extended = sign_extend(value, sizeof(T) * 8);
    pe.r[op->rd] = kWidth == 32 ? static_cast<u32>(extended) : extended;
    return next(pe, op);
}
template <class T>
const Op* store_release(Pe& pe, const Op* op) {
    if (base_faults(pe, op)) [[unlikely]]
        return sp_alignment_fault(pe, op);
    if (!store<T>(pe, op, pe.r[op->rn] + op->imm, static_cast<T>(pe.r[op->rd]), MemMode::kAcquireRelease)) [[unlikely]]
        return nullptr;
    return next(pe, op);
}

void base(Op& op, u32 raw, OpClass cls) {
    op.cls = cls;
    op.rn = or_sp(raw, 5);
    op.aux = bit(raw, 15) ? kOrdered : u8{0};
}
void load_ordered(Op& op, u32 raw) {
    static constexpr Handler kHandlers[4] = {&load_acquire<u8>, &load_acquire<u16>, &load_acquire<u32>,
                                             &load_acquire<u64>};
    base(op, raw, OpClass::kLoad);
    op.rd = destination(raw, 0);
    op.fn = kHandlers[field(raw, 30, 2)];
}
void store_ordered(Op& op, u32 raw) {
    static constexpr Handler kHandlers[4] = {&store_release<u8>, &store_release<u16>, &store_release<u32>,
                                             &store_release<u64>};
    base(op, raw, OpClass::kStore);
    op.rd = source(raw, 0);
    op.fn = kHandlers[field(raw, 30, 2)];
}

}  // namespace

void bind_LDXR(Op& op, u32 raw, const DecodeContext&) {
    static constexpr Handler kHandlers[4] = {&load_x<u8>, &load_x<u16>, &load_x<u32>, &load_x<u64>};
    base(op, raw, OpClass::kAtomic);
    op.rd = destination(raw, 0);
    op.fn = kHandlers[field(raw, 30, 2)];
}
void bind_LDAXR(Op& op, u32 raw, const DecodeContext& context) { bind_LDXR(op, raw, context); }
void bind_STXR(Op& op, u32 raw, const DecodeContext&) {
    static constexpr Handler kHandlers[4] = {&store_x<u8>, &store_x<u16>, &store_x<u32>, &store_x<u64>};
    base(op, raw, OpClass::kAtomic);
    op.rd = source(raw, 0);
    op.rm = destination(raw, 16);
    op.fn = kHandlers[field(raw, 30, 2)];
}
void bind_STLXR(Op& op, u32 raw, const DecodeContext& context) { bind_STXR(op, raw, context); }
void bind_LDXP(Op& op, u32 raw, const DecodeContext&) {
    base(op, raw, OpClass::kAtomic);
    op.rd = destination(raw, 0);
    op.ra = destination(raw, 10);
    op.fn = bit(raw, 30) ? &load_x_pair<u64> : &load_x_pair<u32>;
}
void bind_LDAXP(Op& op, u32 raw, const DecodeContext& context) { bind_LDXP(op, raw, context); }
void bind_STXP(Op& op, u32 raw, const DecodeContext&) {
    base(op, raw, OpClass::kAtomic);
    op.rd = source(raw, 0);
    op.ra = source(raw, 10);
    op.rm = destination(raw, 16);
    op.fn = bit(raw, 30) ? &store_x_pair<u64> : &store_x_pair<u32>;
}
void bind_STLXP(Op& op, u32 raw, const DecodeContext& context) { bind_STXP(op, raw, context); }

void bind_LDAR(Op& op, u32 raw, const DecodeContext&) { load_ordered(op, raw); }
void bind_LDLAR(Op& op, u32 raw, const DecodeContext&) { load_ordered(op, raw); }
void bind_LDAPR(Op& op, u32 raw, const DecodeContext&) { load_ordered(op, raw); }
void bind_STLR(Op& op, u32 raw, const DecodeContext&) { store_ordered(op, raw); }
void bind_STLLR(Op& op, u32 raw, const DecodeContext&) { store_ordered(op, raw); }
void bind_LDAPUR(Op& op, u32 raw, const DecodeContext&) {
    load_ordered(op, raw);
    op.imm = signed_field(raw, 12, 9);
}
void bind_STLUR(Op& op, u32 raw, const DecodeContext&) {
    store_ordered(op, raw);
    op.imm = signed_field(raw, 12, 9);
}
void bind_LDAPUR_s(Op& op, u32 raw, const DecodeContext&) {
    static constexpr Handler kX[3] = {&load_acquire_signed<u8, 64>, &load_acquire_signed<u16, 64>,
                                      &load_acquire_signed<u32, 64>};
    static constexpr Handler kW[2] = {&load_acquire_signed<u8, 32>, &load_acquire_signed<u16, 32>};
    load_ordered(op, raw);
    op.imm = signed_field(raw, 12, 9);
    op.fn = bit(raw, 22) ? kW[field(raw, 30, 2)] : kX[field(raw, 30, 2)];
}

}  // namespace bbmsim::cpu
