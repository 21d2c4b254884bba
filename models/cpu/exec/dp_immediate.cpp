// SPDX-License-Identifier: Apache-2.0
// Data processing (immediate), C4.1.92: PC-relative, add/subtract, logical, move wide, bitfield, extract.
#include "models/cpu/bind.hpp"
#include "models/cpu/exec/alu.hpp"
#include "models/cpu/exec/bitmask.hpp"
#include "models/cpu/pe.hpp"

#include <functional>

namespace bbmsim::cpu {
namespace {

const Op* adr(Pe& pe, const Op* op) {
    pe.r[op->rd] = pe.pc_of(op) + op->imm;
    return next(pe, op);
}
const Op* adrp(Pe& pe, const Op* op) {
    pe.r[op->rd] = (pe.pc_of(op) & ~u64{0xfff}) + op->imm;
    return next(pe, op);
}

template <class T>
const Op* add(Pe& pe, const Op* op) {
    pe.r[op->rd] = static_cast<T>(static_cast<T>(pe.r[op->rn]) + static_cast<T>(op->imm));
    return next(pe, op);
}
template <class T>
const Op* adds(Pe& pe, const Op* op) {
    pe.r[op->rd] = add_flags(static_cast<T>(pe.r[op->rn]), static_cast<T>(op->imm), pe.ps.nzcv);
    return next(pe, op);
}
template <class T>
const Op* sub(Pe& pe, const Op* op) {
    pe.r[op->rd] = static_cast<T>(static_cast<T>(pe.r[op->rn]) - static_cast<T>(op->imm));
    return next(pe, op);
}
template <class T>
const Op* subs(Pe& pe, const Op* op) {
    pe.r[op->rd] = sub_flags(static_cast<T>(pe.r[op->rn]), static_cast<T>(op->imm), pe.ps.nzcv);
    return next(pe, op);
}

template <class T, class F, bool kFlags>
const Op* logical(Pe& pe, const Op* op) {
    const T r = F{}(static_cast<T>(pe.r[op->rn]), static_cast<T>(op->imm));
    pe.r[op->rd] = r;
    if constexpr (kFlags) pe.ps.nzcv = flags_nz(r);
    return next(pe, op);
}

const Op* move_constant(Pe& pe, const Op* op) {
    pe.r[op->rd] = op->imm;
    return next(pe, op);
}
template <class T>
const Op* movk(Pe& pe, const Op* op) {
    pe.r[op->rd] = static_cast<T>((pe.r[op->rd] & ~(u64{0xffff} << op->aux)) | op->imm);
    return next(pe, op);
}

// Bitfield moves, after DecodeBitMasks: rotate right by aux, keep `imm` (wmask), insert or sign-extend the rest.
template <class T>
const Op* shift_left(Pe& pe, const Op* op) {
    pe.r[op->rd] = static_cast<T>(static_cast<T>(pe.r[op->rn]) << op->aux);
    return next(pe, op);
}
template <class T>
const Op* extract_unsigned(Pe& pe, const Op* op) {  // UBFX, LSR, UXTB, UXTH
    pe.r[op->rd] = (static_cast<T>(pe.r[op->rn]) >> op->aux) & static_cast<T>(op->imm);
    return next(pe, op);
}
template <class T>
const Op* insert_zero(Pe& pe, const Op* op) {  // UBFIZ
    pe.r[op->rd] = static_cast<T>((static_cast<T>(pe.r[op->rn]) & static_cast<T>(op->imm)) << op->aux);
    return next(pe, op);
}
// SBFX, ASR, SXT*, SBFIZ: shift the field to the top, then arithmetically down to its place.
template <class T>
const Op* extract_signed(Pe& pe, const Op* op) {
    const T top = static_cast<T>(static_cast<T>(pe.r[op->rn]) << op->aux);
    pe.r[op->rd] = shifted<Shift::kAsr>(top, op->aux2);
    return next(pe, op);
}
template <class T>
const Op* insert(Pe& pe, const Op* op) {  // BFM
    const T mask = static_cast<T>(op->imm);
    const T bits = std::rotr(static_cast<T>(pe.r[op->rn]), op->aux);
    pe.r[op->rd] = static_cast<T>((static_cast<T>(pe.r[op->rd]) & ~mask) | (bits & mask));
    return next(pe, op);
}

template <class T>
const Op* extr(Pe& pe, const Op* op) {
    const T high = static_cast<T>(pe.r[op->rn]), low = static_cast<T>(pe.r[op->rm]);
    pe.r[op->rd] = static_cast<T>((low >> op->aux) | ((high << 1) << (kBits<T> - 1 - op->aux)));
    return next(pe, op);
}

u64 adr_offset(u32 raw) { return sign_extend(field(raw, 5, 19) << 2 | field(raw, 29, 2), 21); }

void add_sub(Op& op, u32 raw, Handler w, Handler x, bool flags) {
    op.fn = bit(raw, 31) ? x : w;
    op.rd = flags ? destination(raw, 0) : or_sp(raw, 0);
    op.rn = or_sp(raw, 5);
    op.imm = u64{field(raw, 10, 12)} << (bit(raw, 22) ? 12 : 0);
}

template <class F, bool kFlags = false>
void logical_imm(Op& op, u32 raw) {
    const bool x = bit(raw, 31);
    const auto imm = bitmask_immediate(bit(raw, 22), field(raw, 16, 6), field(raw, 10, 6), x ? 64 : 32);
    if (!imm) return;
    op.fn = x ? &logical<u64, F, kFlags> : &logical<u32, F, kFlags>;
    op.rd = kFlags ? destination(raw, 0) : or_sp(raw, 0);
    op.rn = source(raw, 5);
    op.imm = *imm;
}

bool move_wide(Op& op, u32 raw) {
    op.aux = static_cast<u8>(16 * field(raw, 21, 2));
    op.imm = u64{field(raw, 5, 16)} << op.aux;
    op.rd = destination(raw, 0);
    return bit(raw, 31) || !bit(raw, 22);
}

struct Bitfield {
    unsigned size, r, s;  // register size, immr, imms
    bool valid;
};
Bitfield bitfield(Op& op, u32 raw) {
    const bool x = bit(raw, 31);
    op.rd = destination(raw, 0);
    op.rn = source(raw, 5);
    const Bitfield f{x ? 64u : 32u, field(raw, 16, 6), field(raw, 10, 6), false};
    return {f.size, f.r, f.s, bit(raw, 22) == x && f.r < f.size && f.s < f.size};
}
constexpr u64 low_ones(unsigned n) { return n >= 64 ? ~u64{0} : (u64{1} << n) - 1; }

}  // namespace

void bind_ADR(Op& op, u32 raw, const DecodeContext&) {
    op.fn = &adr;
    op.rd = destination(raw, 0);
    op.imm = adr_offset(raw);
}
void bind_ADRP(Op& op, u32 raw, const DecodeContext&) {
    op.fn = &adrp;
    op.rd = destination(raw, 0);
    op.imm = adr_offset(raw) << 12;
}

void bind_ADD_imm(Op& op, u32 raw, const DecodeContext&) { add_sub(op, raw, &add<u32>, &add<u64>, false); }
void bind_ADDS_imm(Op& op, u32 raw, const DecodeContext&) { add_sub(op, raw, &adds<u32>, &adds<u64>, true); }
void bind_SUB_imm(Op& op, u32 raw, const DecodeContext&) { add_sub(op, raw, &sub<u32>, &sub<u64>, false); }
void bind_SUBS_imm(Op& op, u32 raw, const DecodeContext&) { add_sub(op, raw, &subs<u32>, &subs<u64>, true); }

void bind_AND_imm(Op& op, u32 raw, const DecodeContext&) { logical_imm<std::bit_and<>>(op, raw); }
void bind_ORR_imm(Op& op, u32 raw, const DecodeContext&) { logical_imm<std::bit_or<>>(op, raw); }
void bind_EOR_imm(Op& op, u32 raw, const DecodeContext&) { logical_imm<std::bit_xor<>>(op, raw); }
void bind_ANDS_imm(Op& op, u32 raw, const DecodeContext&) { logical_imm<std::bit_and<>, true>(op, raw); }

void bind_MOVN(Op& op, u32 raw, const DecodeContext&) {
    if (!move_wide(op, raw)) return;
    op.imm = bit(raw, 31) ? ~op.imm : static_cast<u32>(~op.imm);
    op.fn = &move_constant;
}
void bind_MOVZ(Op& op, u32 raw, const DecodeContext&) {
    if (move_wide(op, raw)) op.fn = &move_constant;
}
void bind_MOVK(Op& op, u32 raw, const DecodeContext&) {
    if (move_wide(op, raw)) op.fn = bit(raw, 31) ? &movk<u64> : &movk<u32>;
}

void bind_UBFM(Op& op, u32 raw, const DecodeContext&) {
    const auto [size, r, s, valid] = bitfield(op, raw);
    if (!valid) return;
    const bool x = size == 64;
    if (s >= r) {
        op.aux = static_cast<u8>(r);
        op.imm = low_ones(s - r + 1);
        op.fn = x ? &extract_unsigned<u64> : &extract_unsigned<u32>;
    } else {
        op.aux = static_cast<u8>(size - r);
        op.imm = low_ones(s + 1);
        if (s + 1 == r)
            op.fn = x ? &shift_left<u64> : &shift_left<u32>;
        else
            op.fn = x ? &insert_zero<u64> : &insert_zero<u32>;
    }
}
void bind_SBFM(Op& op, u32 raw, const DecodeContext&) {
    const auto [size, r, s, valid] = bitfield(op, raw);
    if (!valid) return;
    op.aux = static_cast<u8>(size - 1 - s);
    op.aux2 = static_cast<u8>(s >= r ? size - 1 - s + r : r - s - 1);
    op.fn = size == 64 ? &extract_signed<u64> : &extract_signed<u32>;
}
void bind_BFM(Op& op, u32 raw, const DecodeContext&) {
    const auto [size, r, s, valid] = bitfield(op, raw);
    if (!valid) return;
    op.aux = static_cast<u8>(r);
    op.imm = s >= r ? low_ones(s - r + 1) : low_ones(s + 1) << (size - r);
    op.fn = size == 64 ? &insert<u64> : &insert<u32>;
}

void bind_EXTR(Op& op, u32 raw, const DecodeContext&) {
    const bool x = bit(raw, 31);
    if (bit(raw, 22) != x || (!x && bit(raw, 15))) return;
    op.fn = x ? &extr<u64> : &extr<u32>;
    op.rd = destination(raw, 0);
    op.rn = source(raw, 5);
    op.rm = source(raw, 16);
    op.aux = static_cast<u8>(field(raw, 10, 6));
}

}  // namespace bbmsim::cpu
