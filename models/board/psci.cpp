// SPDX-License-Identifier: Apache-2.0
#include "models/board/psci.hpp"

#include "models/board/affinity.hpp"

#include <stdexcept>

namespace bbmsim::board {
namespace {

using namespace psci;
using Kind = PsciAction::Kind;

constexpr u64 kVersion_1_1 = 0x1'0001;
constexpr i64 kTrustedOsNotPresent = 2;

PsciReply reply(i64 result, PsciAction action = {}) { return {true, static_cast<u64>(result), action}; }
PsciReply act(Kind kind) { return reply(kSuccess, {.kind = kind}); }

// PSCI_FEATURES: what of it is there. CPU_SUSPEND's flags are 0: original power_state format, platform-coordinated.
i64 features(u32 function) {
    switch (function) {
        case kVersion:
        case kCpuSuspend32:
        case kCpuSuspend64:
        case kCpuOff:
        case kCpuOn32:
        case kCpuOn64:
        case kAffinityInfo32:
        case kAffinityInfo64:
        case kMigrateInfoType:
        case kSystemOff:
        case kSystemReset:
        case kSystemReset2_32:
        case kSystemReset2_64:
        case kFeatures:
        case kSmcccVersion: return kSuccess;
        default: return kNotSupported;
    }
}

// Architectural reset types have bit 31 clear, of which 0 is the warm reset; vendor types are not supported.
PsciReply reset2(u64 type) {
    const auto t = static_cast<u32>(type);
    if (t == 0) return act(Kind::kWarmReset);
    return reply(t >> 31 != 0 ? kNotSupported : kInvalidParameters);
}

}  // namespace

Psci::Psci(unsigned pes, PhysAddr ram_base, u64 ram_bytes)
    : pes_(pes), ram_base_(ram_base.raw()), ram_bytes_(ram_bytes) {
    if (pes == 0 || pes > kMaxPes) throw std::invalid_argument("psci: between 1 and 64 PEs");
    state_.fill(PowerState::kOff);
    state_[0] = PowerState::kOn;
}

PsciReply Psci::call(PeId pe, u64 x0, u64 x1, u64 x2, u64 x3) {
    const auto function = static_cast<u32>(x0);
    if ((function >> 30 & 1) == 0) {  // SMC32: arguments are W registers
        x1 = static_cast<u32>(x1);
        x2 = static_cast<u32>(x2);
        x3 = static_cast<u32>(x3);
    }
    switch (function) {
        case kVersion: return reply(kVersion_1_1);
        case kCpuSuspend32:
        case kCpuSuspend64: return suspend(x1, x2, x3);
        case kCpuOff: state_[pe] = PowerState::kOff; return act(Kind::kPowerOff);
        case kCpuOn32:
        case kCpuOn64: return cpu_on(x1, x2, x3);
        case kAffinityInfo32:
        case kAffinityInfo64: {
            // PSCI 1.0 leaves levels above 0 optional.
            const auto target = pe_of_affinity(x1, pes_);
            if (!target || x2 != 0) return reply(kInvalidParameters);
            return reply(static_cast<i64>(state_[*target]));
        }
        case kMigrateInfoType: return reply(kTrustedOsNotPresent);
        case kSystemOff: return act(Kind::kSystemOff);
        case kSystemReset: return act(Kind::kSystemReset);
        case kSystemReset2_32:
        case kSystemReset2_64: return reset2(x1);
        case kFeatures: return reply(features(static_cast<u32>(x1)));
        case kSmcccVersion: return reply(kVersion_1_1);
        case kSmcccArchFeatures: {
            const auto asked = static_cast<u32>(x1);
            return reply(asked == kSmcccVersion || asked == kSmcccArchFeatures ? kSuccess : kNotSupported);
        }
        default: return {false, static_cast<u64>(i64{kNotSupported}), {}};
    }
}

// power_state, original format: power level [25:24], type [16] (1: power-down), id [15:0], whatever the caller likes.
// The board has the two states of a core alone; a standby is what WFI does.
PsciReply Psci::suspend(u64 power_state, u64 entry, u64 context_id) const {
    constexpr u64 kId = 0xffff, kPowerDown = 0x1'0000;
    if ((power_state & ~(kId | kPowerDown)) != 0) return reply(kInvalidParameters);
    if ((power_state & kPowerDown) == 0) return act(Kind::kSuspend);
    if (!is_entry(entry)) return reply(kInvalidAddress);
    return reply(kSuccess, {.kind = Kind::kSuspendDown, .entry = entry, .context_id = context_id});
}

PsciReply Psci::cpu_on(u64 target, u64 entry, u64 context_id) {
    const auto pe = pe_of_affinity(target, pes_);
    if (!pe) return reply(kInvalidParameters);
    if (state_[*pe] == PowerState::kOn) return reply(kAlreadyOn);
    if (state_[*pe] == PowerState::kOnPending) return reply(kOnPending);
    if (!is_entry(entry)) return reply(kInvalidAddress);
    state_[*pe] = PowerState::kOnPending;
    return reply(kSuccess, {.kind = Kind::kPowerOn, .target = *pe, .entry = entry, .context_id = context_id});
}

void Psci::arrived(PeId pe) { state_[pe] = PowerState::kOn; }

}  // namespace bbmsim::board
