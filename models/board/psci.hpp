// SPDX-License-Identifier: Apache-2.0
// PSCI 1.1 over SMCCC 1.1, as data: a call gives the result for X0 and what the machine has to do about it.
//
// Models: VERSION, CPU_SUSPEND (the core alone: standby, power-down), CPU_OFF, CPU_ON, AFFINITY_INFO (level 0),
// MIGRATE_INFO_TYPE, SYSTEM_OFF, SYSTEM_RESET, SYSTEM_RESET2 (warm reset), PSCI_FEATURES, SMCCC_VERSION,
// SMCCC_ARCH_FEATURES; SMC32 and SMC64 forms. Leaves out: the optional functions, which answer NOT_SUPPORTED as the
// specification has it. Source: Arm DEN0022D (PSCI), DEN0028 (SMCCC).
#pragma once

#include "models/mmu/types.hpp"

#include <array>

namespace bbmsim {
class Archive;
}

namespace bbmsim::board {

namespace psci {
inline constexpr u32 kVersion = 0x8400'0000, kCpuSuspend32 = 0x8400'0001, kCpuOff = 0x8400'0002, kCpuOn32 = 0x8400'0003,
                     kAffinityInfo32 = 0x8400'0004, kMigrateInfoType = 0x8400'0006, kSystemOff = 0x8400'0008,
                     kSystemReset = 0x8400'0009, kFeatures = 0x8400'000A, kSystemReset2_32 = 0x8400'0012,
                     kCpuSuspend64 = 0xC400'0001, kCpuOn64 = 0xC400'0003, kAffinityInfo64 = 0xC400'0004,
                     kSystemReset2_64 = 0xC400'0012, kSmcccVersion = 0x8000'0000, kSmcccArchFeatures = 0x8000'0001;

enum Result : i64 {
    kSuccess = 0,
    kNotSupported = -1,
    kInvalidParameters = -2,
    kDenied = -3,
    kAlreadyOn = -4,
    kOnPending = -5,
    kInvalidAddress = -9,
};
}  // namespace psci

// State of a PE; the values are AFFINITY_INFO's answers.
enum class PowerState : u8 { kOn = 0, kOff = 1, kOnPending = 2 };

struct PsciAction {
    enum class Kind : u8 { kNone, kPowerOn, kPowerOff, kSuspend, kSuspendDown, kSystemOff, kSystemReset, kWarmReset };
    Kind kind = Kind::kNone;
    // kSuspendDown: the calling PE loses its state, and starts at `entry` with context_id in X0 at the next interrupt.
    // kPowerOn: the PE starts at `entry` (EL1, MMU off) with context_id in X0, then the machine calls Psci::arrived().
    PeId target = kNoPe;
    u64 entry = 0;
    u64 context_id = 0;
};

struct PsciReply {
    bool known = false;  // false: no PSCI or SMCCC function; x0 is NOT_SUPPORTED, for the machine to look further
    u64 x0 = 0;          // result; meaningless if the call does not return (kPowerOff, kSuspendDown, the system's)
    PsciAction action;
};

class Psci {
public:
    // PE 0 is on, the others are off. Entry points must lie in [ram_base, ram_base + ram_bytes).
    Psci(unsigned pes, PhysAddr ram_base, u64 ram_bytes);

    PsciReply call(PeId pe, u64 x0, u64 x1, u64 x2, u64 x3);
    // The target of a kPowerOn executes its first instruction: on_pending becomes on.
    void arrived(PeId pe);
    [[nodiscard]] PowerState state(PeId pe) const { return state_[pe]; }
    void archive(Archive& ar);

private:
    PsciReply suspend(u64 power_state, u64 entry, u64 context_id) const;
    [[nodiscard]] bool is_entry(u64 pa) const { return pa - ram_base_ < ram_bytes_ && pa % 4 == 0; }
    PsciReply cpu_on(u64 target, u64 entry, u64 context_id);

    unsigned pes_;
    u64 ram_base_, ram_bytes_;
    std::array<PowerState, kMaxPes> state_{};
};

}  // namespace bbmsim::board
