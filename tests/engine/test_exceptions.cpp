// SPDX-License-Identifier: Apache-2.0
// Exceptions as a guest sees them: vector, ESR, FAR, ELR, SPSR.
#include "tests/engine/machine.hpp"

#include <gtest/gtest.h>

namespace bbmsim::cpu::test {
namespace {

struct Exceptions : testing::Test {
    Machine m;
    Pe& pe = *m.pe[0];
    void go(const std::string& program) {
        m.load(kCode, program);
        m.load_stop_vectors();
        ASSERT_EQ(m.run(), Exit::kOff);
        ASSERT_EQ(pe.r[25], 1u) << "one exception";
    }
    u64 esr() const { return pe.r[20]; }
    u64 far() const { return pe.r[21]; }
    u64 elr() const { return pe.r[22]; }
    u64 spsr() const { return pe.r[23]; }
    u64 vector() const { return pe.r[24]; }
};

TEST_F(Exceptions, SvcReturnsBehindTheInstruction) {
    go("nop; nop; svc #0x42");
    EXPECT_EQ(esr(), (u64{0x15} << 26) | (1 << 25) | 0x42);
    EXPECT_EQ(elr(), kCode + 12);
    EXPECT_EQ(spsr(), 0x3c5u);  // EL1h, DAIF
    EXPECT_EQ(vector(), 0x200u);
}

TEST_F(Exceptions, UndefinedInstructionInTheMiddleOfABlockKeepsCounts) {
    go("mov x1, #1; add x1, x1, #1; udf #0; mov x1, #99");
    EXPECT_EQ(esr(), u64{1} << 25);
    EXPECT_EQ(elr(), kCode + 8);
    EXPECT_EQ(pe.r[1], 2u);
    EXPECT_EQ(pe.instructions, 2u + 7u);  // and the seven of the vector
}

TEST_F(Exceptions, BrkReportsItsOwnAddressAndFlagsAreInSpsr) {
    go("cmp xzr, xzr; msr daifclr, #15; brk #7");
    EXPECT_EQ(esr() >> 26, 0x3cu);
    EXPECT_EQ(esr() & 0xffff, 7u);
    EXPECT_EQ(elr(), kCode + 8);
    EXPECT_EQ(spsr(), 0x6000'0005u);
}

TEST_F(Exceptions, StackPointerZeroUsesTheFirstVectorsAndStacksAreBanked) {
    go("mov x0, #0x1000; mov sp, x0; msr spsel, #0; mov x0, #0x2000; mov sp, x0; svc #0");
    EXPECT_EQ(vector(), 0u);
    EXPECT_EQ(spsr() & 0xf, 4u);
    EXPECT_EQ(pe.r[kRegSp], 0x1000u);
    EXPECT_EQ(pe.sys.sp_el0, 0x2000u);
}

TEST_F(Exceptions, ReturnToEl0AndSvcFromThere) {
    go("adr x0, 1f; msr elr_el1, x0; mov x0, #0x80000000; msr spsr_el1, x0; mov x0, #0x5000; msr sp_el0, x0; eret\n"
       "1: mov x2, sp; svc #3");
    EXPECT_EQ(vector(), 0x400u);
    EXPECT_EQ(spsr(), 0x8000'0000u);
    EXPECT_EQ(pe.r[2], 0x5000u);
    EXPECT_EQ(esr() & 0xffff, 3u);
}

TEST_F(Exceptions, IllegalReturnSetsIl) {
    go("adr x0, 1f; msr elr_el1, x0; mov x0, #9; msr spsr_el1, x0; eret\n 1: nop");
    EXPECT_EQ(esr() >> 26, 0x0eu);
    EXPECT_EQ(elr(), kCode + 20);
    EXPECT_TRUE(spsr() & (1 << 20));
    EXPECT_EQ(spsr() & 0xf, 5u);
}

TEST_F(Exceptions, BranchToMisalignedAddress) {
    go("adr x0, .; add x0, x0, #2; br x0");
    EXPECT_EQ(esr() >> 26, 0x22u);
    EXPECT_EQ(far(), kCode + 2);
    EXPECT_EQ(elr(), kCode + 2);
}

TEST_F(Exceptions, JumpOutOfRamIsAnExternalAbort) {
    go("mov x0, #0x80000000; br x0");
    EXPECT_EQ(esr() >> 26, 0x21u);
    EXPECT_EQ(esr() & 0x3f, 0x10u);
    EXPECT_EQ(far(), 0x80000000u);
}

TEST_F(Exceptions, LoadFromNowhereIsAnExternalAbort) {
    go("mov x0, #0x80000000; ldr x1, [x0]");
    EXPECT_EQ(esr() >> 26, 0x25u);
    EXPECT_EQ(esr() & 0x7f, 0x10u);
    EXPECT_EQ(far(), 0x80000000u);
}

TEST_F(Exceptions, UnalignedAccessWithTheMmuOffFaults) {
    go("adr x0, .; add x0, x0, #4095; stur x1, [x0, #2]");
    EXPECT_EQ(esr() & 0x7f, 0x61u);  // alignment, write
    EXPECT_EQ(far(), kCode + 4097);
}

TEST_F(Exceptions, InterruptIsTakenWhenUnmaskedOnly) {
    m.load(kCode, "mov x1, #1; mov x1, #2; b 1f; 1: msr daifclr, #2; mov x1, #3; b .");
    m.load_stop_vectors();
    pe.irq_line = pe.attention = true;
    ASSERT_EQ(m.run(), Exit::kOff);
    EXPECT_EQ(vector(), 0x280u);
    EXPECT_EQ(pe.r[1], 2u);
    EXPECT_EQ(elr(), kCode + 16);
    EXPECT_EQ(pe.interrupts, 1u);
}

TEST_F(Exceptions, VectorThatCannotBeFetchedLoopsUntilTheLimitAndIsCounted) {
    m.load(kCode, "svc #0");
    pe.sys.vbar = 0x9000'0000;
    EXPECT_EQ(m.run(0, 100'000), Exit::kLimit);
    EXPECT_GT(pe.abort_loop, 1000u);
}

TEST(CoreWithoutFp, FpIsUndefinedAndReportsItself) {
    CoreConfig config;
    config.features.fp = false;
    Machine m({.config = config});
    m.load(kCode, ".arch armv8-a+fp\n nop; fmov d0, x0");
    m.load_stop_vectors();
    ASSERT_EQ(m.run(), Exit::kOff);
    EXPECT_EQ(m.pe[0]->r[20] >> 26, 0u);
    EXPECT_EQ(m.pe[0]->unmodelled_fp, 1u);
    EXPECT_EQ(m.pe[0]->unmodelled_fp_pc, kCode + 4);
}

TEST_F(Exceptions, CyclesAreTheSumOfTheirCauses) {
    go("mov x0, #0x1000; 1: subs x0, x0, #1; b.ne 1b; svc #0");
    u64 sum = 0;
    for (const u64 c : pe.costs()) sum += c;
    EXPECT_EQ(sum, pe.cycles);
}

}  // namespace
}  // namespace bbmsim::cpu::test
