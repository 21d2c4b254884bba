// SPDX-License-Identifier: Apache-2.0
// Loads and stores of register pairs, C4.1.94: LDP, STP, LDPSW, LDNP, STNP.
#include "models/cpu/exec/address.hpp"
#include "models/cpu/mem.hpp"

namespace bbmsim::cpu {
namespace {

// Registers: rd and ra. Where a load names one register twice the first element stays
// (CONSTRAINED UNPREDICTABLE).
template <class T, bool kSigned, Mode M, bool kSp>
[[gnu::noinline]] const Op* load_two_general(Pe& pe, const Op* op) {
    if (sp_faults<kSp>(pe)) [[unlikely]]
        return sp_alignment_fault(pe, op);
    const u64 va = address_of<M>(pe, op);
    T a, b;
    if (!load_pair<T>(pe, op, va, a, b)) [[unlikely]]
        return nullptr;
    pe.r[op->ra] = kSigned ? sign_extend(b, 32) : u64{b};
    pe.r[op->rd] = kSigned ? sign_extend(a, 32) : u64{a};
    write_back<M>(pe, op, va);
    return next(pe, op);
}
template <class T, bool kSigned, Mode M, bool kSp>
const Op* load_two(Pe& pe, const Op* op) {
    if (!sp_faults<kSp>(pe)) [[likely]] {
        const u64 va = address_of<M>(pe, op);
        if (const u8* host = fast::quick_hit<fast::Kind::kRead>(pe, pe.fast.quick_read, va, 2 * sizeof(T))) [[likely]] {
            T a, b;
            std::memcpy(&a, host, sizeof(T));
            std::memcpy(&b, host + sizeof(T), sizeof(T));
            ++pe.loads;
            pe.r[op->ra] = kSigned ? sign_extend(b, 32) : u64{b};
            pe.r[op->rd] = kSigned ? sign_extend(a, 32) : u64{a};
            write_back<M>(pe, op, va);
            return next(pe, op);
        }
    }
    return load_two_general<T, kSigned, M, kSp>(pe, op);
}
template <class T, Mode M, bool kSp>
[[gnu::noinline]] const Op* store_two_general(Pe& pe, const Op* op) {
    if (sp_faults<kSp>(pe)) [[unlikely]]
        return sp_alignment_fault(pe, op);
    const u64 va = address_of<M>(pe, op);
    if (!store_pair<T>(pe, op, va, static_cast<T>(pe.r[op->rd]), static_cast<T>(pe.r[op->ra]))) [[unlikely]]
        return nullptr;
    write_back<M>(pe, op, va);
    return next(pe, op);
}
template <class T, Mode M, bool kSp>
const Op* store_two(Pe& pe, const Op* op) {
    if (!sp_faults<kSp>(pe)) [[likely]] {
        const u64 va = address_of<M>(pe, op);
        if (u8* host = fast::quick_hit<fast::Kind::kWrite>(pe, pe.fast.quick_write, va, 2 * sizeof(T))) [[likely]] {
            const T a = static_cast<T>(pe.r[op->rd]), b = static_cast<T>(pe.r[op->ra]);
            std::memcpy(host, &a, sizeof(T));
            std::memcpy(host + sizeof(T), &b, sizeof(T));
            ++pe.stores;
            write_back<M>(pe, op, va);
            return next(pe, op);
        }
    }
    return store_two_general<T, M, kSp>(pe, op);
}

template <Mode M>
void loads(Op& op, u32 raw) {
    const bool x = bit(raw, 31), sp = field(raw, 5, 5) == kRegSp;
    op.cls = OpClass::kLoad;
    op.rd = destination(raw, 0);
    op.ra = destination(raw, 10);
    op.rn = or_sp(raw, 5);
    op.imm = signed_field(raw, 15, 7) * (x ? 8 : 4);
    if (sp)
        op.fn = x ? &load_two<u64, false, M, true> : &load_two<u32, false, M, true>;
    else
        op.fn = x ? &load_two<u64, false, M, false> : &load_two<u32, false, M, false>;
}
template <Mode M>
void loads_signed(Op& op, u32 raw) {
    loads<M>(op, raw);
    op.fn = op.rn == kRegSp ? &load_two<u32, true, M, true> : &load_two<u32, true, M, false>;
}
template <Mode M>
void stores(Op& op, u32 raw) {
    const bool x = bit(raw, 31), sp = field(raw, 5, 5) == kRegSp;
    op.cls = OpClass::kStore;
    op.rd = source(raw, 0);
    op.ra = source(raw, 10);
    op.rn = or_sp(raw, 5);
    op.imm = signed_field(raw, 15, 7) * (x ? 8 : 4);
    if (sp)
        op.fn = x ? &store_two<u64, M, true> : &store_two<u32, M, true>;
    else
        op.fn = x ? &store_two<u64, M, false> : &store_two<u32, M, false>;
}

}  // namespace

void bind_LDP(Op& op, u32 raw, const DecodeContext&) { loads<Mode::kOffset>(op, raw); }
void bind_LDP_post(Op& op, u32 raw, const DecodeContext&) { loads<Mode::kPost>(op, raw); }
void bind_LDP_pre(Op& op, u32 raw, const DecodeContext&) { loads<Mode::kPre>(op, raw); }
void bind_LDNP(Op& op, u32 raw, const DecodeContext&) { loads<Mode::kOffset>(op, raw); }
void bind_LDPSW(Op& op, u32 raw, const DecodeContext&) { loads_signed<Mode::kOffset>(op, raw); }
void bind_LDPSW_post(Op& op, u32 raw, const DecodeContext&) { loads_signed<Mode::kPost>(op, raw); }
void bind_LDPSW_pre(Op& op, u32 raw, const DecodeContext&) { loads_signed<Mode::kPre>(op, raw); }
void bind_STP(Op& op, u32 raw, const DecodeContext&) { stores<Mode::kOffset>(op, raw); }
void bind_STP_post(Op& op, u32 raw, const DecodeContext&) { stores<Mode::kPost>(op, raw); }
void bind_STP_pre(Op& op, u32 raw, const DecodeContext&) { stores<Mode::kPre>(op, raw); }
void bind_STNP(Op& op, u32 raw, const DecodeContext&) { stores<Mode::kOffset>(op, raw); }

}  // namespace bbmsim::cpu
