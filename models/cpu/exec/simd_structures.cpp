// SPDX-License-Identifier: Apache-2.0
// Advanced SIMD loads and stores of structures, C4.1.94: LD1..LD4, ST1..ST4 (multiple and single), LD1R..LD4R.
//
// The whole structure is one access: translated once for each page that it touches.
#include "models/cpu/exec/address.hpp"
#include "models/cpu/exec/fp_simd.hpp"
#include "models/cpu/mem.hpp"

namespace bbmsim::cpu {
namespace {

// op.aux: bytes of a register; aux2: log2 of the element size, then registers per structure, then structures' repeat
// (LD1 of several registers): 2 + 3 + 3 bits. op.rm: post-index register, or the immediate in imm.
constexpr u8 pack(unsigned scale, unsigned selem, unsigned rpt) {
    return static_cast<u8>(scale | selem << 2 | rpt << 5);
}
struct Shape {
    unsigned elem, selem, rpt;
    explicit Shape(const Op* op) : elem(1u << (op->aux2 & 3)), selem(op->aux2 >> 2 & 7), rpt(op->aux2 >> 5) {}
};

template <bool kPost>
void advance(Pe& pe, const Op* op) {
    if constexpr (kPost) pe.r[op->rn] += op->rm == kRegZero ? op->imm : pe.r[op->rm];
}
bool refused(Pe& pe, const Op* op) {
    if (fp_disabled(pe)) return fp_trap(pe, op), true;
    if (base_faults(pe, op)) return sp_alignment_fault(pe, op), true;
    return false;
}

template <bool kPost>
const Op* load_multiple(Pe& pe, const Op* op) {
    if (refused(pe, op)) [[unlikely]]
        return nullptr;
    const Shape s(op);
    const unsigned count = op->aux / s.elem;
    u8 memory[64];
    if (!load_elements(pe, op, pe.r[op->rn], s.elem, count * s.selem * s.rpt, memory)) [[unlikely]]
        return nullptr;
    const u8* from = memory;
    for (unsigned r = 0; r < s.rpt; ++r) {
        VReg v[4];
        for (unsigned e = 0; e < count; ++e)
            for (unsigned i = 0; i < s.selem; ++i, from += s.elem)
                std::memcpy(bytes_of(v[i]) + e * s.elem, from, s.elem);
        for (unsigned i = 0; i < s.selem; ++i) pe.v[(op->rd + r + i) % 32] = v[i];
    }
    advance<kPost>(pe, op);
    return op + 1;
}
template <bool kPost>
const Op* store_multiple(Pe& pe, const Op* op) {
    if (refused(pe, op)) [[unlikely]]
        return nullptr;
    const Shape s(op);
    const unsigned count = op->aux / s.elem;
    u8 memory[64];
    u8* to = memory;
    for (unsigned r = 0; r < s.rpt; ++r)
        for (unsigned e = 0; e < count; ++e)
            for (unsigned i = 0; i < s.selem; ++i, to += s.elem)
                std::memcpy(to, bytes_of(pe.v[(op->rd + r + i) % 32]) + e * s.elem, s.elem);
    if (!store_elements(pe, op, pe.r[op->rn], s.elem, count * s.selem * s.rpt, memory)) [[unlikely]]
        return nullptr;
    advance<kPost>(pe, op);
    return op + 1;
}
// One element of each register; ra: its offset in bytes.
template <bool kPost>
const Op* load_single(Pe& pe, const Op* op) {
    if (refused(pe, op)) [[unlikely]]
        return nullptr;
    const Shape s(op);
    u8 memory[32];
    if (!load_elements(pe, op, pe.r[op->rn], s.elem, s.selem, memory)) [[unlikely]]
        return nullptr;
    for (unsigned i = 0; i < s.selem; ++i)
        std::memcpy(bytes_of(pe.v[(op->rd + i) % 32]) + op->ra, memory + i * s.elem, s.elem);
    advance<kPost>(pe, op);
    return op + 1;
}
template <bool kPost>
const Op* store_single(Pe& pe, const Op* op) {
    if (refused(pe, op)) [[unlikely]]
        return nullptr;
    const Shape s(op);
    u8 memory[32];
    for (unsigned i = 0; i < s.selem; ++i)
        std::memcpy(memory + i * s.elem, bytes_of(pe.v[(op->rd + i) % 32]) + op->ra, s.elem);
    if (!store_elements(pe, op, pe.r[op->rn], s.elem, s.selem, memory)) [[unlikely]]
        return nullptr;
    advance<kPost>(pe, op);
    return op + 1;
}
template <bool kPost>
const Op* load_replicate(Pe& pe, const Op* op) {
    if (refused(pe, op)) [[unlikely]]
        return nullptr;
    const Shape s(op);
    u8 memory[32];
    if (!load_elements(pe, op, pe.r[op->rn], s.elem, s.selem, memory)) [[unlikely]]
        return nullptr;
    for (unsigned i = 0; i < s.selem; ++i) {
        VReg v;
        for (unsigned at = 0; at < op->aux; at += s.elem) std::memcpy(bytes_of(v) + at, memory + i * s.elem, s.elem);
        pe.v[(op->rd + i) % 32] = v;
    }
    advance<kPost>(pe, op);
    return op + 1;
}

void common(Op& op, u32 raw, unsigned bytes) {
    registers(op, raw);
    op.aux = vector_bytes(raw);
    op.rm = op.rm == 31 ? kRegZero : op.rm;
    op.imm = bytes;
    op.cls = bit(raw, 22) ? OpClass::kLoad : OpClass::kStore;
}
template <bool kPost>
void multiple(Op& op, u32 raw) {
    const unsigned scale = field(raw, 10, 2);
    unsigned selem = 1, rpt = 1;
    switch (field(raw, 12, 4)) {
        case 0: selem = 4; break;
        case 2: rpt = 4; break;
        case 4: selem = 3; break;
        case 6: rpt = 3; break;
        case 7: break;
        case 8: selem = 2; break;
        case 10: rpt = 2; break;
        default: return;
    }
    if (scale == 3 && !bit(raw, 30) && selem != 1) return;
    common(op, raw, vector_bytes(raw) * selem * rpt);
    op.aux2 = pack(scale, selem, rpt);
    op.fn = bit(raw, 22) ? &load_multiple<kPost> : &store_multiple<kPost>;
}
template <bool kPost>
void one(Op& op, u32 raw) {
    const unsigned selem = (u32{bit(raw, 13)} << 1 | u32{bit(raw, 21)}) + 1, size = field(raw, 10, 2);
    unsigned scale = field(raw, 14, 2);
    const unsigned index = u32{bit(raw, 30)} << 3 | u32{bit(raw, 12)} << 2 | size;  // of bytes
    if (scale == 3 || (scale == 1 && (size & 1))) return;
    if (scale == 2 && size == 1) scale = 3;
    if ((scale == 2 && size != 0) || (scale == 3 && bit(raw, 12))) return;
    common(op, raw, selem << scale);
    op.ra = static_cast<u8>(index >> scale << scale);
    op.aux2 = pack(scale, selem, 1);
    op.fn = bit(raw, 22) ? &load_single<kPost> : &store_single<kPost>;
}
template <bool kPost>
void replicate(Op& op, u32 raw) {
    const unsigned selem = (u32{bit(raw, 13)} << 1 | u32{bit(raw, 21)}) + 1, scale = field(raw, 10, 2);
    common(op, raw, selem << scale);
    op.aux2 = pack(scale, selem, 1);
    op.fn = &load_replicate<kPost>;
}

}  // namespace

void bind_LDST_multiple(Op& op, u32 raw, const DecodeContext&) { multiple<false>(op, raw); }
void bind_LDST_multiple_post(Op& op, u32 raw, const DecodeContext&) { multiple<true>(op, raw); }
void bind_LDST_one(Op& op, u32 raw, const DecodeContext&) { one<false>(op, raw); }
void bind_LDST_one_post(Op& op, u32 raw, const DecodeContext&) { one<true>(op, raw); }
void bind_LD_replicate(Op& op, u32 raw, const DecodeContext&) { replicate<false>(op, raw); }
void bind_LD_replicate_post(Op& op, u32 raw, const DecodeContext&) { replicate<true>(op, raw); }

}  // namespace bbmsim::cpu
