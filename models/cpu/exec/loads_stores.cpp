// SPDX-License-Identifier: Apache-2.0
// Loads and stores of single registers, C4.1.94: all addressing modes, literal, unprivileged, prefetch.
#include "models/cpu/exec/address.hpp"
#include "models/cpu/mem.hpp"

namespace bbmsim::cpu {
namespace {

enum class Extend : u8 { kZero, kSignW, kSignX };

template <class T, Extend E>
constexpr u64 extended(T value) {
    using S = std::make_signed_t<T>;
    if constexpr (E == Extend::kSignW) return static_cast<u32>(static_cast<i32>(static_cast<S>(value)));
    if constexpr (E == Extend::kSignX) return static_cast<u64>(static_cast<i64>(static_cast<S>(value)));
    return value;
}

template <class T, Extend E, Mode M, bool kSp, MemMode kMem>
[[gnu::noinline]] const Op* load_register_general(Pe& pe, const Op* op) {
    if (sp_faults<kSp>(pe)) [[unlikely]]
        return sp_alignment_fault(pe, op);
    const u64 va = address_of<M>(pe, op);
    T value;
    if (!load<T>(pe, op, va, value, kMem)) [[unlikely]]
        return nullptr;
    pe.r[op->rd] = extended<T, E>(value);
    write_back<M>(pe, op, va);
    return next(pe, op);
}
template <class T, Extend E, Mode M, bool kSp, MemMode kMem>
const Op* load_register(Pe& pe, const Op* op) {
    if (!sp_faults<kSp>(pe)) [[likely]] {
        const u64 va = address_of<M>(pe, op);
        if (const u8* host = fast::quick_hit<fast::Kind::kRead>(pe, fast::quick_read(pe, kMem), va, sizeof(T)))
            [[likely]] {
            T value;
            std::memcpy(&value, host, sizeof(T));
            ++pe.loads;
            pe.r[op->rd] = extended<T, E>(value);
            write_back<M>(pe, op, va);
            return next(pe, op);
        }
    }
    return load_register_general<T, E, M, kSp, kMem>(pe, op);
}
template <class T, Mode M, bool kSp, MemMode kMem>
[[gnu::noinline]] const Op* store_register_general(Pe& pe, const Op* op) {
    if (sp_faults<kSp>(pe)) [[unlikely]]
        return sp_alignment_fault(pe, op);
    const u64 va = address_of<M>(pe, op);
    if (!store<T>(pe, op, va, static_cast<T>(pe.r[op->rd]), kMem)) [[unlikely]]
        return nullptr;
    write_back<M>(pe, op, va);
    return next(pe, op);
}
template <class T, Mode M, bool kSp, MemMode kMem>
const Op* store_register(Pe& pe, const Op* op) {
    if (!sp_faults<kSp>(pe)) [[likely]] {
        const u64 va = address_of<M>(pe, op);
        if (u8* host = fast::quick_hit<fast::Kind::kWrite>(pe, fast::quick_write(pe, kMem), va, sizeof(T))) [[likely]] {
            const T value = static_cast<T>(pe.r[op->rd]);
            std::memcpy(host, &value, sizeof(T));
            ++pe.stores;
            write_back<M>(pe, op, va);
            return next(pe, op);
        }
    }
    return store_register_general<T, M, kSp, kMem>(pe, op);
}
template <class T, Extend E>
const Op* load_literal(Pe& pe, const Op* op) {
    T value;
    if (!load<T>(pe, op, pe.pc_of(op) + op->imm, value)) [[unlikely]]
        return nullptr;
    pe.r[op->rd] = extended<T, E>(value);
    return next(pe, op);
}
const Op* prefetch(Pe& pe, const Op* op) { return next(pe, op); }

template <Mode M, bool kSp, MemMode kMem>
Handler load_handler(unsigned size) {
    static constexpr Handler kHandlers[4] = {
        &load_register<u8, Extend::kZero, M, kSp, kMem>, &load_register<u16, Extend::kZero, M, kSp, kMem>,
        &load_register<u32, Extend::kZero, M, kSp, kMem>, &load_register<u64, Extend::kZero, M, kSp, kMem>};
    return kHandlers[size];
}
template <Mode M, bool kSp, MemMode kMem>
Handler store_handler(unsigned size) {
    static constexpr Handler kHandlers[4] = {&store_register<u8, M, kSp, kMem>, &store_register<u16, M, kSp, kMem>,
                                             &store_register<u32, M, kSp, kMem>, &store_register<u64, M, kSp, kMem>};
    return kHandlers[size];
}
template <Mode M, bool kSp, MemMode kMem>
Handler signed_handler(unsigned size, bool w) {
    static constexpr Handler kHandlers[2][3] = {
        {&load_register<u8, Extend::kSignX, M, kSp, kMem>, &load_register<u16, Extend::kSignX, M, kSp, kMem>,
         &load_register<u32, Extend::kSignX, M, kSp, kMem>},
        {&load_register<u8, Extend::kSignW, M, kSp, kMem>, &load_register<u16, Extend::kSignW, M, kSp, kMem>, nullptr}};
    return kHandlers[w][size];
}

enum class Kind : u8 { kLoad, kStore, kLoadSigned };

template <Kind K, Mode M, MemMode kMem = MemMode::kNormal>
void single(Op& op, u32 raw) {
    const unsigned size = field(raw, 30, 2);
    const bool sp = field(raw, 5, 5) == kRegSp;
    op.rn = or_sp(raw, 5);
    op.rd = K == Kind::kStore ? source(raw, 0) : destination(raw, 0);
    op.cls = K == Kind::kStore ? OpClass::kStore : OpClass::kLoad;
    if constexpr (K == Kind::kLoad) op.fn = sp ? load_handler<M, true, kMem>(size) : load_handler<M, false, kMem>(size);
    if constexpr (K == Kind::kStore)
        op.fn = sp ? store_handler<M, true, kMem>(size) : store_handler<M, false, kMem>(size);
    if constexpr (K == Kind::kLoadSigned)
        op.fn =
            sp ? signed_handler<M, true, kMem>(size, bit(raw, 22)) : signed_handler<M, false, kMem>(size, bit(raw, 22));
}
template <Kind K>
void scaled(Op& op, u32 raw) {
    single<K, Mode::kOffset>(op, raw);
    op.imm = u64{field(raw, 10, 12)} << field(raw, 30, 2);
}
template <Kind K, Mode M, MemMode kMem = MemMode::kNormal>
void unscaled(Op& op, u32 raw) {
    single<K, M, kMem>(op, raw);
    op.imm = signed_field(raw, 12, 9);
}
template <Kind K>
void indexed(Op& op, u32 raw) {
    const unsigned option = field(raw, 13, 3);
    if (!(option & 2)) return;
    // UXTX (LSL) and SXTX are the plain register.
    if (option & 1)
        single<K, Mode::kIndex>(op, raw);
    else
        single<K, Mode::kExtended>(op, raw);
    op.rm = source(raw, 16);
    op.aux = bit(raw, 12) ? static_cast<u8>(field(raw, 30, 2)) : u8{0};
    op.aux2 = static_cast<u8>(option);
}
void literal(Op& op, u32 raw, Handler fn) {
    op.fn = fn;
    op.cls = OpClass::kLoad;
    op.rd = destination(raw, 0);
    op.imm = signed_field(raw, 5, 19) * 4;
}

}  // namespace

void bind_LDR_uimm(Op& op, u32 raw, const DecodeContext&) { scaled<Kind::kLoad>(op, raw); }
void bind_STR_uimm(Op& op, u32 raw, const DecodeContext&) { scaled<Kind::kStore>(op, raw); }
void bind_LDRS_uimm(Op& op, u32 raw, const DecodeContext&) { scaled<Kind::kLoadSigned>(op, raw); }

void bind_LDR_unscaled(Op& op, u32 raw, const DecodeContext&) { unscaled<Kind::kLoad, Mode::kOffset>(op, raw); }
void bind_STR_unscaled(Op& op, u32 raw, const DecodeContext&) { unscaled<Kind::kStore, Mode::kOffset>(op, raw); }
void bind_LDRS_unscaled(Op& op, u32 raw, const DecodeContext&) { unscaled<Kind::kLoadSigned, Mode::kOffset>(op, raw); }
void bind_LDR_post(Op& op, u32 raw, const DecodeContext&) { unscaled<Kind::kLoad, Mode::kPost>(op, raw); }
void bind_STR_post(Op& op, u32 raw, const DecodeContext&) { unscaled<Kind::kStore, Mode::kPost>(op, raw); }
void bind_LDRS_post(Op& op, u32 raw, const DecodeContext&) { unscaled<Kind::kLoadSigned, Mode::kPost>(op, raw); }
void bind_LDR_pre(Op& op, u32 raw, const DecodeContext&) { unscaled<Kind::kLoad, Mode::kPre>(op, raw); }
void bind_STR_pre(Op& op, u32 raw, const DecodeContext&) { unscaled<Kind::kStore, Mode::kPre>(op, raw); }
void bind_LDRS_pre(Op& op, u32 raw, const DecodeContext&) { unscaled<Kind::kLoadSigned, Mode::kPre>(op, raw); }

void bind_LDTR(Op& op, u32 raw, const DecodeContext&) {
    unscaled<Kind::kLoad, Mode::kOffset, MemMode::kUnprivileged>(op, raw);
}
void bind_STTR(Op& op, u32 raw, const DecodeContext&) {
    unscaled<Kind::kStore, Mode::kOffset, MemMode::kUnprivileged>(op, raw);
}
void bind_LDTRS(Op& op, u32 raw, const DecodeContext&) {
    unscaled<Kind::kLoadSigned, Mode::kOffset, MemMode::kUnprivileged>(op, raw);
}

void bind_LDR_reg(Op& op, u32 raw, const DecodeContext&) { indexed<Kind::kLoad>(op, raw); }
void bind_STR_reg(Op& op, u32 raw, const DecodeContext&) { indexed<Kind::kStore>(op, raw); }
void bind_LDRS_reg(Op& op, u32 raw, const DecodeContext&) { indexed<Kind::kLoadSigned>(op, raw); }

void bind_LDR_lit(Op& op, u32 raw, const DecodeContext&) {
    literal(op, raw, bit(raw, 30) ? &load_literal<u64, Extend::kZero> : &load_literal<u32, Extend::kZero>);
}
void bind_LDRSW_lit(Op& op, u32 raw, const DecodeContext&) { literal(op, raw, &load_literal<u32, Extend::kSignX>); }
void bind_PRFM(Op& op, u32 raw, const DecodeContext&) {
    const bool indexed_form = field(raw, 24, 2) == 0 && bit(raw, 21);
    if (indexed_form && !bit(raw, 14)) return;
    op.fn = &prefetch;
}
void bind_PRFM_lit(Op& op, u32, const DecodeContext&) { op.fn = &prefetch; }

}  // namespace bbmsim::cpu
