// SPDX-License-Identifier: Apache-2.0
#include "models/board/psci.hpp"
#include "models/board/affinity.hpp"

#include <gtest/gtest.h>

namespace bbmsim::board {
namespace {

using Kind = PsciAction::Kind;

struct PsciTest : testing::Test {
    static constexpr u64 kRam = 0x4000'0000, kRamBytes = u64{8} << 30, kEntry = 0x4008'0000;
    Psci psci{20, PhysAddr(kRam), kRamBytes};
    i64 result(PeId pe, u64 x0, u64 x1 = 0, u64 x2 = 0, u64 x3 = 0) {
        return static_cast<i64>(psci.call(pe, x0, x1, x2, x3).x0);
    }
    Kind action(PeId pe, u64 x0, u64 x1 = 0, u64 x2 = 0, u64 x3 = 0) {
        return psci.call(pe, x0, x1, x2, x3).action.kind;
    }
};

TEST(Affinity, SixteenPesShareAnAff1) {
    EXPECT_EQ(mpidr_of(0), 0x8000'0000u);
    EXPECT_EQ(mpidr_of(15), 0x8000'000fu);
    EXPECT_EQ(mpidr_of(16), 0x8000'0100u);
    EXPECT_EQ(mpidr_of(63), 0x8000'030fu);
    for (unsigned pe = 0; pe < kMaxPes; ++pe)
        EXPECT_EQ(pe_of_affinity(affinity_of(static_cast<PeId>(pe)), kMaxPes), pe);
    EXPECT_EQ(pe_of_affinity(0x10, 64), std::nullopt);
    EXPECT_EQ(pe_of_affinity(0x400, 64), std::nullopt);
    EXPECT_EQ(pe_of_affinity(0x8000'0000, 64), std::nullopt);
    EXPECT_EQ(pe_of_affinity(4, 4), std::nullopt);
    EXPECT_EQ(pe_of_affinity(~u64{0}, 64), std::nullopt);
}

TEST_F(PsciTest, LinuxProbeSequence) {
    EXPECT_EQ(result(0, psci::kVersion), 0x10001);
    EXPECT_EQ(result(0, psci::kMigrateInfoType), 2);
    EXPECT_EQ(result(0, psci::kFeatures, psci::kSmcccVersion), 0);
    EXPECT_EQ(result(0, psci::kSmcccVersion), 0x10001);
    EXPECT_EQ(result(0, psci::kSmcccArchFeatures, psci::kSmcccArchFeatures), 0);
    EXPECT_EQ(result(0, psci::kSmcccArchFeatures, 0x8000'8000), psci::kNotSupported) << "ARCH_WORKAROUND_1";
    EXPECT_EQ(result(0, psci::kFeatures, psci::kCpuSuspend64), 0) << "original power_state format";
    EXPECT_EQ(result(0, psci::kFeatures, psci::kSystemReset2_64), 0);
    EXPECT_EQ(result(0, psci::kFeatures, 0xC400'000E), psci::kNotSupported) << "SYSTEM_SUSPEND";
}

TEST_F(PsciTest, CpuOnGoesThroughOnPendingToOnAndOff) {
    EXPECT_EQ(psci.state(0), PowerState::kOn);
    EXPECT_EQ(result(0, psci::kAffinityInfo64, affinity_of(17)), 1);
    const PsciReply on = psci.call(0, psci::kCpuOn64, affinity_of(17), kEntry, 0x1234'5678'9abc'def0);
    EXPECT_TRUE(on.known);
    EXPECT_EQ(on.x0, 0u);
    EXPECT_EQ(on.action.kind, Kind::kPowerOn);
    EXPECT_EQ(on.action.target, 17);
    EXPECT_EQ(on.action.entry, kEntry);
    EXPECT_EQ(on.action.context_id, 0x1234'5678'9abc'def0u);
    EXPECT_EQ(result(0, psci::kAffinityInfo64, affinity_of(17)), 2);
    EXPECT_EQ(result(0, psci::kCpuOn64, affinity_of(17), kEntry), psci::kOnPending);
    psci.arrived(17);
    EXPECT_EQ(result(0, psci::kAffinityInfo32, affinity_of(17)), 0);
    EXPECT_EQ(result(0, psci::kCpuOn64, affinity_of(17), kEntry), psci::kAlreadyOn);
    EXPECT_EQ(action(17, psci::kCpuOff), Kind::kPowerOff);
    EXPECT_EQ(result(0, psci::kAffinityInfo64, affinity_of(17)), 1);
    EXPECT_EQ(action(0, psci::kCpuOn64, affinity_of(17), kEntry), Kind::kPowerOn) << "and on again";
    EXPECT_EQ(result(0, psci::kCpuOn64, affinity_of(0), kEntry), psci::kAlreadyOn);
}

TEST_F(PsciTest, CpuOnRefusesWhatIsWrongAndChangesNothing) {
    EXPECT_EQ(result(0, psci::kCpuOn64, affinity_of(20), kEntry), psci::kInvalidParameters) << "no such PE";
    EXPECT_EQ(result(0, psci::kCpuOn64, mpidr_of(1), kEntry), psci::kInvalidParameters) << "bit 31 is no affinity";
    EXPECT_EQ(result(0, psci::kCpuOn64, 1, 0x0900'0000), psci::kInvalidAddress);
    EXPECT_EQ(result(0, psci::kCpuOn64, 1, kRam - 4), psci::kInvalidAddress);
    EXPECT_EQ(result(0, psci::kCpuOn64, 1, kRam + kRamBytes), psci::kInvalidAddress);
    EXPECT_EQ(result(0, psci::kCpuOn64, 1, kEntry + 2), psci::kInvalidAddress);
    EXPECT_EQ(action(0, psci::kCpuOn64, 1, kRam + kRamBytes), Kind::kNone);
    EXPECT_EQ(psci.state(1), PowerState::kOff);
    EXPECT_EQ(result(0, psci::kCpuOn64, 1, kRam + kRamBytes - 4), psci::kSuccess) << "the last word of RAM";
}

TEST_F(PsciTest, Smc32FormsUseTheLowHalves) {
    const PsciReply on =
        psci.call(0, 0xffff'ffff'0000'0000 | psci::kCpuOn32, 0xdead'0000'0000'0001, 0xbeef'0000'4008'0000, ~u64{0});
    EXPECT_EQ(on.action.kind, Kind::kPowerOn);
    EXPECT_EQ(on.action.target, 1);
    EXPECT_EQ(on.action.entry, kEntry);
    EXPECT_EQ(on.action.context_id, 0xffff'ffffu);
}

TEST_F(PsciTest, SuspendOfACore) {
    EXPECT_EQ(action(0, psci::kCpuSuspend64, 0), Kind::kSuspend);
    EXPECT_EQ(action(0, psci::kCpuSuspend32, 0x1234), Kind::kSuspend);
    const PsciReply down = psci.call(0, psci::kCpuSuspend64, 0x1'0002, kEntry, 0x77);
    EXPECT_EQ(down.action.kind, Kind::kSuspendDown);
    EXPECT_EQ(down.action.entry, kEntry);
    EXPECT_EQ(down.action.context_id, 0x77u);
    EXPECT_EQ(result(1, psci::kAffinityInfo64, 0), 0) << "a suspended PE is on";
    EXPECT_EQ(result(0, psci::kCpuSuspend64, 0x1'0000, kRam - 4), psci::kInvalidAddress);
    EXPECT_EQ(result(0, psci::kCpuSuspend64, 0x100'0000), psci::kInvalidParameters) << "cluster level";
    EXPECT_EQ(result(0, psci::kCpuSuspend64, 0x8000'0000), psci::kInvalidParameters) << "reserved bits";
}

TEST_F(PsciTest, SystemCalls) {
    EXPECT_EQ(action(3, psci::kSystemOff), Kind::kSystemOff);
    EXPECT_EQ(action(3, psci::kSystemReset), Kind::kSystemReset);
    EXPECT_EQ(action(3, psci::kSystemReset2_64, 0), Kind::kWarmReset);
    EXPECT_EQ(result(3, psci::kSystemReset2_64, 1), psci::kInvalidParameters);
    EXPECT_EQ(result(3, psci::kSystemReset2_64, 0x8000'0000), psci::kNotSupported);
    EXPECT_EQ(result(3, psci::kAffinityInfo64, 0, 1), psci::kInvalidParameters) << "levels above 0 are optional";
}

TEST_F(PsciTest, UnknownFunctionsAreForOthersToAnswer) {
    const PsciReply r = psci.call(0, 0xC600'0100, 0, 0, 0);
    EXPECT_FALSE(r.known);
    EXPECT_EQ(static_cast<i64>(r.x0), psci::kNotSupported);
    EXPECT_EQ(r.action.kind, Kind::kNone);
}

}  // namespace
}  // namespace bbmsim::board
