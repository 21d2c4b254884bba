// SPDX-License-Identifier: Apache-2.0
// Hints: WFE, WFI, SEV, SEVL, and those without effect here.
#include "models/cpu/bind.hpp"
#include "models/cpu/exec/system.hpp"
#include "models/cpu/platform.hpp"

namespace bbmsim::cpu {

namespace {

const Op* nop(Pe& pe, const Op* op) { return next(pe, op); }

constexpr u32 kEcWfx = 0x01, kWfxCondition = 0x1e00000;  // CV=1, COND=always; TI in the low bits

bool wakes(const Pe& pe) { return (pe.irq_line && !(pe.ps.daif & 2)) || (pe.fiq_line && !(pe.ps.daif & 1)); }

const Op* wfe(Pe& pe, const Op* op) {
    if (pe.event_register) {
        pe.event_register = false;
        return op + 1;
    }
    if (pe.ps.el == 0 && !(pe.sys.sctlr & (1 << 18))) return sync_exception(pe, op, kEcWfx, kWfxCondition | 1);
    if (wakes(pe)) return op + 1;
    stamp(pe, op);
    if (impl_of(pe).domain.bus.wants(EventKind::kWfe)) emit(pe, {.kind = EventKind::kWfe});
    return leave_after(pe, op, Exit::kWfe);
}

const Op* wfi(Pe& pe, const Op* op) {
    if (pe.irq_line || pe.fiq_line) return op + 1;
    if (pe.ps.el == 0 && !(pe.sys.sctlr & (1 << 16))) return sync_exception(pe, op, kEcWfx, kWfxCondition);
    stamp(pe, op);
    if (impl_of(pe).domain.bus.wants(EventKind::kWfi)) emit(pe, {.kind = EventKind::kWfi});
    return leave_after(pe, op, Exit::kWfi);
}

const Op* sev(Pe& pe, const Op* op) {
    if (!pe.synced) return leave_for(pe, op, Exit::kSync);
    stamp(pe, op);
    pe.synced = false;
    impl_of(pe).platform.send_event(pe);
    if (impl_of(pe).domain.bus.wants(EventKind::kSev)) emit(pe, {.kind = EventKind::kSev});
    return op + 1;
}

const Op* sevl(Pe& pe, const Op* op) {
    pe.event_register = true;
    return op + 1;
}

void bind_nop(Op& op) {
    op.cls = OpClass::kAlu;
    op.fn = &nop;
}
void bind(Op& op, Handler handler, bool ends_block) {
    op.cls = OpClass::kSystem;
    op.ends_block = ends_block;
    op.fn = handler;
}

}  // namespace

void bind_NOP_HINT(Op& op, u32, const DecodeContext&) { bind_nop(op); }
void bind_YIELD(Op& op, u32, const DecodeContext&) { bind_nop(op); }
void bind_DGH(Op& op, u32, const DecodeContext&) { bind_nop(op); }
void bind_ESB(Op& op, u32, const DecodeContext&) { bind_nop(op); }
void bind_PSB(Op& op, u32, const DecodeContext&) { bind_nop(op); }
void bind_CSDB(Op& op, u32, const DecodeContext&) { bind_nop(op); }
void bind_WFE(Op& op, u32, const DecodeContext&) { bind(op, &wfe, true); }
void bind_WFI(Op& op, u32, const DecodeContext&) { bind(op, &wfi, true); }
void bind_SEV(Op& op, u32, const DecodeContext&) { bind(op, &sev, false); }
void bind_SEVL(Op& op, u32, const DecodeContext&) { bind(op, &sevl, false); }

}  // namespace bbmsim::cpu
