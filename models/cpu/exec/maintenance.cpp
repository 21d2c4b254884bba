// SPDX-License-Identifier: Apache-2.0
// SYS: cache maintenance, DC ZVA, TLB maintenance, address translation, prediction restriction. SYSL: none allocated.
//
// Memory is always coherent with caches and decoded code, so cache maintenance moves cache tags and may fault, no more.
#include "models/cpu/bind.hpp"
#include "models/cpu/exec/system.hpp"
#include "models/cpu/platform.hpp"
#include "models/mmu/checker/bbm_checker.hpp"

namespace bbmsim::cpu {

namespace {

constexpr u64 kUci = u64{1} << 26, kDze = u64{1} << 14, kEnRctx = u64{1} << 10;

template <u64 enable>
bool el0_allowed(Pe& pe, const Op* op) {
    if (pe.ps.el == 1 || (pe.sys.sctlr & enable)) return true;
    trap_to_el1(pe, op);
    return false;
}

// IVAC discards, so it needs write permission; the others read.
bool maintain(Pe& pe, const Op* op, bool discards, mmu::Outcome& out) {
    const u64 va = pe.r[op->rd];
    stamp(pe, op);
    return translate_data(pe, op, va,
                          {.va = va,
                           .access = discards ? Access::kWrite : Access::kRead,
                           .privileged = pe.ps.el == 1,
                           .maintenance = true},
                          out);
}

template <bool invalidates, bool discards>
const Op* dc_by_va(Pe& pe, const Op* op) {
    if (discards && pe.ps.el == 0) return undefined(pe, op);
    if (!el0_allowed<kUci>(pe, op)) return nullptr;
    mmu::Outcome out;
    if (!maintain(pe, op, discards, out)) return nullptr;
    if (invalidates) impl_of(pe).cache.clean_invalidate(out.pa);
    return op + 1;
}

const Op* ic_ivau(Pe& pe, const Op* op) {
    if (!el0_allowed<kUci>(pe, op)) return nullptr;
    mmu::Outcome out;
    return maintain(pe, op, false, out) ? op + 1 : nullptr;
}

const Op* privileged_nop(Pe& pe, const Op* op) { return pe.ps.el == 0 ? undefined(pe, op) : op + 1; }

const Op* dc_zva(Pe& pe, const Op* op) {
    if (!el0_allowed<kDze>(pe, op)) return nullptr;
    return slow::zero_block(pe, op, pe.r[op->rd]) ? op + 1 : nullptr;
}

const Op* restrict_prediction(Pe& pe, const Op* op) { return el0_allowed<kEnRctx>(pe, op) ? op + 1 : nullptr; }

// aux bit 0: write, bit 1: as EL0, bit 2: honour PAN
const Op* at_s1(Pe& pe, const Op* op) {
    if (pe.ps.el == 0) return undefined(pe, op);
    stamp(pe, op);
    const bool pan = (op->aux & 4) && pe.ps.pan;
    pe.fast.last_data = nullptr;
    const u64 walking = pe.mmu->stats.walk_cycles;
    pe.sys.par = pe.mmu->address_translate(pe.r[op->rd], op->aux & 1, op->aux & 2, pan);
    pe.charge(Cost::kWalk, pe.mmu->stats.walk_cycles - walking);
    return op + 1;
}

const Op* tlbi(Pe& pe, const Op* op) {
    if (pe.ps.el == 0) return undefined(pe, op);
    Engine::Impl& impl = impl_of(pe);
    const u32 raw = op->raw;
    auto decoded = mmu::decode_tlbi(static_cast<u8>(field(raw, 16, 3)), static_cast<u8>(field(raw, 12, 4)),
                                    static_cast<u8>(field(raw, 8, 4)), static_cast<u8>(field(raw, 5, 3)), pe.r[op->rd]);
    if (!decoded || (decoded->range && !impl.config.mmu.tlbirange)) return undefined(pe, op);
    if (decoded->broadcast() && !pe.synced) return leave_for(pe, op, Exit::kSync);
    stamp(pe, op);
    // Without FEAT_TTL the bits are RES0 and ignored: software shifts addresses into them.
    if (!impl.config.features.ttl && !decoded->range) decoded->operand &= ~(u64{0xf} << 44);
    pe.fast.last_data = pe.fast.last_fetch = nullptr;
    impl.mmu.filter.fetch_moved();
    if (impl.domain.checker) impl.domain.checker->on_tlbi(pe.id, *decoded);
    if (impl.domain.late.window_ps) [[unlikely]]
        impl.domain.late.invalidating(pe.id);
    impl.mmu.invalidate(*decoded);
    ++pe.tlbi_count[static_cast<unsigned>(decoded->scope) * 12 + decoded->range * 6u +
                    static_cast<unsigned>(decoded->kind)];
    if (impl.domain.bus.wants(EventKind::kTlbi))
        emit(pe, {.kind = EventKind::kTlbi,
                  .sub = static_cast<u8>(decoded->kind),
                  .a = decoded->operand,
                  .b = u64{decoded->broadcast()} | u64{decoded->nxs} << 1 | u64{decoded->range} << 2});
    pe.charge(Cost::kTlbiDsb, impl.config.maintenance.tlbi_issue_cycles);
    if (decoded->broadcast()) {
        pe.update_now();
        impl.platform.broadcast_tlbi(pe, *decoded);
        pe.synced = false;
    }
    return op + 1;
}

Handler find_tlbi(u32 raw, const FeatureConfig& features) {
    const auto decoded = mmu::decode_tlbi(static_cast<u8>(field(raw, 16, 3)), static_cast<u8>(field(raw, 12, 4)),
                                          static_cast<u8>(field(raw, 8, 4)), static_cast<u8>(field(raw, 5, 3)), 0);
    if (!decoded) return nullptr;
    if ((decoded->range || decoded->scope == mmu::TlbiScope::kOuter) && !features.tlbios) return nullptr;
    if (decoded->nxs && !features.xs) return nullptr;
    return &tlbi;
}

constexpr u32 key(u32 op1, u32 crm, u32 op2) { return op1 << 7 | crm << 3 | op2; }

}  // namespace

void bind_SYS(Op& op, u32 raw, const DecodeContext& context) {
    const FeatureConfig& has = context.features;
    op.cls = OpClass::kSystem;
    op.rd = source(raw, 0);
    const u32 crn = field(raw, 12, 4);
    if (crn == 8 || crn == 9) {
        op.fn = find_tlbi(raw, has);
        return;
    }
    if (crn != 7) return;
    const u32 op1 = field(raw, 16, 3), crm = field(raw, 8, 4), op2 = field(raw, 5, 3);
    switch (key(op1, crm, op2)) {
        case key(0, 1, 0):                                                                // IC IALLUIS
        case key(0, 5, 0):                                                                // IC IALLU
        case key(0, 6, 2):                                                                // DC ISW
        case key(0, 10, 2):                                                               // DC CSW
        case key(0, 14, 2): op.fn = &privileged_nop; break;                               // DC CISW
        case key(0, 6, 1): op.fn = &dc_by_va<true, true>; break;                          // DC IVAC
        case key(3, 10, 1):                                                               // DC CVAC
        case key(3, 11, 1): op.fn = &dc_by_va<false, false>; break;                       // DC CVAU
        case key(3, 12, 1): op.fn = has.dpb ? &dc_by_va<false, false> : nullptr; break;   // DC CVAP
        case key(3, 13, 1): op.fn = has.dpb2 ? &dc_by_va<false, false> : nullptr; break;  // DC CVADP
        case key(3, 14, 1): op.fn = &dc_by_va<true, false>; break;                        // DC CIVAC
        case key(3, 4, 1):                                                                // DC ZVA
            op.fn = &dc_zva;
            op.cls = OpClass::kStore;
            break;
        case key(3, 5, 1): op.fn = &ic_ivau; break;
        case key(0, 8, 0):
        case key(0, 8, 1):
        case key(0, 8, 2):
        case key(0, 8, 3):  // AT S1E1R, S1E1W, S1E0R, S1E0W
            op.fn = &at_s1;
            op.aux = static_cast<u8>(op2);
            break;
        case key(0, 9, 0):
        case key(0, 9, 1):  // AT S1E1RP, S1E1WP
            op.fn = has.pan ? &at_s1 : nullptr;
            op.aux = static_cast<u8>(op2 | 4);
            break;
        case key(3, 3, 4):
        case key(3, 3, 5):
        case key(3, 3, 7):  // CFP, DVP, CPP RCTX
            op.fn = has.specres ? &restrict_prediction : nullptr;
            break;
        default: break;
    }
}

void bind_SYSL(Op& op, u32, const DecodeContext&) { op.fn = nullptr; }

}  // namespace bbmsim::cpu
