// SPDX-License-Identifier: Apache-2.0
// Exception entry to EL1, exception return, and the exceptions that handlers ask for (DDI 0487 D1.3).
//
// Models: synchronous exceptions, IRQ, FIQ, software step, breakpoints and watchpoints, all taken to EL1. Leaves out:
// SError, EL2/EL3 and AArch32.
#include "models/cpu/engine_impl.hpp"
#include "models/cpu/exec/fp_simd.hpp"
#include "models/cpu/software_step.hpp"
#include "models/mmu/checker/bbm_checker.hpp"

namespace bbmsim::cpu {

namespace {
constexpr u64 kSctlrSpan = u64{1} << 23, kSctlrDssbs = u64{1} << 44;
constexpr u32 kEcUnknown = 0, kEcFp = 0x07, kEcInstructionAbort = 0x20, kEcPcAlignment = 0x22, kEcDataAbort = 0x24,
              kEcSpAlignment = 0x26;
constexpr u32 same_el(const Pe& pe) { return pe.ps.el == 1 ? 1 : 0; }

void now_at(Pe& pe, u64 pc) {
    pe.slow_pc = pc;
    pe.update_now();
}
}  // namespace

u64 pack_spsr(const Pe& pe) {
    const PState& s = pe.ps;
    return u64{s.nzcv} | u64{s.dit} << 24 | u64{s.uao} << 23 | u64{s.pan} << 22 | u64{s.ss} << 21 | u64{s.il} << 20 |
           u64{s.ssbs} << 12 | u64{s.btype} << 10 | u64{s.daif} << 6 | (s.el == 1 ? 4u | s.spsel : 0u);
}

void take_exception(Pe& pe, Vector vector, u64 return_pc, u64 esr, const u64* far) {
    Engine::Impl& impl = impl_of(pe);
    if (pe.sys.pmu.by_el) pmu_update(pe);
    const u64 base = pe.ps.el == 0 ? 0x400 : pe.ps.spsel ? 0x200 : 0;
    pe.sys.spsr = pack_spsr(pe);
    pe.sys.elr = return_pc;
    if (vector == Vector::kSync) pe.sys.esr = esr;
    if (far) pe.sys.far = *far;
    select_stack(pe, 1, true);
    if (impl.config.features.pan && !(pe.sys.sctlr & kSctlrSpan)) set_pan(pe, true);
    pe.ps.daif = 0xf;
    pe.ps.uao = false;
    pe.ps.ssbs = impl.config.features.ssbs && (pe.sys.sctlr & kSctlrDssbs);
    pe.ps.btype = 0;
    pe.ps.il = pe.ps.ss = false;
    update_banks(pe);
    impl.drop_pending();
    pe.pc = pe.sys.vbar + base + static_cast<u64>(vector);
    pe.charge(Cost::kExecution, impl.exception_cycles);
    ++pe.exceptions;
    pe.abort_loop = pe.instructions == pe.instructions_at_exception ? pe.abort_loop + 1 : 0;
    pe.instructions_at_exception = pe.instructions;
    if (impl.domain.bus.wants(EventKind::kException))
        emit(pe, {.kind = EventKind::kException,
                  .sub = static_cast<u8>(static_cast<u16>(vector) >> 7),
                  .va = far ? *far : 0,
                  .a = vector == Vector::kSync ? esr : 0,
                  .b = pe.pc});
    context_sync(pe);
}

bool take_interrupt(Pe& pe) {
    const bool fiq = pe.fiq_line && !(pe.ps.daif & 1);
    const bool irq = pe.irq_line && !(pe.ps.daif & 2);
    if (!fiq && !irq) return false;
    now_at(pe, pe.pc);
    ++pe.interrupts;
    take_exception(pe, fiq ? Vector::kFiq : Vector::kIrq, pe.pc, 0);
    if (auto* checker = impl_of(pe).domain.checker) checker->on_acquire(pe.id);
    return true;
}

const Op* sync_exception(Pe& pe, const Op* op, u32 ec, u32 iss, const u64* far) {
    const u64 pc = pe.pc_of(op);
    if (op->index == 0) pe.ps.btype = pe.entry_btype;
    retire_until(pe, op, false);
    now_at(pe, pc);
    take_exception(pe, Vector::kSync, pc, make_esr(ec, iss), far);
    return nullptr;
}

const Op* call_exception(Pe& pe, const Op* op, u32 ec, u32 iss) {
    const u64 pc = pe.pc_of(op);
    retire_until(pe, op, true);
    now_at(pe, pc);
    take_exception(pe, Vector::kSync, pc + 4, make_esr(ec, iss));
    return nullptr;
}

const Op* undefined(Pe& pe, const Op* op) { return sync_exception(pe, op, kEcUnknown, 0); }

const Op* unmodelled_fp(Pe& pe, const Op* op) {
    if (pe.unmodelled_fp++ == 0) pe.unmodelled_fp_pc = pe.pc_of(op);
    return undefined(pe, op);
}

const Op* fp_trap(Pe& pe, const Op* op) { return sync_exception(pe, op, kEcFp, 0x1e00000); }  // CV=1, COND=0xe

void data_abort(Pe& pe, const Op* op, u64 va, u8 fsc, bool write, bool maintenance) {
    const u32 iss = u32{fsc} | u32{write} << 6 | u32{maintenance} << 8;
    sync_exception(pe, op, kEcDataAbort + same_el(pe), iss, &va);
}

void instruction_abort(Pe& pe, u64 va, u8 fsc) {
    now_at(pe, va);
    take_exception(pe, Vector::kSync, va, make_esr(kEcInstructionAbort + same_el(pe), fsc), &va);
}

const Op* alignment_fault(Pe& pe, const Op* op, u64 va, bool write) {
    data_abort(pe, op, va, 0x21, write);
    return nullptr;
}

// A branch to a misaligned address completes; the exception is its target's. Also called at block entry.
const Op* pc_alignment_fault(Pe& pe, u64 target) {
    now_at(pe, target);
    take_exception(pe, Vector::kSync, target, make_esr(kEcPcAlignment, 0), &target);
    return nullptr;
}

const Op* sp_alignment_fault(Pe& pe, const Op* op) { return sync_exception(pe, op, kEcSpAlignment, 0); }

// ERET. An illegal return keeps EL, SP and the rest of PSTATE and sets IL (D1.3.4): the target takes EC 0x0E.
const Op* exception_return(Pe& pe, const Op* op, u64 target) {
    Engine::Impl& impl = impl_of(pe);
    const FeatureConfig& has = impl.config.features;
    const u64 pc = pe.pc_of(op);
    const u64 spsr = pe.sys.spsr;
    const unsigned mode = spsr & 0x1f;
    const bool legal = mode == 0 || mode == 4 || mode == 5;
    retire_until(pe, op, true);
    now_at(pe, pc);
    if (pe.sys.pmu.by_el) pmu_update(pe);
    const u8 daif = (spsr >> 6) & 0xf;
    const bool step = legal && !step_enabled(pe) && step_enabled(pe, mode == 0 ? 0 : 1, daif);
    pe.ps.ss = step && ((spsr >> 21) & 1);
    if (legal) {
        select_stack(pe, mode == 0 ? 0 : 1, mode & 1);
        pe.ps.ssbs = has.ssbs && ((spsr >> 12) & 1);
        pe.ps.btype = has.bti ? (spsr >> 10) & 3 : 0;
        pe.ps.uao = has.uao && ((spsr >> 23) & 1);
        pe.ps.dit = has.dit && ((spsr >> 24) & 1);
    }
    pe.ps.nzcv = static_cast<u32>(spsr & 0xf0000000);
    pe.ps.daif = daif;
    pe.ps.il = !legal || ((spsr >> 20) & 1);
    set_pan(pe, has.pan && ((spsr >> 22) & 1));
    update_banks(pe);
    ExclusiveMonitors::close(pe);
    pe.pc = target;
    pe.attend();
    pe.charge(Cost::kExecution, impl.exception_cycles);
    if (impl.domain.bus.wants(EventKind::kExceptionReturn))
        emit(pe, {.kind = EventKind::kExceptionReturn, .a = target, .b = spsr});
    context_sync(pe);
    return nullptr;
}

}  // namespace bbmsim::cpu
