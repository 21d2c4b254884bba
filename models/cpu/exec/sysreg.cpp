// SPDX-License-Identifier: Apache-2.0
// MRS, MSR (register), MSR (immediate): access rules by the table of sysregs.inc, traps of EL0 to EL1 with EC 0x18.
#include "models/cpu/bind.hpp"
#include "models/cpu/engine_impl.hpp"
#include "models/cpu/exec/fp_simd.hpp"
#include "models/cpu/exec/system.hpp"
#include "models/cpu/platform.hpp"
#include "models/cpu/system_registers.hpp"

namespace bbmsim::cpu {

namespace {

// The table's line, put into the operand by bind: static storage, good for as long as the program.
const SystemRegister& info_of(const Op* op) {
    return *reinterpret_cast<const SystemRegister*>(op->imm);  // NOLINT(performance-no-int-to-ptr)
}

// True: go on. False: the exception is taken.
bool may_access(Pe& pe, const Op* op, const SystemRegister& info, bool write) {
    const u8 need = write ? kWritable : kReadable;
    const u8 rights = pe.ps.el == 1 ? info.el1 : info.el0;
    if (!(rights & need)) return undefined(pe, op), false;
    if (pe.ps.el == 0 && info.trap && info.trap(pe, write)) return trap_to_el1(pe, op), false;
    return true;
}

bool wait_for_board(Pe& pe, const Op* op) {
    if (pe.synced) return false;
    leave_for(pe, op, Exit::kSync);
    return true;
}

const Op* mrs_stored(Pe& pe, const Op* op) {
    const SystemRegister& info = info_of(op);
    if (!may_access(pe, op, info, false)) return nullptr;
    pe.r[op->rd] = pe.sys.*info.stored;
    return next(pe, op);
}

// FPCR and FPSR are under CPACR_EL1.FPEN, at both ELs.
const Op* mrs_fp(Pe& pe, const Op* op) { return fp_disabled(pe) ? fp_trap(pe, op) : mrs_stored(pe, op); }

const Op* mrs_bank(Pe& pe, const Op* op) {
    const SystemRegister& info = info_of(op);
    if (!may_access(pe, op, info, false)) return nullptr;
    pe.r[op->rd] = (pe.sys.*info.bank)[op->aux];
    return op + 1;
}

const Op* mrs_handled(Pe& pe, const Op* op) {
    const SystemRegister& info = info_of(op);
    if (!may_access(pe, op, info, false)) return nullptr;
    pe.r[op->rd] = info.read(pe);
    return op + 1;
}

const Op* mrs_gic(Pe& pe, const Op* op) {
    const SystemRegister& info = info_of(op);
    if (!may_access(pe, op, info, false) || wait_for_board(pe, op)) return nullptr;
    u64 value = 0;
    pe.slow_pc = pe.pc_of(op);
    pe.update_now();
    const bool known = impl_of(pe).platform.icc_read(pe, info.id, value);
    pe.synced = false;
    if (!known) return undefined(pe, op);
    pe.r[op->rd] = value;
    return op + 1;
}

const Op* mrs_zero(Pe& pe, const Op* op) {  // reserved ID registers
    if (pe.ps.el == 0) return undefined(pe, op);
    pe.r[op->rd] = 0;
    return op + 1;
}

const Op* mrs_sp_el0(Pe& pe, const Op* op) {
    if (pe.ps.el == 0 || !pe.ps.spsel) return undefined(pe, op);
    pe.r[op->rd] = pe.sys.sp_el0;
    return next(pe, op);
}

const Op* msr_sp_el0(Pe& pe, const Op* op) {
    if (pe.ps.el == 0 || !pe.ps.spsel) return undefined(pe, op);
    pe.sys.sp_el0 = pe.r[op->rd];
    return op + 1;
}

const Op* msr_stored(Pe& pe, const Op* op) {
    const SystemRegister& info = info_of(op);
    if (!may_access(pe, op, info, true)) return nullptr;
    u64& field = pe.sys.*info.stored;
    field = (field & ~info.writable) | (pe.r[op->rd] & info.writable);
    return op + 1;  // msr_fp() has something to do behind it
}

const Op* msr_fp(Pe& pe, const Op* op) {
    if (fp_disabled(pe)) return fp_trap(pe, op);
    const Op* next = msr_stored(pe, op);
    if (!impl_of(pe).config.features.fp16) pe.sys.fpcr &= ~(u64{1} << 19);  // FZ16
    return next;
}

const Op* msr_bank(Pe& pe, const Op* op) {
    const SystemRegister& info = info_of(op);
    if (!may_access(pe, op, info, true)) return nullptr;
    (pe.sys.*info.bank)[op->aux] = pe.r[op->rd] & info.writable;
    return op + 1;
}

const Op* msr_handled(Pe& pe, const Op* op) {
    const SystemRegister& info = info_of(op);
    if (!may_access(pe, op, info, true)) return nullptr;
    info.write(pe, pe.r[op->rd]);
    return op + 1;
}

const Op* msr_timer(Pe& pe, const Op* op) {
    const SystemRegister& info = info_of(op);
    if (!may_access(pe, op, info, true) || wait_for_board(pe, op)) return nullptr;
    pe.slow_pc = pe.pc_of(op);
    info.write(pe, pe.r[op->rd]);
    pe.update_now();
    impl_of(pe).platform.timer_written(pe);
    pe.synced = false;
    return op + 1;
}

const Op* msr_gic(Pe& pe, const Op* op) {
    const SystemRegister& info = info_of(op);
    if (!may_access(pe, op, info, true) || wait_for_board(pe, op)) return nullptr;
    pe.slow_pc = pe.pc_of(op);
    pe.update_now();
    const bool known = impl_of(pe).platform.icc_write(pe, info.id, pe.r[op->rd]);
    pe.synced = false;
    return known ? op + 1 : undefined(pe, op);
}

u32 id_of(u32 raw) {
    return Engine::sysreg_id(2 + bit(raw, 19), field(raw, 16, 3), field(raw, 12, 4), field(raw, 8, 4),
                             field(raw, 5, 3));
}

constexpr u32 kSpEl0 = 3 << 14 | 0 << 11 | 4 << 7 | 1 << 3 | 0;

// Null: no such register on this core.
const SystemRegister* bind_register(Op& op, u32 raw, const DecodeContext& context) {
    op.cls = OpClass::kSystem;
    const SystemRegister* info = find_system_register(id_of(raw));
    if (!info || (info->feature && !(context.features.*info->feature))) return nullptr;
    op.imm = reinterpret_cast<u64>(info);
    op.aux = static_cast<u8>(field(raw, 8, 4));
    return info;
}

template <bool set>
const Op* daif_imm(Pe& pe, const Op* op) {
    if (pe.ps.el == 0 && !(pe.sys.sctlr & (1 << 9))) return trap_to_el1(pe, op);  // UMA
    pe.ps.daif = set ? pe.ps.daif | op->aux : pe.ps.daif & static_cast<u8>(~op->aux);
    if (pe.sys.mdscr & 1) pe.attend();  // D may let a software step in
    return op + 1;
}
const Op* pan_imm(Pe& pe, const Op* op) {
    if (pe.ps.el == 0) return undefined(pe, op);
    set_pan(pe, op->aux & 1);
    return op + 1;
}
const Op* uao_imm(Pe& pe, const Op* op) {
    if (pe.ps.el == 0) return undefined(pe, op);
    pe.ps.uao = op->aux & 1;
    update_banks(pe);
    return op + 1;
}
const Op* spsel_imm(Pe& pe, const Op* op) {
    if (pe.ps.el == 0) return undefined(pe, op);
    select_stack(pe, pe.ps.el, op->aux & 1);
    return op + 1;
}
const Op* ssbs_imm(Pe& pe, const Op* op) {
    pe.ps.ssbs = op->aux & 1;
    return op + 1;
}
const Op* dit_imm(Pe& pe, const Op* op) {
    pe.ps.dit = op->aux & 1;
    return op + 1;
}

}  // namespace

void bind_MRS(Op& op, u32 raw, const DecodeContext& context) {
    op.rd = destination(raw, 0);
    const SystemRegister* info = bind_register(op, raw, context);
    op.ends_block = info && info->feature == &FeatureConfig::pmu;  // counters are exact at the end of a block
    if (!info) {
        if (reserved_id_space(id_of(raw))) op.fn = &mrs_zero;
        return;
    }
    if (info->id == kSpEl0)
        op.fn = &mrs_sp_el0;
    else if (info->flags & kGic)
        op.fn = &mrs_gic;
    else if (info->stored)
        op.fn = info->feature == &FeatureConfig::fp ? &mrs_fp : &mrs_stored;
    else if (info->bank)
        op.fn = &mrs_bank;
    else
        op.fn = &mrs_handled;
}

void bind_MSR_reg(Op& op, u32 raw, const DecodeContext& context) {
    op.rd = source(raw, 0);
    const SystemRegister* info = bind_register(op, raw, context);
    if (!info) return;
    op.ends_block = info->flags & kEndsBlock;
    if (!((info->el0 | info->el1) & kWritable))
        op.fn = nullptr;
    else if (info->id == kSpEl0)
        op.fn = &msr_sp_el0;
    else if (info->flags & kGic)
        op.fn = &msr_gic;
    else if (info->flags & kTimer)
        op.fn = &msr_timer;
    else if (info->stored)
        op.fn = info->feature == &FeatureConfig::fp ? &msr_fp : &msr_stored;
    else if (info->bank)
        op.fn = &msr_bank;
    else
        op.fn = &msr_handled;
}

void bind_MSR_imm(Op& op, u32 raw, const DecodeContext&) {
    op.cls = OpClass::kSystem;
    op.aux = static_cast<u8>(field(raw, 8, 4));
    switch (field(raw, 16, 3) << 3 | field(raw, 5, 3)) {
        case 003: op.fn = &uao_imm; break;
        case 004: op.fn = &pan_imm; break;
        case 005: op.fn = &spsel_imm; break;
        case 031: op.fn = &ssbs_imm; break;
        case 032: op.fn = &dit_imm; break;
        case 036: op.fn = &daif_imm<true>; break;
        case 037:
            op.fn = &daif_imm<false>;
            op.ends_block = true;
            break;
        default: break;
    }
}

}  // namespace bbmsim::cpu
