// SPDX-License-Identifier: Apache-2.0
// Which encodings are UNDEFINED, by field value and by feature, and how register 31 is mapped.
#include "models/cpu/decode.hpp"
#include "models/cpu/pe.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace bbmsim::cpu {
namespace {

TEST(Decode, ReservedFieldValuesAreUndefined) {
    EXPECT_FALSE(allocated(0x0b008000));  // ADD W, LSL #32
    EXPECT_FALSE(allocated(0x0bc00000));  // ADD, shift kind 3
    EXPECT_FALSE(allocated(0x0b201400));  // ADD (extended), amount 5
    EXPECT_FALSE(allocated(0x52c00000));  // MOVZ W, LSL #32
    EXPECT_FALSE(allocated(0x12400000));  // AND W with N=1
    EXPECT_FALSE(allocated(0x9240fc00));  // AND, bitmask of all ones
    EXPECT_FALSE(allocated(0x53400000));  // UBFM W with N=1
    EXPECT_FALSE(allocated(0x13808000));  // EXTR W, #32
    EXPECT_FALSE(allocated(0xe8000000));  // LDP/STP with opc=11
    EXPECT_FALSE(allocated(0xb8c00000));  // LDURSW to W
    EXPECT_FALSE(allocated(0xf8c00000));  // size=11, opc=11
    EXPECT_FALSE(allocated(0xf8800400));  // PRFM has no post-indexed form
    EXPECT_FALSE(allocated(0x38600800));  // register offset, option<1>=0
    EXPECT_FALSE(allocated(0x08217c02));  // CASP from an odd register
    EXPECT_FALSE(allocated(0x08207c03));  // CASP to an odd register
    EXPECT_FALSE(allocated(0x04000000));  // SVE space
}

TEST(Decode, NeighboursOfReservedValuesAreAllocated) {
    EXPECT_TRUE(allocated(0x0b007c00));  // ADD W, LSL #31
    EXPECT_TRUE(allocated(0x8b00fc00));  // ADD X, LSL #63
    EXPECT_TRUE(allocated(0x0b201000));  // ADD (extended), amount 4
    EXPECT_TRUE(allocated(0x52a00000));  // MOVZ W, LSL #16
    EXPECT_TRUE(allocated(0x08207c02));  // CASP W0, W1, W2, W3, [X0]
}

TEST(Decode, AbsentFeaturesAreUndefined) {
    struct Case {
        bool FeatureConfig::*feature;
        u32 raw;
    };
    for (const Case& c : {Case{&FeatureConfig::lse, 0xb8e10062}, Case{&FeatureConfig::lse, 0xc8a07c41},
                          Case{&FeatureConfig::crc32, 0x1ac24020}, Case{&FeatureConfig::rcpc, 0xf8bfc041},
                          Case{&FeatureConfig::rcpc2, 0xd9400041}, Case{&FeatureConfig::flagm, 0xd500401f},
                          Case{&FeatureConfig::flagm2, 0xd500403f}, Case{&FeatureConfig::pauth, 0xdac10020},
                          Case{&FeatureConfig::pauth, 0xd65f0bff}, Case{&FeatureConfig::sb, 0xd50330ff},
                          Case{&FeatureConfig::lor, 0x88df7c41}}) {
        FeatureConfig f;
        f.*c.feature = true;
        Op op;
        EXPECT_TRUE(decode(c.raw, DecodeContext{f}, op)) << std::hex << c.raw;
        f.*c.feature = false;
        EXPECT_FALSE(decode(c.raw, DecodeContext{f}, op)) << std::hex << c.raw;
        EXPECT_EQ(op.fn, &undefined);
        EXPECT_TRUE(op.ends_block);
    }
}

TEST(Decode, HintsOfAbsentFeaturesAreNops) {
    FeatureConfig f;
    f.pauth = false;
    Pe pe;
    pe.r[30] = 0x1234;
    pe.sys.sctlr = ~u64{0};
    for (const u32 raw : {0xd503233fu, 0xd50323bfu, 0xd50320ffu, 0xd503241fu, 0xd5032fdfu}) {
        Op op[2];
        op[1].fn = [](Pe&, const Op* at) { return at; };  // handlers may go on by themselves: next()
        ASSERT_TRUE(decode(raw, DecodeContext{f}, op[0]));
        EXPECT_EQ(op[0].fn(pe, op), op + 1);
        EXPECT_EQ(pe.r[30], 0x1234u);
    }
}

TEST(Decode, Register31IsZeroOrSpByPosition) {
    FeatureConfig f;
    Op op;
    ASSERT_TRUE(decode(0x910003ff, DecodeContext{f}, op));  // ADD SP, SP, #0
    EXPECT_EQ(op.rd, kRegSp);
    EXPECT_EQ(op.rn, kRegSp);
    ASSERT_TRUE(decode(0xf10003ff, DecodeContext{f}, op));  // CMP SP, #0
    EXPECT_EQ(op.rd, kRegSink);
    EXPECT_EQ(op.rn, kRegSp);
    ASSERT_TRUE(decode(0x8b1f03ff, DecodeContext{f}, op));  // ADD XZR, XZR, XZR
    EXPECT_EQ(op.rd, kRegSink);
    EXPECT_EQ(op.rn, kRegZero);
    EXPECT_EQ(op.rm, kRegZero);
}

TEST(Decode, TheMoreSpecificLineWins) {
    const auto name = [](u32 raw) { return std::string_view(find_encoding(raw)->name); };
    EXPECT_EQ(name(0xd503201f), "NOP_HINT");
    EXPECT_EQ(name(0xd503205f), "WFE");
    EXPECT_EQ(name(0xd503233f), "PAC_hint");
    EXPECT_EQ(name(0xd50320df), "DGH");
}

}  // namespace
}  // namespace bbmsim::cpu
