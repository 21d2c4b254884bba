// SPDX-License-Identifier: Apache-2.0
// System registers of one PE: the stored ones as plain fields, and the table of all that MRS/MSR reach.
//
// What exists, who may access it and where it is kept is declared in sysregs.inc, one line a register. ID registers
// are computed from the CoreConfig, never stored. Everything that the table does not name is UNDEFINED, but for the
// reserved encodings of the ID space (op0=3, op1=0, CRn=0, CRm=1..7), which read as zero.
//
// Leaves out: EL2/EL3 registers, AArch32 (its ID registers read zero), SVE/SME, MTE, RAS records, trace, statistical
// profiling. Breakpoint and watchpoint registers are storage without function.
#pragma once

#include "models/cpu/pmu.hpp"
#include "models/mmu/types.hpp"

#include <array>

namespace bbmsim::cpu {

struct CoreConfig;
struct Pe;

// Stored values. PSTATE lives in Pe::ps; the stack pointer in use lives in Pe::r[31], the others here.
struct SysRegs {
    u64 sctlr = 0, actlr = 0, cpacr = 0;
    u64 fpcr = 0, fpsr = 0;
    u64 ttbr0 = 0, ttbr1 = 0, tcr = 0, mair = 0, amair = 0, contextidr = 0;
    u64 esr = 0, far = 0, afsr0 = 0, afsr1 = 0, par = 0, vbar = 0, elr = 0, spsr = 0, disr = 0;
    u64 sp_el0 = 0, sp_el1 = 0;  // valid while the other one is in r[31]
    u64 tpidr_el0 = 0, tpidrro_el0 = 0, tpidr_el1 = 0;
    u64 apiakeylo = 0, apiakeyhi = 0, apibkeylo = 0, apibkeyhi = 0, apdakeylo = 0, apdakeyhi = 0;
    u64 apdbkeylo = 0, apdbkeyhi = 0, apgakeylo = 0, apgakeyhi = 0;
    // Generic timer. *_ctl keep ENABLE (bit 0) and IMASK (bit 1); ISTATUS is computed: counter >= *_cval.
    u64 cntkctl = 0, cntv_ctl = 0, cntv_cval = 0, cntp_ctl = 0, cntp_cval = 0;
    u64 cntfrq = 62'500'000;  // set by the board before reset(), which keeps it
    u64 mpidr = 0x80000000;   // likewise
    u64 csselr = 0, osdlr = 0, os_locked = 1, mdscr = 0, mdccint = 0, osdtrrx = 0, osdtrtx = 0, oseccr = 0;
    std::array<u64, 16> dbgbvr{}, dbgbcr{}, dbgwvr{}, dbgwcr{};
    u64 dbgclaim = 0;
    Pmu pmu;
    u64 lorsa = 0, lorea = 0, lorn = 0, lorc = 0;
};

}  // namespace bbmsim::cpu
