// SPDX-License-Identifier: Apache-2.0
// MDSCR_EL1.SS: one instruction, then the debug exception, as ptrace and kgdb use it.
#include "tests/engine/machine.hpp"

#include <gtest/gtest.h>

namespace bbmsim::cpu::test {
namespace {

struct SoftwareStep : testing::Test {
    Machine m;
    Pe& pe = *m.pe[0];
    // Enables stepping with MDSCR_EL1 = 1 | kde and returns to `user` with this SPSR; the first exception ends it.
    void go(const std::string& user, u64 spsr, u64 mdscr = 1, bool os_lock = false) {
        m.load(kCode,
               "msr oslar_el1, x2; msr mdscr_el1, x1; msr spsr_el1, x0; adr x0, 1f; msr elr_el1, x0; mov x1, #0; "
               "isb; eret; .balign 64; 1: " +
                   user);
        m.reset(0);
        m.load_stop_vectors();
        pe.r[0] = spsr;
        pe.r[1] = mdscr;
        pe.r[2] = os_lock;
        pe.r[30] = kData;
        ASSERT_EQ(m.run(), Exit::kOff);
    }
    u64 ec() const { return pe.r[20] >> 26; }
    u64 iss() const { return pe.r[20] & 0x1ffffff; }
    u64 elr() const { return pe.r[22]; }
    bool ss() const { return pe.r[23] >> 21 & 1; }
};

constexpr u64 kSs = 1 << 21, kEl1h = 5, kKde = 1 << 13, kDMasked = 1 << 9;
constexpr u64 kUserCode = kCode + 64;

TEST_F(SoftwareStep, OneInstructionOfEl0ThenTheException) {
    go("add x1, x1, #1; add x1, x1, #1; svc #0", kSs);
    EXPECT_EQ(ec(), 0x32u);
    EXPECT_EQ(iss(), 0x1000022u);  // ISV, not a load-exclusive
    EXPECT_EQ(elr(), kUserCode + 4);
    EXPECT_EQ(pe.r[1], 1u);
    EXPECT_FALSE(ss());
}

TEST_F(SoftwareStep, ABranchIsOneInstruction) {
    go("b 2f; add x1, x1, #1; 2: svc #0", kSs);
    EXPECT_EQ(ec(), 0x32u);
    EXPECT_EQ(elr(), kUserCode + 8);
    EXPECT_EQ(pe.r[1], 0u);
}

TEST_F(SoftwareStep, ReturningWithSsClearTakesTheExceptionAtOnce) {
    go("add x1, x1, #1; svc #0", 0);
    EXPECT_EQ(ec(), 0x32u);
    EXPECT_EQ(iss(), 0x22u);  // nothing was stepped
    EXPECT_EQ(elr(), kUserCode);
    EXPECT_EQ(pe.r[1], 0u);
}

TEST_F(SoftwareStep, AFaultingInstructionIsSteppedWhenItIsRetried) {
    go("udf #0", kSs);
    EXPECT_EQ(ec(), 0u);
    EXPECT_TRUE(ss());
    go("svc #3", kSs);
    EXPECT_EQ(ec(), 0x15u);
    EXPECT_FALSE(ss()) << "a call has been stepped";
    EXPECT_EQ(elr(), kUserCode + 4);
}

TEST_F(SoftwareStep, LoadExclusiveIsReported) {
    go("adr x3, 2f; 2: ldxr w1, [x3]", kSs);
    EXPECT_EQ(iss(), 0x1000022u);
    go("ldxr w1, [x30]", kSs);
    EXPECT_EQ(iss(), 0x1000062u) << "EX";
}

TEST_F(SoftwareStep, El1NeedsKdeAndUnmaskedDebug) {
    go("add x1, x1, #1; svc #0", kSs | kEl1h, 1 | kKde);
    EXPECT_EQ(ec(), 0x33u);
    EXPECT_EQ(pe.r[1], 1u);
    go("add x1, x1, #1; svc #0", kSs | kEl1h, 1);
    EXPECT_EQ(ec(), 0x15u);
    go("add x1, x1, #1; svc #0", kSs | kEl1h | kDMasked, 1 | kKde);
    EXPECT_EQ(ec(), 0x15u);
    go("msr daifclr, #8; add x1, x1, #1; svc #0", kSs | kEl1h | kDMasked, 1 | kKde);
    EXPECT_EQ(ec(), 0x33u) << "active from where D is cleared";
    EXPECT_EQ(elr(), kUserCode + 4);
}

TEST_F(SoftwareStep, TheOsLockKeepsDebugExceptionsAway) {
    go("add x1, x1, #1; svc #0", kSs, 1, true);
    EXPECT_EQ(ec(), 0x15u);
    EXPECT_EQ(pe.r[1], 1u);
}

TEST_F(SoftwareStep, ADebuggerStepsThroughALoop) {
    // The handler counts, sets SPSR_EL1.SS and returns until it sees another class than 0x32.
    m.load(kCode,
           "msr oslar_el1, xzr; adr x9, 1f; msr vbar_el1, x9; mov x0, #1; msr mdscr_el1, x0; mov x0, #0x200000; "
           "msr spsr_el1, x0; adr x0, 3f; msr elr_el1, x0; mov x1, #0; mov x2, #0; eret; "
           "3: add x2, x2, #1; cmp x2, #10; b.ne 3b; svc #0; .balign 2048; 1: .skip 1024; "
           "mrs x9, esr_el1; lsr x9, x9, #26; cmp x9, #0x32; b.ne 4f; add x1, x1, #1; mrs x9, spsr_el1; "
           "orr x9, x9, #0x200000; msr spsr_el1, x9; eret; 4: hvc #99");
    const u64 before = pe.instructions;
    ASSERT_EQ(m.run(), Exit::kOff);
    EXPECT_EQ(pe.r[1], 30u);
    EXPECT_EQ(pe.r[2], 10u);
    EXPECT_EQ(pe.instructions - before, 12u + 31 + 30 * 9 + 5);
}

}  // namespace
}  // namespace bbmsim::cpu::test
