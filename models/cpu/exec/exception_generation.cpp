// SPDX-License-Identifier: Apache-2.0
// SVC, HVC, SMC, BRK, HLT, DCPSn, UDF, ERET and its authenticated forms, DRPS.
//
// HVC is the machine's conduit (PSCI, SMCCC, guest markers) although no EL2 is modelled; SMC is UNDEFINED, as on a PE
// without EL3. HLT, DCPSn and DRPS belong to halting debug, which is never enabled: UNDEFINED.
#include "models/cpu/bind.hpp"
#include "models/cpu/exec/branches.hpp"
#include "models/cpu/exec/pauth.hpp"
#include "models/cpu/exec/system.hpp"
#include "models/cpu/platform.hpp"

namespace bbmsim::cpu {

namespace {

constexpr u32 kEcSvc = 0x15, kEcBrk = 0x3c;

const Op* svc(Pe& pe, const Op* op) { return call_exception(pe, op, kEcSvc, static_cast<u32>(op->imm)); }
const Op* brk(Pe& pe, const Op* op) { return sync_exception(pe, op, kEcBrk, static_cast<u32>(op->imm)); }

const Op* hvc(Pe& pe, const Op* op) {
    if (pe.ps.el == 0) return undefined(pe, op);
    if (!pe.synced) return leave_for(pe, op, Exit::kSync);
    stamp(pe, op);
    pe.pc = pe.pc_of(op) + 4;
    impl_of(pe).platform.hypercall(pe, false, static_cast<u16>(op->imm));
    pe.synced = false;
    pe.attend();  // it may have stopped or powered off this PE
    return nullptr;
}

const Op* eret(Pe& pe, const Op* op) {
    if (pe.ps.el == 0) return undefined(pe, op);
    return exception_return(pe, op, pe.sys.elr);
}

template <PacKey key>
const Op* eret_authenticated(Pe& pe, const Op* op) {
    if (pe.ps.el == 0) return undefined(pe, op);
    return exception_return(pe, op, pac_authenticate(pe, pe.sys.elr, pe.r[kRegSp], key));
}

void bind(Op& op, u32 raw, Handler handler) {
    op.cls = OpClass::kException;
    op.imm = field(raw, 5, 16);
    op.ends_block = true;
    op.fn = handler;
}

}  // namespace

void bind_SVC(Op& op, u32 raw, const DecodeContext&) { bind(op, raw, &svc); }
void bind_HVC(Op& op, u32 raw, const DecodeContext&) { bind(op, raw, &hvc); }
void bind_BRK(Op& op, u32 raw, const DecodeContext&) { bind(op, raw, &brk); }
void bind_SMC(Op& op, u32 raw, const DecodeContext&) { bind(op, raw, &undefined); }
void bind_HLT(Op& op, u32 raw, const DecodeContext&) { bind(op, raw, &undefined); }
void bind_DCPS1(Op& op, u32 raw, const DecodeContext&) { bind(op, raw, &undefined); }
void bind_DCPS2(Op& op, u32 raw, const DecodeContext&) { bind(op, raw, &undefined); }
void bind_DCPS3(Op& op, u32 raw, const DecodeContext&) { bind(op, raw, &undefined); }
void bind_DRPS(Op& op, u32 raw, const DecodeContext&) { bind(op, raw, &undefined); }
void bind_UDF(Op& op, u32 raw, const DecodeContext&) { bind(op, raw, &undefined); }
void bind_ERET(Op& op, u32 raw, const DecodeContext&) { bind(op, raw, &eret); }
void bind_ERETAA(Op& op, u32 raw, const DecodeContext&) { bind(op, raw, &eret_authenticated<PacKey::kIa>); }
void bind_ERETAB(Op& op, u32 raw, const DecodeContext&) { bind(op, raw, &eret_authenticated<PacKey::kIb>); }

}  // namespace bbmsim::cpu
