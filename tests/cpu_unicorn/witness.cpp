// SPDX-License-Identifier: Apache-2.0
#include "tests/cpu_unicorn/witness.hpp"

#include <cstring>
#include <stdexcept>

namespace bbmsim::difftest {
namespace {

constexpr int kMaxModel = 3;  // UC_CPU_ARM64_MAX, absent from some headers

void check(uc_err e, const char* what) {
    if (e != UC_ERR_OK) throw std::runtime_error(std::string(what) + ": " + uc_strerror(e));
}

struct Registers {
    int ids[34];
    Registers() {
        for (int i = 0; i < 29; ++i) ids[i] = UC_ARM64_REG_X0 + i;
        ids[29] = UC_ARM64_REG_X29;
        ids[30] = UC_ARM64_REG_X30;
        ids[31] = UC_ARM64_REG_SP;
        ids[32] = UC_ARM64_REG_NZCV;
        ids[33] = UC_ARM64_REG_PC;
    }
};
Registers registers;

}  // namespace

Witness::Witness() {
    base_ = memory_.data() + (-reinterpret_cast<std::uintptr_t>(memory_.data()) & 0xfff);
    check(uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &uc_), "uc_open");
    check(uc_ctl_set_cpu_model(uc_, kMaxModel), "MAX model");
    u64 cpacr = u64{3} << 20;
    check(uc_reg_write(uc_, UC_ARM64_REG_CPACR_EL1, &cpacr), "CPACR_EL1");
    check(uc_mem_map_ptr(uc_, kRamBase, kRamBytes, UC_PROT_ALL, base_), "uc_mem_map_ptr");
}
Witness::~Witness() { uc_close(uc_); }

void Witness::write_code(u64 pa, const u32* words, unsigned count) {
    std::memcpy(base_ + (pa - kRamBase), words, 4 * count);
}
void Witness::forget_code() {
    check(uc_ctl_remove_cache(uc_, kCodeBase, kCodeBase + kCodeBytes), "uc_ctl_remove_cache");
}

void Witness::write_system(u32 op0, u32 op1, u32 crn, u32 crm, u32 op2, u64 value) {
    uc_arm64_cp_reg reg{crn, crm, op0, op1, op2, value};
    check(uc_reg_write(uc_, UC_ARM64_REG_CP_REG, &reg), "system register");
}

void Witness::set_keys(const Keys& keys, u64 tcr_bits) {
    write_system(3, 6, 1, 1, 0, 1 | u64{1} << 10 | u64{3} << 16);             // SCR_EL3: NS, RW, APK, API
    write_system(3, 4, 1, 1, 0, u64{1} << 41 | u64{1} << 40 | u64{1} << 31);  // HCR_EL2: API, APK, RW: no trap of PAC
    for (u32 i = 0; i < 10; ++i) {
        static constexpr u32 kCrm[5] = {1, 1, 2, 2, 3}, kFirst[5] = {0, 2, 0, 2, 0};
        write_system(3, 0, 2, kCrm[i / 2], kFirst[i / 2] + i % 2, keys.value[i]);
    }
    write_system(3, 0, 2, 0, 2, 25 | u64{25} << 16 | u64{2} << 30 | tcr_bits);
    // SCTLR_EL1 by an executed MSR: only that makes Unicorn look at the enable bits again.
    const u32 msr[] = {0xd5181000, 0xd5033fdf};  // MSR SCTLR_EL1, X0; ISB
    u64 sctlr = 0x30d00800 | u64{1} << 31 | u64{1} << 30 | u64{1} << 27 | u64{1} << 13;
    write_code(kCodeBase - 0x1000, msr, 2);
    uc_reg_write(uc_, UC_ARM64_REG_X0, &sctlr);
    check(uc_emu_start(uc_, kCodeBase - 0x1000, kCodeBase - 0xff8, 0, 2), "MSR SCTLR_EL1");
}

bool Witness::run(const State& start, u64 end, State& out, std::string& why) {
    u64 nzcv = start.nzcv, sp = start.sp, pc = start.pc;
    for (int i = 0; i < 31; ++i) {
        u64 v = start.x[static_cast<unsigned>(i)];
        uc_reg_write(uc_, registers.ids[i], &v);
    }
    for (int i = 0; i < 32; ++i) {
        cpu::VReg v = start.v[static_cast<unsigned>(i)];
        uc_reg_write(uc_, UC_ARM64_REG_Q0 + i, &v);
    }
    u64 fpcr = start.fpcr, fpsr = start.fpsr;
    uc_reg_write(uc_, UC_ARM64_REG_FPCR, &fpcr);
    uc_reg_write(uc_, UC_ARM64_REG_FPSR, &fpsr);
    uc_reg_write(uc_, UC_ARM64_REG_SP, &sp);
    uc_reg_write(uc_, UC_ARM64_REG_NZCV, &nzcv);
    const uc_err e = uc_emu_start(uc_, pc, end, 0, 1000);
    for (int i = 0; i < 31; ++i) uc_reg_read(uc_, registers.ids[i], &out.x[static_cast<unsigned>(i)]);
    for (int i = 0; i < 32; ++i) uc_reg_read(uc_, UC_ARM64_REG_Q0 + i, &out.v[static_cast<unsigned>(i)]);
    fpsr = 0;
    uc_reg_read(uc_, UC_ARM64_REG_FPSR, &fpsr);
    out.fpsr = static_cast<u32>(fpsr);
    uc_reg_read(uc_, UC_ARM64_REG_SP, &out.sp);
    uc_reg_read(uc_, UC_ARM64_REG_PC, &out.pc);
    nzcv = 0;
    uc_reg_read(uc_, UC_ARM64_REG_NZCV, &nzcv);
    out.nzcv = static_cast<u32>(nzcv) & 0xf0000000;
    if (e == UC_ERR_OK) return true;
    why = uc_strerror(e);
    return false;
}

}  // namespace bbmsim::difftest
