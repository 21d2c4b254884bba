// SPDX-License-Identifier: Apache-2.0
// DMB, DSB, ISB, SB, CLREX. Memory is always coherent here, so a barrier's ordering matters to the checker and to the
// completion of TLB maintenance only (R_YNJCP: complete for other PEs at the issuer's DSB).
#include "models/cpu/bind.hpp"
#include "models/cpu/exec/system.hpp"
#include "models/mmu/checker/bbm_checker.hpp"

namespace bbmsim::cpu {

namespace {

struct Barrier {
    BarrierDomain domain;
    BarrierType type;
};
// CRm; its reserved values are full-system barriers for all accesses.
constexpr Barrier barrier_of(unsigned crm) {
    if ((crm & 3) == 0) return {BarrierDomain::kFull, BarrierType::kAll};
    return {static_cast<BarrierDomain>(crm >> 2), static_cast<BarrierType>(crm & 3)};
}

const Op* dsb(Pe& pe, const Op* op) {
    Engine::Impl& impl = impl_of(pe);
    const Barrier b = barrier_of(op->aux);
    if (!pe.synced) return leave_for(pe, op, Exit::kSync);
    // Only a barrier for loads and stores, of at least the TLBIs' domain, waits for them (R_PSMWS).
    if (pe.dvm_outstanding && b.type == BarrierType::kAll && b.domain != BarrierDomain::kNon) {
        if (!impl.dsb_waiting) impl.dsb_since = pe.cycles;
        impl.dsb_waiting = true;
        return leave_for(pe, op, Exit::kWaitDvm);
    }
    if (b.type != BarrierType::kLoads) pe.charge(Cost::kTlbiDsb, impl.cache.drain(pe.cycles));
    stamp(pe, op);
    pe.synced = false;
    ++pe.dsb_count;
    impl.mmu.complete_maintenance();
    if (impl.domain.late.window_ps) [[unlikely]] {
        if (b.type != BarrierType::kLoads) impl.domain.late.ordered(pe.id);
        if (b.type != BarrierType::kStores) impl.domain.late.observed(pe.id);
    }
    if (impl.domain.checker) impl.domain.checker->on_dsb(pe.id, b.domain, b.type);
    if (impl.domain.bus.wants(EventKind::kDsb))
        emit(pe, {.kind = EventKind::kDsb,
                  .sub = static_cast<u8>(static_cast<u8>(b.domain) << 2 | static_cast<u8>(b.type)),
                  .a = impl.dsb_waiting ? pe.cycles - impl.dsb_since : 0});
    impl.dsb_waiting = false;
    return op + 1;
}

const Op* dmb(Pe& pe, const Op* op) {
    if (pe.fast.acquire) slow::acquire(pe);
    return next(pe, op);
}

const Op* isb(Pe& pe, const Op* op) {
    stamp(pe, op);
    context_sync(pe);
    return op + 1;
}

const Op* nothing(Pe& pe, const Op* op) { return next(pe, op); }

const Op* clrex(Pe& pe, const Op* op) {
    ExclusiveMonitors::close(pe);
    return op + 1;
}

void bind(Op& op, u32 raw, Handler handler) {
    op.cls = OpClass::kBarrier;
    op.aux = static_cast<u8>(field(raw, 8, 4));
    op.fn = handler;
}

}  // namespace

void bind_DSB(Op& op, u32 raw, const DecodeContext&) {
    const u32 crm = field(raw, 8, 4);
    bind(op, raw, crm == 0 || crm == 4 ? &nothing : &dsb);  // SSBB, PSSBB: against speculation only
}
void bind_DMB(Op& op, u32 raw, const DecodeContext&) {
    const bool stores_only = field(raw, 8, 2) == static_cast<u32>(BarrierType::kStores);
    bind(op, raw, stores_only ? &nothing : &dmb);
}
void bind_ISB(Op& op, u32 raw, const DecodeContext&) {
    bind(op, raw, &isb);
    op.ends_block = true;
}
void bind_SB(Op& op, u32 raw, const DecodeContext&) { bind(op, raw, &nothing); }
void bind_CLREX(Op& op, u32 raw, const DecodeContext&) {
    bind(op, raw, &clrex);
    op.cls = OpClass::kSystem;
}

}  // namespace bbmsim::cpu
