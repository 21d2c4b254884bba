// SPDX-License-Identifier: Apache-2.0
// FEAT_LSE, C4.1.94: atomic read-modify-write, swap, compare and swap.
#include "models/cpu/exec/address.hpp"
#include "models/cpu/mem.hpp"

namespace bbmsim::cpu {
namespace {

constexpr u8 kAcquire = 1, kRelease = 2;  // op.aux

// Operand in rm (Rs), old value to rd (Rt), AtomicOp in aux2.
template <class T>
const Op* read_modify_write(Pe& pe, const Op* op) {
    if (base_faults(pe, op)) [[unlikely]]
        return sp_alignment_fault(pe, op);
    T old;
    if (!atomic<T>(pe, op, pe.r[op->rn], static_cast<AtomicOp>(op->aux2), static_cast<T>(pe.r[op->rm]), old,
                   op->aux & kAcquire, op->aux & kRelease))
        return nullptr;
    pe.r[op->rd] = old;
    return op + 1;
}

// Expected in rm, which receives the old value through ra (the sink if Rs is 31); desired in rd.
template <class T>
const Op* cas(Pe& pe, const Op* op) {
    if (base_faults(pe, op)) [[unlikely]]
        return sp_alignment_fault(pe, op);
    T expected = static_cast<T>(pe.r[op->rm]);
    if (!compare_and_swap<T>(pe, op, pe.r[op->rn], expected, static_cast<T>(pe.r[op->rd]), op->aux & kAcquire,
                             op->aux & kRelease))
        return nullptr;
    pe.r[op->ra] = expected;
    return op + 1;
}

// Pairs begin at an even register; 30 pairs with the zero register.
constexpr u8 second_source(u8 first) { return first == 30 ? kRegZero : static_cast<u8>(first + 1); }
constexpr u8 second_destination(u8 first) { return first == 30 ? kRegSink : static_cast<u8>(first + 1); }

template <class T>
const Op* casp(Pe& pe, const Op* op) {
    if (base_faults(pe, op)) [[unlikely]]
        return sp_alignment_fault(pe, op);
    T expected[2] = {static_cast<T>(pe.r[op->rm]), static_cast<T>(pe.r[second_source(op->rm)])};
    const T desired[2] = {static_cast<T>(pe.r[op->rd]), static_cast<T>(pe.r[second_source(op->rd)])};
    if (!compare_and_swap_pair<T>(pe, op, pe.r[op->rn], expected, desired, op->aux & kAcquire, op->aux & kRelease))
        return nullptr;
    pe.r[op->rm] = expected[0];
    pe.r[second_destination(op->rm)] = expected[1];
    return op + 1;
}

void ordering(Op& op, u32 raw, unsigned acquire, unsigned release) {
    op.cls = OpClass::kAtomic;
    op.rn = or_sp(raw, 5);
    op.aux = static_cast<u8>((bit(raw, acquire) ? kAcquire : 0) | (bit(raw, release) ? kRelease : 0));
}
void rmw(Op& op, u32 raw, AtomicOp what) {
    static constexpr Handler kHandlers[4] = {&read_modify_write<u8>, &read_modify_write<u16>, &read_modify_write<u32>,
                                             &read_modify_write<u64>};
    ordering(op, raw, 23, 22);
    op.rm = source(raw, 16);
    op.rd = destination(raw, 0);
    op.aux2 = static_cast<u8>(what);
    op.fn = kHandlers[field(raw, 30, 2)];
}

}  // namespace

void bind_LDADD(Op& op, u32 raw, const DecodeContext&) { rmw(op, raw, AtomicOp::kAdd); }
void bind_LDCLR(Op& op, u32 raw, const DecodeContext&) { rmw(op, raw, AtomicOp::kClr); }
void bind_LDEOR(Op& op, u32 raw, const DecodeContext&) { rmw(op, raw, AtomicOp::kEor); }
void bind_LDSET(Op& op, u32 raw, const DecodeContext&) { rmw(op, raw, AtomicOp::kSet); }
void bind_LDSMAX(Op& op, u32 raw, const DecodeContext&) { rmw(op, raw, AtomicOp::kSmax); }
void bind_LDSMIN(Op& op, u32 raw, const DecodeContext&) { rmw(op, raw, AtomicOp::kSmin); }
void bind_LDUMAX(Op& op, u32 raw, const DecodeContext&) { rmw(op, raw, AtomicOp::kUmax); }
void bind_LDUMIN(Op& op, u32 raw, const DecodeContext&) { rmw(op, raw, AtomicOp::kUmin); }
void bind_SWP(Op& op, u32 raw, const DecodeContext&) { rmw(op, raw, AtomicOp::kSwp); }

void bind_CAS(Op& op, u32 raw, const DecodeContext&) {
    static constexpr Handler kHandlers[4] = {&cas<u8>, &cas<u16>, &cas<u32>, &cas<u64>};
    ordering(op, raw, 22, 15);
    op.rm = source(raw, 16);
    op.ra = destination(raw, 16);
    op.rd = source(raw, 0);
    op.fn = kHandlers[field(raw, 30, 2)];
}
void bind_CASP(Op& op, u32 raw, const DecodeContext&) {
    if (bit(raw, 16) || bit(raw, 0)) return;
    ordering(op, raw, 22, 15);
    op.rm = source(raw, 16);
    op.rd = source(raw, 0);
    op.fn = bit(raw, 30) ? &casp<u64> : &casp<u32>;
}

}  // namespace bbmsim::cpu
