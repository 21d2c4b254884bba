// SPDX-License-Identifier: Apache-2.0
// Advanced SIMD copy, permute, extract, table lookup and modified immediate, C4.1.96.
#include "models/cpu/exec/simd_elements.hpp"
#include "models/cpu/exec/simd_immediate.hpp"

#include <bit>
#include <cstring>

namespace bbmsim::cpu {
namespace {

// --- copy. imm5: the lowest bit set is the size, what is above it the index. op.ra, op.rm: byte offsets.
template <class F, class T>
struct DupElement {
    static void run(Pe& pe, const Op* op) {
        T e;
        std::memcpy(&e, bytes_of(pe.v[op->rn]) + op->rm, sizeof e);
        Lanes<T> d;
        for (T& x : d.e) x = e;
        pe.v[op->rd] = to_vreg(d);
        clear_above(pe.v[op->rd], op->aux);
    }
};
template <class F, class T>
struct DupGeneral {
    static void run(Pe& pe, const Op* op) {
        Lanes<T> d;
        for (T& x : d.e) x = static_cast<T>(pe.r[op->rn]);
        pe.v[op->rd] = to_vreg(d);
        clear_above(pe.v[op->rd], op->aux);
    }
};
template <class F, class T>
struct InsElement {
    static void run(Pe& pe, const Op* op) {
        std::memmove(bytes_of(pe.v[op->rd]) + op->ra, bytes_of(pe.v[op->rn]) + op->rm, sizeof(T));
    }
};
template <class F, class T>
struct InsGeneral {
    static void run(Pe& pe, const Op* op) {
        const T e = static_cast<T>(pe.r[op->rn]);
        std::memcpy(bytes_of(pe.v[op->rd]) + op->ra, &e, sizeof e);
    }
};
template <bool kSigned>
struct Sign {};
template <class F, class T>
struct ToGeneral;
template <bool kSigned, class T>
struct ToGeneral<Sign<kSigned>, T> {
    static void run(Pe& pe, const Op* op) {
        T e;
        std::memcpy(&e, bytes_of(pe.v[op->rn]) + op->rm, sizeof e);
        const u64 value = static_cast<u64>(number<kSigned>(e));
        pe.r[op->rd] = op->aux ? value : static_cast<u32>(value);
    }
};
struct None {};

unsigned size_of(u32 raw) { return static_cast<unsigned>(std::countr_zero(field(raw, 16, 5) | 32)); }
u8 offset_of(u32 raw) { return static_cast<u8>(field(raw, 16, 5) >> (size_of(raw) + 1) << size_of(raw)); }
template <template <class, class> class Shape, class F, unsigned kSizes>
bool copy(Op& op, u32 raw) {
    const unsigned size = size_of(raw);
    if (size > 3) return false;
    by_size<Shape, F, kSizes>(op, raw, size);
    op.rm = op.ra = offset_of(raw);
    op.aux = bit(raw, 28) ? static_cast<u8>(1u << size) : vector_bytes(raw);
    return true;
}

// --- permute: kOperation 1 UZP, 2 TRN, 3 ZIP; op.aux2: the second of the two.
template <unsigned kOperation>
struct Operation {};
template <class F, class T>
struct Permute;
template <unsigned kOperation, class T>
struct Permute<Operation<kOperation>, T> {
    static void run(Pe& pe, const Op* op) {
        const auto n = lanes<T>(pe.v[op->rn]), m = lanes<T>(pe.v[op->rm]);
        Lanes<T> d{};
        const unsigned count = op->aux / sizeof(T), half = count / 2, part = op->aux2;
        for (unsigned i = 0; i < half; ++i) {
            if constexpr (kOperation == 1) {
                d.e[i] = n.e[2 * i + part];
                d.e[half + i] = m.e[2 * i + part];
            } else if constexpr (kOperation == 2) {
                d.e[2 * i] = n.e[2 * i + part];
                d.e[2 * i + 1] = m.e[2 * i + part];
            } else {
                d.e[2 * i] = n.e[part * half + i];
                d.e[2 * i + 1] = m.e[part * half + i];
            }
        }
        pe.v[op->rd] = to_vreg(d);
    }
};
template <unsigned kOperation>
void permute(Op& op, u32 raw) {
    same_size<Permute, Operation<kOperation>, kBHSD>(op, raw);
    op.aux2 = bit(raw, 14);
}

struct Ext {
    static void run(Pe& pe, const Op* op) {
        u8 both[32];
        std::memcpy(both, &pe.v[op->rn], op->aux);
        std::memcpy(both + op->aux, &pe.v[op->rm], op->aux);
        VReg d;
        std::memcpy(bytes_of(d), both + op->ra, op->aux);
        pe.v[op->rd] = d;
    }
};
// op.aux2: registers of the table; out of it TBL gives zero, TBX keeps the destination.
template <bool kKeep>
struct Table {
    static void run(Pe& pe, const Op* op) {
        u8 table[64];
        for (unsigned i = 0; i < op->aux2; ++i) std::memcpy(table + 16 * i, &pe.v[(op->rn + i) % 32], 16);
        const auto m = lanes<u8>(pe.v[op->rm]);
        auto d = lanes<u8>(pe.v[op->rd]);
        for (unsigned i = 0; i < op->aux; ++i) {
            if (m.e[i] < 16 * op->aux2)
                d.e[i] = table[m.e[i]];
            else if (!kKeep)
                d.e[i] = 0;
        }
        pe.v[op->rd] = to_vreg(d);
        clear_above(pe.v[op->rd], op->aux);
    }
};
template <bool kKeep>
void table(Op& op, u32 raw) {
    registers(op, raw);
    op.aux = vector_bytes(raw);
    op.aux2 = static_cast<u8>(field(raw, 13, 2) + 1);
    op.fn = &simd<Table<kKeep>>;
}

enum class Immediate : u8 { kMove, kOr, kBic };
template <Immediate I>
struct ModifiedImmediate {
    static void run(Pe& pe, const Op* op) {
        VReg& d = pe.v[op->rd];
        if constexpr (I == Immediate::kMove) d = {op->imm, op->imm};
        if constexpr (I == Immediate::kOr) d = {d.lo | op->imm, d.hi | op->imm};
        if constexpr (I == Immediate::kBic) d = {d.lo & ~op->imm, d.hi & ~op->imm};
        clear_above(d, op->aux);
    }
};

}  // namespace

void bind_DUP_element(Op& op, u32 raw, const DecodeContext&) {
    if (size_of(raw) == 3 && !bit(raw, 30)) return;
    copy<DupElement, None, kBHSD>(op, raw);
}
void bind_DUP_scalar(Op& op, u32 raw, const DecodeContext&) { copy<DupElement, None, kBHSD>(op, raw); }
void bind_DUP_general(Op& op, u32 raw, const DecodeContext&) {
    if (size_of(raw) == 3 && !bit(raw, 30)) return;
    if (copy<DupGeneral, None, kBHSD>(op, raw)) op.rn = source(raw, 5);
}
void bind_SMOV(Op& op, u32 raw, const DecodeContext&) {
    if (size_of(raw) == 2 && !bit(raw, 30)) return;
    if (!copy<ToGeneral, Sign<true>, kBHS>(op, raw)) return;
    op.rd = destination(raw, 0);
    op.aux = bit(raw, 30);
}
void bind_UMOV(Op& op, u32 raw, const DecodeContext&) {
    if (bit(raw, 30) != (size_of(raw) == 3)) return;
    if (!copy<ToGeneral, Sign<false>, kBHSD>(op, raw)) return;
    op.rd = destination(raw, 0);
    op.aux = bit(raw, 30);
}
void bind_INS_general(Op& op, u32 raw, const DecodeContext&) {
    if (copy<InsGeneral, None, kBHSD>(op, raw)) op.rn = source(raw, 5);
}
void bind_INS_element(Op& op, u32 raw, const DecodeContext&) {
    if (!copy<InsElement, None, kBHSD>(op, raw)) return;
    op.rm = static_cast<u8>(field(raw, 11, 4) >> size_of(raw) << size_of(raw));
}
void bind_UZP1(Op& op, u32 raw, const DecodeContext&) { permute<1>(op, raw); }
void bind_UZP2(Op& op, u32 raw, const DecodeContext&) { permute<1>(op, raw); }
void bind_TRN1(Op& op, u32 raw, const DecodeContext&) { permute<2>(op, raw); }
void bind_TRN2(Op& op, u32 raw, const DecodeContext&) { permute<2>(op, raw); }
void bind_ZIP1(Op& op, u32 raw, const DecodeContext&) { permute<3>(op, raw); }
void bind_ZIP2(Op& op, u32 raw, const DecodeContext&) { permute<3>(op, raw); }
void bind_EXT(Op& op, u32 raw, const DecodeContext&) {
    if (!bit(raw, 30) && bit(raw, 14)) return;
    registers(op, raw);
    op.ra = static_cast<u8>(field(raw, 11, 4));
    op.aux = vector_bytes(raw);
    op.fn = &simd<Ext>;
}
void bind_TBL(Op& op, u32 raw, const DecodeContext&) { table<false>(op, raw); }
void bind_TBX(Op& op, u32 raw, const DecodeContext&) { table<true>(op, raw); }
void bind_MOD_IMM(Op& op, u32 raw, const DecodeContext&) {
    const unsigned cmode = field(raw, 12, 4), invert = bit(raw, 29);
    if (cmode == 15 && invert && !bit(raw, 30)) return;  // FMOV of a double needs both halves
    registers(op, raw);
    op.aux = vector_bytes(raw);
    op.imm = expand_simd_immediate(raw);
    const bool modifies = cmode < 12 && (cmode & 1);
    if (modifies)
        op.fn = invert ? &simd<ModifiedImmediate<Immediate::kBic>> : &simd<ModifiedImmediate<Immediate::kOr>>;
    else
        op.fn = &simd<ModifiedImmediate<Immediate::kMove>>;
    if (!modifies && invert && cmode < 14) op.imm = ~op.imm;
}
void bind_MOD_IMM_half(Op& op, u32 raw, const DecodeContext&) {
    registers(op, raw);
    op.aux = vector_bytes(raw);
    op.imm = expand_fp_immediate<5, 10>(field(raw, 16, 3) << 5 | field(raw, 5, 5)) * 0x0001000100010001;
    op.fn = &simd<ModifiedImmediate<Immediate::kMove>>;
}

}  // namespace bbmsim::cpu
