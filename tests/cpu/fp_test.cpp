// SPDX-License-Identifier: Apache-2.0
// Floating-point results and flags that the differential test cannot vouch for, or that were wrong once.
#include "models/cpu/decode.hpp"
#include "models/cpu/pe.hpp"

#include <gtest/gtest.h>

namespace bbmsim::cpu {
namespace {

constexpr u64 kIoc = 1, kDzc = 2, kOfc = 4, kUfc = 8, kIxc = 16, kIdc = 128;
constexpr u64 kFz16 = u64{1} << 19, kFz = u64{1} << 24, kDn = u64{1} << 25, kAhp = u64{1} << 26;
constexpr u64 kUp = u64{1} << 22, kDown = u64{2} << 22, kToZero = u64{3} << 22;

struct FpExecution : testing::Test {
    FeatureConfig features;
    Pe pe;
    FpExecution() {
        visit_fields(features, [](const char*, bool& f) { f = true; });
        pe.sys.cpacr = u64{3} << 20;
    }
    // V0 of the instruction on V1, V2 and V0 (the addend of FMADD: V3); FPSR starts at zero.
    u64 run(u32 raw, u64 n, u64 m = 0, u64 fpcr = 0) {
        pe.v[1] = {n, ~u64{0}};
        pe.v[2] = {m, ~u64{0}};
        pe.sys.fpcr = fpcr;
        pe.sys.fpsr = 0;
        Op op[2];
        EXPECT_TRUE(decode(raw, DecodeContext{features}, op[0]));
        EXPECT_EQ(op[0].fn(pe, op), op + 1);
        return pe.v[0].lo;
    }
    [[nodiscard]] u64 flags() const { return pe.sys.fpsr; }
};

// FPToFixedJS(): Z only if nothing at all was lost, not by a flushed denormal and not the sign of a zero.
TEST_F(FpExecution, JavaScriptConversionSaysWhatItLost) {
    constexpr u32 kFjcvtzs = 0x1e7e0020;  // FJCVTZS W0, D1
    const auto z = [&](u64 n, u64 fpcr = 0) {
        run(kFjcvtzs, n, 0, fpcr);
        return pe.ps.nzcv == 0x40000000;
    };
    EXPECT_TRUE(z(0));
    EXPECT_FALSE(z(u64{1} << 63));
    EXPECT_FALSE(z(1, kFz));
    EXPECT_EQ(flags(), kIdc);
    EXPECT_FALSE(z(1));
    EXPECT_EQ(flags(), kIxc);
    EXPECT_TRUE(z(0xc1e0000000000000)) << "-2^31";
    EXPECT_FALSE(z(0x41f0000000200000)) << "2^32 + 2";
    EXPECT_EQ(pe.r[0], 2u);
    EXPECT_EQ(flags(), kIoc);
    EXPECT_FALSE(z(0xfff0000000000000));
    EXPECT_EQ(pe.r[0], 0u);
}

TEST_F(FpExecution, AScalarHalfOfNegativeFixedPointIsSixteenBits) {
    EXPECT_EQ(run(0x5f1ffc20, 0xc000), 0xfffcu);  // FCVTZS H0, H1, #1 of -2
    EXPECT_EQ(pe.v[0].hi, 0u);
}

// 0.5 - 2^-54: adding a half would round to 1.
TEST_F(FpExecution, RoundingToIntegersLooksAtTheExactFraction) {
    EXPECT_EQ(run(0x1e664020, 0x3fdfffffffffffff), 0u);  // FRINTA D0, D1
    EXPECT_EQ(run(0x1e664020, 0xbfdfffffffffffff), u64{1} << 63);
    EXPECT_EQ(run(0x5e61c820, 0xbfdfffffffffffff), 0u);  // FCVTAS D0, D1
    EXPECT_EQ(flags(), kIxc);
    EXPECT_EQ(run(0x1e664020, 0x3fe0000000000000), 0x3ff0000000000000u);
    EXPECT_EQ(run(0x1e644020, 0x4004000000000000), 0x4000000000000000u);  // FRINTN of 2.5
}

// An addend of 1 and a product near half of its last place, 2^-11: the trace beyond it decides.
TEST_F(FpExecution, HalvesAreRoundedOnce) {
    pe.v[3] = {0x3c00, 0};
    EXPECT_EQ(run(0x1fc20c20, 0x1400, 0x3401), 0x3c00u);  // FMADD H0, H1, H2, H3: 1 + 2^-12 and a trace
    EXPECT_EQ(run(0x1fc20c20, 0x1801, 0x3400), 0x3c01u);  // 1 + 2^-11 and a trace
    EXPECT_EQ(flags(), kIxc);
    EXPECT_EQ(run(0x1fc20c20, 0x1800, 0x3400), 0x3c00u);       // the tie goes to even
    EXPECT_EQ(run(0x1fc20c20, 0x0001, 0x0001, kUp), 0x3c01u);  // 1 + 2^-48
    EXPECT_EQ(run(0x1ee20820, 0x0001, 0x0001), 0u);            // FMUL H0, H1, H2
    EXPECT_EQ(flags(), kUfc | kIxc);
    EXPECT_EQ(run(0x1ee20820, 0x0001, 0x0001, kUp), 1u);
    EXPECT_EQ(run(0x1ee20820, 0x7bff, 0x7bff), 0x7c00u);
    EXPECT_EQ(flags(), kOfc | kIxc);
    EXPECT_EQ(run(0x1ee20820, 0x7bff, 0x7bff, kToZero), 0x7bffu);
    EXPECT_EQ(run(0x1ee21820, 0xbc00, 0), 0xfc00u);  // FDIV H0, H1, H2
    EXPECT_EQ(flags(), kDzc);
    EXPECT_EQ(run(0x1ee23820, 0x3c00, 0x3c00, kDown), 0x8000u);  // FSUB H0, H1, H2: an exact zero
}

TEST_F(FpExecution, HalvesAreFlushedByFz16Silently) {
    EXPECT_EQ(run(0x1ee22820, 0x0001, 0x8000, kFz16), 0u);  // FADD H0, H1, H2
    EXPECT_EQ(flags(), 0u) << "no Input Denormal";
    EXPECT_EQ(run(0x1ee22820, 0x0001, 0x0001, kFz), 2u);
    EXPECT_EQ(run(0x1ee20820, 0x0400, 0x3800, kFz16), 0u);  // FMUL: a denormal result
    EXPECT_EQ(flags(), kUfc);
    EXPECT_EQ(run(0x1ee24020, 0x0001, 0, kFz16), 0x33800000u) << "FCVT S0, H1 does not flush";
    EXPECT_EQ(run(0x1e23c020, 0x33800000, 0, kFz16), 1u) << "nor does FCVT H0, S1";
}

TEST_F(FpExecution, TheAlternativeHalfHasNumbersInsteadOfInfinities) {
    EXPECT_EQ(run(0x1ee24020, 0x7fff, 0, kAhp), 0x47ffe000u);  // FCVT S0, H1: 131008
    EXPECT_EQ(run(0x1e23c020, 0x47ffe000, 0, kAhp), 0x7fffu);  // FCVT H0, S1
    EXPECT_EQ(flags(), 0u);
    EXPECT_EQ(run(0x1e23c020, 0xff800000, 0, kAhp), 0xffffu);
    EXPECT_EQ(flags(), kIoc);
    EXPECT_EQ(run(0x1e23c020, 0x48000000, 0, kAhp), 0x7fffu) << "overflow is invalid, not inexact";
    EXPECT_EQ(flags(), kIoc);
    EXPECT_EQ(run(0x1e23c020, 0xffc00001, 0, kAhp | kDn), 0x8000u) << "a NaN is a zero of its sign";
    EXPECT_EQ(flags(), kIoc);
}

TEST_F(FpExecution, NarrowingToOddKeepsADoubleRoundingExact) {
    EXPECT_EQ(run(0x7e616820, 0x3ff0000000000001), 0x3f800001u);  // FCVTXN S0, D1
    EXPECT_EQ(flags(), kIxc);
    EXPECT_EQ(run(0x7e616820, 0x7fefffffffffffff), 0x7f7fffffu) << "never to infinity";
    EXPECT_EQ(flags(), kOfc | kIxc);
}

TEST_F(FpExecution, HalvesNeedTheirFeature) {
    Op op;
    features.fp16 = false;
    for (const u32 raw : {0x1ee22820u, 0x4e421420u, 0x5ef9b820u, 0x0e30f820u, 0x0f02fc20u, 0x5f11fc20u, 0x1ee10020u})
        EXPECT_FALSE(decode(raw, DecodeContext{features}, op)) << std::hex << raw;
    for (const u32 raw : {0x1ee24020u, 0x1e23c020u, 0x0e217820u, 0x0e216820u})  // FCVT, FCVTL, FCVTN
        EXPECT_TRUE(decode(raw, DecodeContext{features}, op)) << std::hex << raw;
}

}  // namespace
}  // namespace bbmsim::cpu
