// SPDX-License-Identifier: Apache-2.0
// Spot checks of instruction semantics with known results: one PE without memory, instruction by instruction.
#include "models/cpu/decode.hpp"
#include "models/cpu/exec/pauth.hpp"
#include "models/cpu/mem.hpp"
#include "models/cpu/pe.hpp"

#include <gtest/gtest.h>

namespace bbmsim::cpu {
namespace {

struct Execution : testing::Test {
    FeatureConfig features;
    Pe pe;

    static const Op* behind(Pe&, const Op* op) { return op; }  // handlers may go on by themselves: next()
    void execute(u32 raw) {
        Op op[2];
        op[1].fn = &behind;
        ASSERT_TRUE(decode(raw, DecodeContext{features}, op[0]));
        pe.block_pc = pe.pc = 0x1000;
        if (const Op* next = op[0].fn(pe, op)) {
            EXPECT_EQ(next, op + 1);
            pe.pc += 4;
        }
    }
    [[nodiscard]] u32 nzcv() const { return pe.ps.nzcv >> 28; }
};

TEST_F(Execution, AddAndSubtractSetFlags) {
    pe.r[1] = 0x7fffffff;
    execute(0x31000420);  // ADDS W0, W1, #1
    EXPECT_EQ(pe.r[0], 0x80000000u);
    EXPECT_EQ(nzcv(), 0b1001u);
    pe.r[1] = 5;
    execute(0xf1001420);  // SUBS X0, X1, #5
    EXPECT_EQ(nzcv(), 0b0110u);
    pe.r[2] = 6;
    execute(0xeb020020);  // SUBS X0, X1, X2
    EXPECT_EQ(pe.r[0], ~u64{0});
    EXPECT_EQ(nzcv(), 0b1000u);
}

TEST_F(Execution, CarryChains) {
    pe.ps.nzcv = 1u << 29;
    pe.r[1] = ~u64{0};
    pe.r[2] = 0;
    execute(0xba020020);  // ADCS X0, X1, X2
    EXPECT_EQ(pe.r[0], 0u);
    EXPECT_EQ(nzcv(), 0b0110u);
    pe.ps.nzcv = 0;
    pe.r[1] = 0;
    execute(0xfa020020);  // SBCS X0, X1, X2: 0 - 0 - 1
    EXPECT_EQ(pe.r[0], ~u64{0});
    EXPECT_EQ(nzcv(), 0b1000u);
}

TEST_F(Execution, DivisionHasNoTraps) {
    pe.r[1] = u64{1} << 63;
    pe.r[2] = ~u64{0};
    execute(0x9ac20c20);  // SDIV X0, X1, X2: the most negative number by -1
    EXPECT_EQ(pe.r[0], u64{1} << 63);
    pe.r[2] = 0;
    execute(0x9ac20820);  // UDIV by zero
    EXPECT_EQ(pe.r[0], 0u);
}

TEST_F(Execution, BitfieldsAndShifts) {
    pe.r[1] = 0x123456789abcdef0;
    execute(0xd3483c20);  // UBFX X0, X1, #8, #8
    EXPECT_EQ(pe.r[0], 0xdeu);
    execute(0x93483c20);  // SBFX X0, X1, #8, #8
    EXPECT_EQ(pe.r[0], 0xffffffffffffffdeu);
    pe.r[0] = 0;
    execute(0xb3781c20);  // BFI X0, X1, #8, #8
    EXPECT_EQ(pe.r[0], 0xf000u);
    pe.r[2] = 65;
    execute(0x9ac22020);  // LSLV by 65 is by 1
    EXPECT_EQ(pe.r[0], 0x2468acf13579bde0u);
}

TEST_F(Execution, CrcOfTheCheckString) {  // CRC-32 and CRC-32C of "123456789"
    for (const auto& [base, want] : {std::pair{0x1ac24000u, 0xcbf43926u}, std::pair{0x1ac25000u, 0xe3069283u}}) {
        pe.r[0] = 0xffffffff;
        for (const char c : std::string("123456789")) {
            pe.r[2] = static_cast<u8>(c);
            execute(base);  // CRC32B or CRC32CB W0, W0, W2
        }
        EXPECT_EQ(static_cast<u32>(~pe.r[0]), want);
    }
}

TEST_F(Execution, CountsAndReversals) {
    pe.r[1] = 0x00ffffff00000000;
    execute(0xdac01020);  // CLZ
    EXPECT_EQ(pe.r[0], 8u);
    execute(0xdac01420);  // CLS
    EXPECT_EQ(pe.r[0], 7u);
    pe.r[1] = 0;
    execute(0x5ac01420);  // CLS W of zero
    EXPECT_EQ(pe.r[0], 31u);
    pe.r[1] = 0x0102030405060708;
    execute(0xdac00820);  // REV32
    EXPECT_EQ(pe.r[0], 0x0403020108070605u);
    execute(0xdac00420);  // REV16
    EXPECT_EQ(pe.r[0], 0x0201040306050807u);
}

TEST_F(Execution, FlagManipulation) {
    pe.ps.nzcv = 1u << 29;
    execute(0xd500401f);  // CFINV
    EXPECT_EQ(nzcv(), 0u);
    pe.r[1] = 0x80;
    execute(0x3a00082d);  // SETF8 W1
    EXPECT_EQ(nzcv(), 0b1001u);
}

TEST_F(Execution, ConditionalsAndBranches) {
    pe.ps.nzcv = 1u << 30;
    execute(0x54000080);  // B.EQ +16
    EXPECT_EQ(pe.pc, 0x1010u);
    execute(0x54000081);  // B.NE +16
    EXPECT_EQ(pe.pc, 0x1004u);
    execute(0x97ffffff);  // BL -4
    EXPECT_EQ(pe.pc, 0xffcu);
    EXPECT_EQ(pe.r[30], 0x1004u);
    pe.r[30] = 0x4000;
    execute(0xd63f03c0);  // BLR X30: the target is read before the link is written
    EXPECT_EQ(pe.pc, 0x4000u);
    EXPECT_EQ(pe.r[30], 0x1004u);
}

TEST_F(Execution, IndirectBranchesSetBtype) {
    pe.r[0] = pe.r[16] = 0x4000;
    pe.guarded_page = true;
    execute(0xd61f0000);  // BR X0
    EXPECT_EQ(pe.ps.btype, 3);
    execute(0xd61f0200);  // BR X16
    EXPECT_EQ(pe.ps.btype, 1);
    execute(0xd63f0000);  // BLR X0
    EXPECT_EQ(pe.ps.btype, 2);
    pe.guarded_page = false;
    execute(0xd61f0000);
    EXPECT_EQ(pe.ps.btype, 1);
}

// The sizes for which Unicorn is no witness (tests/cpu_unicorn/explained.hpp).
TEST(Atomics, MinimumAndMaximumAreOfTheAccessSize) {
    EXPECT_EQ(apply<u8>(AtomicOp::kSmax, 0x80, 0x01), 0x01);
    EXPECT_EQ(apply<u8>(AtomicOp::kSmin, 0x80, 0x01), 0x80);
    EXPECT_EQ(apply<u8>(AtomicOp::kUmax, 0x80, 0x01), 0x80);
    EXPECT_EQ(apply<u16>(AtomicOp::kSmax, 0x7fff, 0x8000), 0x7fff);
    EXPECT_EQ(apply<u16>(AtomicOp::kUmin, 0x7fff, 0x8000), 0x7fff);
    EXPECT_EQ(apply<u32>(AtomicOp::kSmin, 0xffffffff, 0), 0xffffffff);
    EXPECT_EQ(apply<u32>(AtomicOp::kUmax, 0xffffffff, 0), 0xffffffff);
}

TEST(PointerAuthentication, QarmaTestVector) {  // of the QARMA paper, 5 rounds, sigma 2
    EXPECT_EQ(compute_pac(0xfb623599da6e8127, 0x477d469dec0b8762, 0x84be85ce9804e94b, 0xec2802d4e0a488e9),
              0xc003b93999b33765);
}

struct Signing : testing::Test {
    Pe pe;
    Signing() {
        pe.sys.sctlr = u64{1} << 31 | u64{1} << 30 | u64{1} << 27 | u64{1} << 13;
        pe.sys.tcr = 16 | u64{16} << 16;
        pe.sys.apiakeylo = 0x0123456789abcdef;
        pe.sys.apiakeyhi = 0xfedcba9876543210;
    }
};

TEST_F(Signing, ASignedPointerComesBack) {
    for (const u64 p : {u64{0x0000123456789ab0}, u64{0xffff800080001234}}) {
        const u64 s = pac_add(pe, p, 7, PacKey::kIa);
        EXPECT_NE(s, p);
        EXPECT_EQ(pac_authenticate(pe, s, 7, PacKey::kIa), p);
        EXPECT_EQ(pac_strip(pe, s, false), p);
    }
}

TEST_F(Signing, AFailedCheckLeavesAnErrorCode) {
    const u64 p = 0xffff800080001234, s = pac_add(pe, p, 7, PacKey::kIa);
    EXPECT_EQ(pac_authenticate(pe, s, 8, PacKey::kIa), (p & ~(u64{3} << 61)) | u64{1} << 61);
    EXPECT_EQ(pac_authenticate(pe, s, 7, PacKey::kIb), (p & ~(u64{3} << 61)) | u64{2} << 61);
}

TEST_F(Signing, ADisabledKeyDoesNothing) {
    pe.sys.sctlr = 0;
    EXPECT_EQ(pac_add(pe, 0x1234, 7, PacKey::kIa), 0x1234u);
    EXPECT_EQ(pac_authenticate(pe, 0x1234, 7, PacKey::kDb), 0x1234u);
}

TEST_F(Signing, TheTagOfTheProgramIsKept) {
    pe.sys.tcr |= u64{1} << 37;  // TBI0
    const u64 p = 0x5a00123456789ab0, s = pac_add(pe, p, 1, PacKey::kDa);
    EXPECT_EQ(s >> 56, 0x5au);
    EXPECT_EQ(pac_authenticate(pe, s, 1, PacKey::kDa), p);
}

}  // namespace
}  // namespace bbmsim::cpu
