// SPDX-License-Identifier: Apache-2.0
// System registers and PSTATE as the host and a debugger read and write them.
#include "models/cpu/engine_impl.hpp"
#include "models/cpu/platform.hpp"
#include "models/cpu/system_registers.hpp"

namespace bbmsim::cpu {

namespace {

// Reading them acknowledges an interrupt.
constexpr u32 kIar0 = Engine::sysreg_id(3, 0, 12, 8, 0), kIar1 = Engine::sysreg_id(3, 0, 12, 12, 0);
constexpr u32 kSpEl0 = Engine::sysreg_id(3, 0, 4, 1, 0);

}  // namespace

u64 Engine::read_sysreg(u32 encoding) const {
    Pe& pe = impl_->pe;
    const SystemRegister* r = find_system_register(encoding);
    if (!r || !(r->flags & kGic)) {
        // Counters look at the time and bring themselves up to date.
        const u64 now_ps = pe.now_ps;
        const SysRegs before = pe.sys;
        const u64 value = peek_system_register(pe, encoding);
        pe.sys = before;
        pe.now_ps = now_ps;
        return value;
    }
    u64 value = 0;
    const bool harmless = (r->el1 & kReadable) && encoding != kIar0 && encoding != kIar1;
    return harmless && impl_->platform.icc_read(pe, encoding, value) ? value : 0;
}

bool Engine::write_sysreg(u32 encoding, u64 value) {
    Pe& pe = impl_->pe;
    const SystemRegister* r = find_system_register(encoding);
    if (!r || !(r->el1 & kWritable) || (r->feature && !(impl_->config.features.*r->feature))) return false;
    if (r->flags & kGic) return impl_->platform.icc_write(pe, encoding, value);
    if (encoding == kSpEl0)
        (pe.ps.el == 1 && pe.ps.spsel ? pe.sys.sp_el0 : pe.r[kRegSp]) = value;
    else if (r->stored)
        pe.sys.*r->stored = (pe.sys.*r->stored & ~r->writable) | (value & r->writable);
    else if (r->bank)
        (pe.sys.*r->bank)[(encoding >> 3) & 15] = value & r->writable;
    else
        r->write(pe, value);
    if (r->flags & kTimer) impl_->platform.timer_written(pe);
    pe.attend();
    context_sync(pe);
    return true;
}

u64 Engine::read_pstate() const { return pack_spsr(impl_->pe); }

void Engine::write_pstate(u64 spsr) {
    Pe& pe = impl_->pe;
    const FeatureConfig& has = impl_->config.features;
    const auto bit = [spsr](unsigned n) { return (spsr >> n) & 1; };
    const unsigned mode = spsr & 0x1f;
    if (mode == 0 || mode == 4 || mode == 5) select_stack(pe, mode == 0 ? 0 : 1, mode & 1);
    pe.ps.nzcv = static_cast<u32>(spsr & 0xf0000000);
    pe.ps.daif = (spsr >> 6) & 0xf;
    pe.ps.il = bit(20);
    pe.ps.btype = has.bti ? (spsr >> 10) & 3 : 0;
    pe.ps.ssbs = has.ssbs && bit(12);
    pe.ps.dit = has.dit && bit(24);
    pe.ps.uao = has.uao && bit(23);
    set_pan(pe, has.pan && bit(22));
    update_banks(pe);
    pe.attend();
}

}  // namespace bbmsim::cpu
