// SPDX-License-Identifier: Apache-2.0
// Loads and stores of SIMD&FP registers, C4.1.94: single registers in all addressing modes, literal, pairs.
#include "models/cpu/exec/address.hpp"
#include "models/cpu/exec/fp_simd.hpp"
#include "models/cpu/mem.hpp"

namespace bbmsim::cpu {
namespace {

template <unsigned kBytes, Mode M>
const Op* load_vector(Pe& pe, const Op* op) {
    if (fp_disabled(pe)) [[unlikely]]
        return fp_trap(pe, op);
    if (base_faults(pe, op)) [[unlikely]]
        return sp_alignment_fault(pe, op);
    const u64 va = address_of<M>(pe, op);
    VReg value;
    if (!load_elements(pe, op, va, kBytes, 1, &value)) [[unlikely]]
        return nullptr;
    pe.v[op->rd] = value;
    write_back<M>(pe, op, va);
    return op + 1;
}
template <unsigned kBytes, Mode M>
const Op* store_vector(Pe& pe, const Op* op) {
    if (fp_disabled(pe)) [[unlikely]]
        return fp_trap(pe, op);
    if (base_faults(pe, op)) [[unlikely]]
        return sp_alignment_fault(pe, op);
    const u64 va = address_of<M>(pe, op);
    if (!store_elements(pe, op, va, kBytes, 1, &pe.v[op->rd])) [[unlikely]]
        return nullptr;
    write_back<M>(pe, op, va);
    return op + 1;
}
template <unsigned kBytes>
const Op* load_vector_literal(Pe& pe, const Op* op) {
    if (fp_disabled(pe)) [[unlikely]]
        return fp_trap(pe, op);
    VReg value;
    if (!load_elements(pe, op, pe.pc_of(op) + op->imm, kBytes, 1, &value)) [[unlikely]]
        return nullptr;
    pe.v[op->rd] = value;
    return op + 1;
}
// Where a load names one register twice the second element stays (CONSTRAINED UNPREDICTABLE).
template <unsigned kBytes, Mode M>
const Op* load_vectors(Pe& pe, const Op* op) {
    if (fp_disabled(pe)) [[unlikely]]
        return fp_trap(pe, op);
    if (base_faults(pe, op)) [[unlikely]]
        return sp_alignment_fault(pe, op);
    const u64 va = address_of<M>(pe, op);
    u8 both[2 * kBytes];
    if (!load_elements(pe, op, va, kBytes, 2, both)) [[unlikely]]
        return nullptr;
    VReg a, b;
    std::memcpy(bytes_of(a), both, kBytes);
    std::memcpy(bytes_of(b), both + kBytes, kBytes);
    pe.v[op->rd] = a;
    pe.v[op->ra] = b;
    write_back<M>(pe, op, va);
    return op + 1;
}
template <unsigned kBytes, Mode M>
const Op* store_vectors(Pe& pe, const Op* op) {
    if (fp_disabled(pe)) [[unlikely]]
        return fp_trap(pe, op);
    if (base_faults(pe, op)) [[unlikely]]
        return sp_alignment_fault(pe, op);
    const u64 va = address_of<M>(pe, op);
    u8 both[2 * kBytes];
    std::memcpy(both, &pe.v[op->rd], kBytes);
    std::memcpy(both + kBytes, &pe.v[op->ra], kBytes);
    if (!store_elements(pe, op, va, kBytes, 2, both)) [[unlikely]]
        return nullptr;
    write_back<M>(pe, op, va);
    return op + 1;
}

// log2 of the bytes of an access, 5 and more: reserved. The top bit of the size is opc<1>.
unsigned scale_of(u32 raw) { return field(raw, 30, 2) | u32{bit(raw, 23)} << 2; }

template <Mode M>
void single(Op& op, u32 raw) {
    static constexpr Handler kLoads[5] = {&load_vector<1, M>, &load_vector<2, M>, &load_vector<4, M>,
                                          &load_vector<8, M>, &load_vector<16, M>};
    static constexpr Handler kStores[5] = {&store_vector<1, M>, &store_vector<2, M>, &store_vector<4, M>,
                                           &store_vector<8, M>, &store_vector<16, M>};
    const unsigned scale = scale_of(raw);
    if (scale > 4) return;
    const bool load = bit(raw, 22);
    registers(op, raw);
    op.cls = load ? OpClass::kLoad : OpClass::kStore;
    op.fn = load ? kLoads[scale] : kStores[scale];
}
template <Mode M>
void unscaled(Op& op, u32 raw) {
    single<M>(op, raw);
    op.imm = signed_field(raw, 12, 9);
}
template <Mode M>
void pair(Op& op, u32 raw) {
    static constexpr Handler kLoads[3] = {&load_vectors<4, M>, &load_vectors<8, M>, &load_vectors<16, M>};
    static constexpr Handler kStores[3] = {&store_vectors<4, M>, &store_vectors<8, M>, &store_vectors<16, M>};
    const unsigned opc = field(raw, 30, 2);
    if (opc == 3) return;
    const bool load = bit(raw, 22);
    registers(op, raw);
    op.imm = signed_field(raw, 15, 7) << (2 + opc);
    op.cls = load ? OpClass::kLoad : OpClass::kStore;
    op.fn = load ? kLoads[opc] : kStores[opc];
}

}  // namespace

void bind_LDST_v_uimm(Op& op, u32 raw, const DecodeContext&) {
    single<Mode::kOffset>(op, raw);
    op.imm = u64{field(raw, 10, 12)} << scale_of(raw);
}
void bind_LDST_v_unscaled(Op& op, u32 raw, const DecodeContext&) { unscaled<Mode::kOffset>(op, raw); }
void bind_LDST_v_post(Op& op, u32 raw, const DecodeContext&) { unscaled<Mode::kPost>(op, raw); }
void bind_LDST_v_pre(Op& op, u32 raw, const DecodeContext&) { unscaled<Mode::kPre>(op, raw); }
void bind_LDST_v_reg(Op& op, u32 raw, const DecodeContext&) {
    const unsigned option = field(raw, 13, 3);
    if (!(option & 2)) return;
    if (option & 1)
        single<Mode::kIndex>(op, raw);
    else
        single<Mode::kExtended>(op, raw);
    op.rm = source(raw, 16);
    op.aux = bit(raw, 12) ? static_cast<u8>(scale_of(raw)) : u8{0};
    op.aux2 = static_cast<u8>(option);
}
void bind_LDR_v_lit(Op& op, u32 raw, const DecodeContext&) {
    static constexpr Handler kHandlers[4] = {&load_vector_literal<4>, &load_vector_literal<8>, &load_vector_literal<16>,
                                             nullptr};
    registers(op, raw);
    op.cls = OpClass::kLoad;
    op.imm = signed_field(raw, 5, 19) * 4;
    op.fn = kHandlers[field(raw, 30, 2)];
}
void bind_LDSTP_v(Op& op, u32 raw, const DecodeContext&) { pair<Mode::kOffset>(op, raw); }
void bind_LDSTP_v_post(Op& op, u32 raw, const DecodeContext&) { pair<Mode::kPost>(op, raw); }
void bind_LDSTP_v_pre(Op& op, u32 raw, const DecodeContext&) { pair<Mode::kPre>(op, raw); }

}  // namespace bbmsim::cpu
