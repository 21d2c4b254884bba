// SPDX-License-Identifier: Apache-2.0
// The table of system registers: look-up by encoding, access rules, reading and writing.
#pragma once

#include "models/cpu/core_config.hpp"
#include "models/cpu/pe.hpp"
#include "models/cpu/sysregs.hpp"

#include <array>
#include <optional>
#include <span>
#include <string_view>

namespace bbmsim::cpu {

enum Rights : u8 { kNoAccess = 0, kReadable = 1, kWritable = 2 };
enum SystemRegisterFlag : u8 {
    kBoardTime = 1,  // reads and writes execute at board time
    kTimer = 2,      // writes execute at board time and are told to the platform
    kEndsBlock = 4,
    kGic = 8,
};

struct SystemRegister {
    const char* name;
    u32 id;       // Engine::sysreg_id
    u8 el0, el1;  // Rights
    u8 flags;
    bool FeatureConfig::*feature;            // null: always there
    bool (*trap)(const Pe& pe, bool write);  // of EL0 to EL1; null: never
    u64 SysRegs::*stored;                    // null: handlers
    std::array<u64, 16> SysRegs::*bank;      // one of several; null otherwise
    u64 writable;
    u64 reset;
    u64 (*read)(Pe& pe);
    void (*write)(Pe& pe, u64 value);
};

std::span<const SystemRegister> system_registers();
const SystemRegister* find_system_register(u32 id);              // null: none of that encoding
std::optional<u32> find_system_register(std::string_view name);  // its encoding; upper or lower case
constexpr bool reserved_id_space(u32 id) {                       // op0=3 op1=0 CRn=0 CRm=1..7: reads as zero
    return (id >> 7) == (3u << 7) && ((id >> 3) & 15) >= 1 && ((id >> 3) & 15) <= 7;
}

void reset_system_registers(Pe& pe);
u64 peek_system_register(Pe& pe, u32 id);  // for the host: no side effect, 0 for what does not exist

// ID registers, from configuration alone (id_registers.cpp)
u64 id_pfr0(const CoreConfig& c);
u64 id_pfr1(const CoreConfig& c);
u64 id_dfr0(const CoreConfig& c);
u64 id_isar0(const CoreConfig& c);
u64 id_isar1(const CoreConfig& c);
u64 id_mmfr0(const CoreConfig& c);
u64 id_mmfr1(const CoreConfig& c);
u64 id_mmfr2(const CoreConfig& c);
u64 id_ctr(const CoreConfig& c);
u64 id_clidr(const CoreConfig& c);
u64 id_ccsidr(const CoreConfig& c, u64 csselr);

}  // namespace bbmsim::cpu
