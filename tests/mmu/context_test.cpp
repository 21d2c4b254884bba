// SPDX-License-Identifier: Apache-2.0
// What TCR, TTBR0/1 and SCTLR select: halves, sizes, EPD, TBI, A1 and ASIDs, E0PD, the MMU off.
#include "tests/mmu/machine.hpp"

#include <gtest/gtest.h>

namespace bbmsim::mmu::testing {
namespace {

constexpr u64 kLow = 0x1000, kHigh = 0xffff'0000'0000'1000;

class ContextTest : public ::testing::Test {
protected:
    Machine m;
    u64 root0 = m.table(), root1 = m.table();
    void SetUp() override {
        m.map(root0, kLow, 3, (kBase + 0x100000) | bits::kPage | bits::kEl0 | bits::kNg | bits::attr(kNormal));
        m.map(root1, kHigh, 3, (kBase + 0x200000) | bits::kPage | bits::kEl0 | bits::kNg | bits::attr(kNormal));
    }
    Outcome at(u64 va, u64 tcr_extra = 0, Access a = Access::kRead, bool privileged = true) {
        m.mmu().set_context(context(root0, root1, Granule::k4K, tcr_extra));
        return m.mmu().translate(access(va, a, privileged));
    }
    u64 pa(u64 va, u64 tcr_extra = 0) { return at(va, tcr_extra).pa; }
    u8 fsc(u64 va, u64 tcr_extra = 0) { return at(va, tcr_extra).fault.fsc(); }
};

TEST_F(ContextTest, EachHalfHasItsBaseRegister) {
    EXPECT_EQ(pa(kLow), kBase + 0x100000);
    EXPECT_EQ(pa(kHigh), kBase + 0x200000);
}

TEST_F(ContextTest, AddressesBetweenTheHalvesFaultAtLevel0) {
    for (const u64 va :
         {u64{1} << 48, u64{0x00ff'0000'0000'0000}, u64{0xfffe'ffff'ffff'f000}, u64{0x8000'0000'0000'1000}})
        EXPECT_EQ(fsc(va), 0b000100) << std::hex << va;
}

TEST_F(ContextTest, EpdStopsWalksButNotHits) {
    pa(kLow);
    EXPECT_EQ(fsc(kLow, tcr::kEpd0), 0);
    EXPECT_EQ(fsc(kHigh, tcr::kEpd1), 0b000100);
    m.mmu().invalidate_all();
    EXPECT_EQ(fsc(kLow, tcr::kEpd0), 0b000100);
    EXPECT_EQ(fsc(kHigh, tcr::kEpd0), 0);
}

TEST_F(ContextTest, TbiIgnoresTheTopByteOfItsHalf) {
    const u64 tagged_low = kLow | u64{0x5a} << 56, tagged_high = kHigh ^ u64 { 0x5a } << 56;
    EXPECT_EQ(fsc(tagged_low), 0b000100);
    EXPECT_EQ(pa(tagged_low, tcr::kTbi0), kBase + 0x100000);
    EXPECT_EQ(pa(tagged_high, tcr::kTbi1), kBase + 0x200000);
    EXPECT_EQ(fsc(tagged_high, tcr::kTbi0), 0b000100);
    EXPECT_EQ(m.mmu().entries(Structure::kL1D).size(), 2u);  // one entry, whatever the tag
    EXPECT_EQ(at(tagged_low, tcr::kTbi0, Access::kFetch, false).fault.fsc(), 0);
    EXPECT_EQ(at(tagged_low, tcr::kTbi0 | tcr::kTbid0, Access::kFetch, false).fault.fsc(), 0b000100);
}

TEST_F(ContextTest, SizesMoveTheInitialLevel) {
    // 39-bit VA in 4K: the walk begins at level 1; the same tables, one level less.
    const u64 level1 = m.get(root0) & ~u64{3} & ((u64{1} << 48) - 1);
    Context c = context(level1);
    c.tcr = (c.tcr & ~u64{63}) | tcr::t0sz(25);
    m.mmu().set_context(c);
    const Outcome out = m.mmu().translate(read(kLow));
    EXPECT_EQ(out.pa, kBase + 0x100000);
    EXPECT_EQ(out.cycles, 4u + 3 * 10);
    EXPECT_EQ(m.mmu().translate(read(u64{1} << 39)).fault.fsc(), 0b000100);
}

TEST_F(ContextTest, SizesOutOfRangeFaultAtLevel0) {
    for (const unsigned size : {15u, 40u, 63u, 0u}) {
        Context c = context(root0);
        c.tcr = (c.tcr & ~u64{63}) | tcr::t0sz(size);
        m.mmu().set_context(c);
        EXPECT_EQ(m.mmu().translate(read(kLow)).fault.fsc(), 0b000100) << size;
    }
}

TEST_F(ContextTest, A1SelectsTheRegisterThatHoldsTheAsid) {
    root0 |= u64{0x0007} << 48;
    root1 |= u64{0x0009} << 48;
    at(kLow, tcr::kAs);
    EXPECT_EQ(m.mmu().entries(Structure::kL1D).at(0).asid, 7);
    m.mmu().invalidate_all();
    at(kLow, tcr::kAs | tcr::kA1);
    EXPECT_EQ(m.mmu().entries(Structure::kL1D).at(0).asid, 9);
}

TEST_F(ContextTest, NonGlobalEntriesAnswerTheirAsidOnly) {
    root0 |= u64{0x0007} << 48;
    at(kLow, tcr::kAs);
    root0 = (root0 & ~(u64{0xffff} << 48)) | u64{0x0107} << 48;
    at(kLow, tcr::kAs);
    EXPECT_EQ(m.mmu().stats.walks, 2u);
    m.mmu().invalidate_all();
    at(kLow);  // AS=0: the upper eight bits don't count
    EXPECT_EQ(m.mmu().entries(Structure::kL1D).at(0).asid, 7);
}

TEST_F(ContextTest, AnEightBitAsidMachineIgnoresTheUpperBits) {
    Context c = context(u64{0x0107} << 48, 0, Granule::k4K, tcr::kAs);
    EXPECT_EQ(c.asid(16), 0x107);
    EXPECT_EQ(c.asid(8), 7);
}

TEST_F(ContextTest, GlobalEntriesAnswerEveryAsid) {
    m.map(root0, 0x5000, 3, kBase | bits::kPage | bits::attr(kNormal));
    at(0x5000);
    root0 |= u64{0x33} << 48;
    at(0x5000);
    EXPECT_EQ(m.mmu().stats.walks, 1u);
}

TEST_F(ContextTest, E0pdFaultsEl0AccessesAtLevel0EvenOnAHit) {
    at(kHigh);
    EXPECT_EQ(at(kHigh, tcr::kE0pd1, Access::kRead, false).fault.fsc(), 0b000100);
    EXPECT_EQ(at(kHigh, tcr::kE0pd1).fault.fsc(), 0);
    EXPECT_EQ(at(kLow, tcr::kE0pd1, Access::kRead, false).fault.fsc(), 0);
}

TEST_F(ContextTest, HalvesMayHaveDifferentGranules) {
    const u64 root = m.table(Granule::k64K);
    m.map(root, kHigh, 3, 0x4030'0000 | bits::kPage | bits::attr(kNormal), Granule::k64K);
    Context c = context(root0, root);
    c.tcr = (c.tcr & ~(u64{3} << 30)) | tcr::tg1(Granule::k64K);
    m.mmu().set_context(c);
    EXPECT_EQ(m.mmu().translate(read(kHigh)).pa, 0x4030'1000u);
    EXPECT_EQ(m.mmu().translate(read(kLow)).pa, kBase + 0x100000);
}

TEST_F(ContextTest, PaBitsClampIps) {
    MmuConfig config;
    config.pa_bits = 36;
    Machine small(config);
    const u64 root = small.table();
    small.map(root, kLow, 3, (u64{1} << 36) | bits::kPage);
    small.mmu().set_context(context(root));  // IPS says 48
    EXPECT_EQ(small.mmu().translate(read(kLow)).fault.fsc(), 0b000011);
}

TEST_F(ContextTest, MmuOffAddressesBeyondThePaSizeFault) {
    Fault f = m.mmu().translate(read(u64{1} << 40)).fault;
    EXPECT_EQ(f.type, FaultType::kAddressSize);
    EXPECT_EQ(f.level, 0);
    Context c;
    c.tcr = tcr::kTbi0;
    m.mmu().set_context(c);
    EXPECT_EQ(m.mmu().translate(read(kBase | u64{0x77} << 56)).pa, kBase);
}

}  // namespace
}  // namespace bbmsim::mmu::testing
