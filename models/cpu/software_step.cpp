// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/software_step.hpp"

#include "models/cpu/engine_impl.hpp"

namespace bbmsim::cpu {

namespace {

constexpr u64 kSs = 1;  // MDSCR_EL1
constexpr u32 kEcStep = 0x32;
constexpr u32 kIsv = u32{1} << 24, kEx = u32{1} << 6, kDebugException = 0x22;

bool exception_return_instruction(u32 raw) { return (raw & 0xfffff000) == 0xd69f0000; }
bool load_exclusive(u32 raw) { return (raw & 0x3fc00000) == 0x08400000 && !(raw >> 23 & 1); }

}  // namespace

bool step_enabled(const Pe& pe, u8 el, u8 daif) {
    return (pe.sys.mdscr & kSs) && SelfHostedDebug::exceptions_enabled(pe, el, daif);
}
bool step_enabled(const Pe& pe) { return step_enabled(pe, pe.ps.el, pe.ps.daif); }

void take_step_exception(Pe& pe) {
    pe.slow_pc = pe.pc;
    pe.update_now();
    const u32 iss = impl_of(pe).step_syndrome | kDebugException;
    impl_of(pe).step_syndrome = 0;
    take_exception(pe, Vector::kSync, pe.pc, make_esr(kEcStep + (pe.ps.el == 1), iss));
}

SingleBlock single(const Block& block) {
    SingleBlock one;
    one.block.pa = block.pa;
    one.block.count = 1;
    one.block.first_raw = block.first_raw;
    const u32 first = block.ops()[0].fn == &probe_check ? 1 : 0;
    one.block.cycles = block.count == 1 ? block.cycles : block.ops()[first + 1].cycles_before;
    for (u32 i = 0; i <= first; ++i) one.ops[i] = block.ops()[i];
    one.ops[first + 1] = {.fn = &end_of_block, .index = 1, .cycles_before = one.block.cycles, .ends_block = true};
    one.block.op_count = first + 2;
    return one;
}

void stepped(Pe& pe, u32 raw, u64 exceptions_before) {
    if (pe.exit != Exit::kNone && pe.pc == pe.block_pc) {  // it will be executed again
        pe.ps.ss = true;
        return;
    }
    if (pe.exceptions != exceptions_before) return;  // SPSR_EL1 has what PSTATE.SS was
    if (exception_return_instruction(raw)) return;   // it has set PSTATE.SS
    impl_of(pe).step_syndrome = kIsv | (load_exclusive(raw) ? kEx : 0);
    pe.ps.ss = false;
}

}  // namespace bbmsim::cpu
