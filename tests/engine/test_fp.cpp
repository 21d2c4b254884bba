// SPDX-License-Identifier: Apache-2.0
// SIMD&FP as a system feature: traps by CPACR_EL1.FPEN, FPCR and FPSR, and 16-byte accesses as one.
#include "tests/engine/machine.hpp"

#include <gtest/gtest.h>

namespace bbmsim::cpu::test {
namespace {

struct Fp : testing::Test {
    static CoreConfig with_fp() {
        CoreConfig c;
        c.features.fp16 = c.features.jscvt = c.features.frintts = false;
        return c;
    }
    Machine m{{.config = with_fp()}};
    Pe& pe = *m.pe[0];
    void go(const std::string& program) {
        m.load(kCode, ".arch armv8-a+fp+simd\n" + program);
        m.reset(0);
        m.load_stop_vectors();
        ASSERT_EQ(m.run(), Exit::kOff);
        ASSERT_EQ(pe.r[25], 1u) << "one exception";
    }
    u64 ec() const { return pe.r[20] >> 26; }
};

constexpr const char* kEnable = "mov x0, #0x300000; msr cpacr_el1, x0; isb;";

TEST_F(Fp, IsTrappedWithItsOwnClassUntilEnabled) {
    for (const char* use : {"movi v0.16b, #1", "ldr q0, [sp]", "ld1 {v0.8b}, [x1]", "mrs x1, fpsr", "msr fpcr, x1"}) {
        go(std::string("nop;") + use);
        EXPECT_EQ(ec(), 0x07u) << use;
        EXPECT_EQ(pe.r[20] & 0x1ffffff, 0x1e00000u);
        EXPECT_EQ(pe.r[22], kCode + 4);
    }
    EXPECT_EQ(pe.unmodelled_fp, 0u);
    EXPECT_EQ(pe.v[0], VReg{});
}

TEST_F(Fp, EnabledItExecutes) {
    go(std::string(kEnable) + "movi v1.16b, #0x5a; add v2.8h, v1.8h, v1.8h; umov x3, v2.d[1]; svc #0");
    EXPECT_EQ(ec(), 0x15u);
    EXPECT_EQ(pe.r[3], 0xb4b4b4b4b4b4b4b4u);
}

TEST_F(Fp, ControlAndStatusKeepTheirDefinedBits) {
    go(std::string(kEnable) + "mov x1, #-1; msr fpcr, x1; msr fpsr, x1; mrs x2, fpcr; mrs x3, fpsr; svc #0");
    EXPECT_EQ(pe.r[2], 0x07c00000u);
    EXPECT_EQ(pe.r[3], 0x0800009fu);
}

// FEAT_FP16 brings FPCR.FZ16 and the arithmetic on halves; conversions to and from halves every core has.
TEST_F(Fp, HalfPrecisionIsAFeature) {
    constexpr const char* kUse =
        "mov x1, #-1; msr fpcr, x1; mrs x2, fpcr; msr fpcr, xzr; mov w1, #0x3c00; fmov s1, w1; fcvt s2, h1; fmov w3, "
        "s2;"
        ".arch armv8.2-a+fp16; fadd h4, h1, h1; fmov w4, h4; svc #0";
    go(std::string(kEnable) + kUse);
    EXPECT_EQ(pe.r[2], 0x07c00000u);
    EXPECT_EQ(pe.r[3], 0x3f800000u);
    EXPECT_EQ(ec(), 0u) << "FADD of halves is UNDEFINED";
    EXPECT_EQ(pe.unmodelled_fp, 0u);

    CoreConfig config = with_fp();
    config.features.fp16 = true;
    Machine half{{.config = config}};
    half.load(kCode, std::string(".arch armv8-a+fp+simd\n") + kEnable + kUse);
    half.reset(0);
    half.load_stop_vectors();
    ASSERT_EQ(half.run(), Exit::kOff);
    EXPECT_EQ(half.pe[0]->r[20] >> 26, 0x15u);
    EXPECT_EQ(half.pe[0]->r[2], 0x07c80000u);
    EXPECT_EQ(half.pe[0]->r[4], 0x4000u);
}

TEST_F(Fp, WhatNoExtensionOfTheCoreAllocatesIsUndefined) {
    for (const char* use : {".inst 0x1ea02820", ".inst 0x4e22ec20", ".inst 0x1e7e0020", ".inst 0x1e284020"}) {
        go(std::string(kEnable) + use + "; svc #0");  // type 10; FMLAL; FJCVTZS; FRINT32Z
        EXPECT_EQ(ec(), 0u) << use;
    }
    EXPECT_EQ(pe.unmodelled_fp, 0u);
}

TEST_F(Fp, SaturationIsSticky) {
    go(std::string(kEnable) +
       "mvni v1.4s, #0; uqadd v2.4s, v1.4s, v1.4s; movi v1.4s, #0; uqadd v2.4s, v1.4s, v1.4s;"
       "mrs x3, fpsr; svc #0");
    EXPECT_EQ(pe.r[3], u64{1} << 27);
}

TEST_F(Fp, QuadwordsAreOneAccessAndDevicesSeeDoublewords) {
    u64 stores[2];
    for (const char* pair : {"stp x0, x0, [x1]", "stp q0, q0, [x1]"}) {
        const u64 before = pe.stores;
        go(std::string(kEnable) + "mov x1, #0x40200000; movi v0.16b, #7;" + pair + "; svc #0");
        stores[pair[4] == 'q'] = pe.stores - before;
    }
    EXPECT_EQ(stores[0], stores[1]);
    EXPECT_EQ(m.read64(kData + 24), 0x0707070707070707u);
    m.platform->device_writes.clear();
    go(std::string(kEnable) + "mov x1, #0x09000000; movi v0.16b, #7; str q0, [x1]; svc #0");
    ASSERT_EQ(m.platform->device_writes.size(), 2u);
    EXPECT_EQ(m.platform->device_writes[1].pa, kUart + 8);
    EXPECT_EQ(m.platform->device_writes[1].value, 0x0707070707070707u);
}

}  // namespace
}  // namespace bbmsim::cpu::test
