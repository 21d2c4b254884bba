// SPDX-License-Identifier: Apache-2.0
// The CPU interface: priority masking, preemption, EOI modes, groups, access rules.
#include "tests/board/gic_fixture.hpp"

namespace bbmsim::board {
namespace {

struct GicPriority : GicFixture {
    void SetUp() override { bring_up(); }
};
struct GicCold : GicFixture {};

TEST_F(GicPriority, HighestPriorityFirstThenLowestIntid) {
    enable_spi(1, 0x80);
    enable_spi(2, 0x40);
    enable_private(0, 27, 0x80);
    gic.set_spi(1, true);
    gic.set_spi(2, true);
    gic.set_ppi(0, 27, true);
    EXPECT_EQ(icc_get(0, icc::kHppir1), 34u);
    EXPECT_EQ(ack(0), 34u);
    EXPECT_EQ(icc_get(0, icc::kHppir1), 27u);
    dist_write(gicd::kIpriorityr + 33, 0x10, 1);
    EXPECT_EQ(icc_get(0, icc::kHppir1), 33u) << "a change of priority counts at once";
}

TEST_F(GicPriority, PriorityMaskHoldsBackTheEqualAndTheLower) {
    enable_private(0, 27, 0x80);
    gic.set_ppi(0, 27, true);
    icc_set(0, icc::kPmr, 0x80);
    EXPECT_FALSE(irq[0]);
    EXPECT_EQ(ack(0), kSpurious);
    EXPECT_EQ(icc_get(0, icc::kHppir1), 27u) << "HPPIR looks past the mask";
    icc_set(0, icc::kPmr, 0x88);
    EXPECT_TRUE(irq[0]);
    icc_set(0, icc::kPmr, 0x80);
    EXPECT_FALSE(irq[0]);
    icc_set(0, icc::kPmr, 0xff);
    EXPECT_EQ(icc_get(0, icc::kPmr), 0xf8u) << "five bits";
    icc_set(0, icc::kPmr, 0x08);
    EXPECT_EQ(icc_get(0, icc::kPmr), 0x08u) << "Linux's test for group 0";
}

TEST_F(GicPriority, PreemptionNestsAndUnwinds) {
    enable_spi(1, 0xa0);
    enable_spi(2, 0x60);
    enable_spi(3, 0x60);
    gic.set_spi(1, true);
    EXPECT_EQ(icc_get(0, icc::kRpr), 0xffu);
    EXPECT_EQ(ack(0), 33u);
    EXPECT_EQ(icc_get(0, icc::kRpr), 0xa0u);
    gic.set_spi(2, true);
    EXPECT_TRUE(irq[0]) << "0x60 preempts 0xa0";
    EXPECT_EQ(ack(0), 34u);
    EXPECT_EQ(icc_get(0, icc::kRpr), 0x60u);
    EXPECT_EQ(icc_get(0, icc::kAp1r0), 1u << (0x60 >> 3) | 1u << (0xa0 >> 3));
    gic.set_spi(3, true);
    EXPECT_FALSE(irq[0]) << "equal priority does not preempt";
    EXPECT_EQ(ack(0), kSpurious);
    gic.set_spi(2, false);
    eoi(0, 34);
    EXPECT_EQ(icc_get(0, icc::kRpr), 0xa0u);
    EXPECT_TRUE(irq[0]);
    EXPECT_EQ(ack(0), 35u);
    gic.set_spi(3, false);
    eoi(0, 35);
    gic.set_spi(1, false);
    eoi(0, 33);
    EXPECT_EQ(icc_get(0, icc::kRpr), 0xffu);
    EXPECT_EQ(icc_get(0, icc::kAp1r0), 0u);
    EXPECT_EQ(dist(gicd::kIsactiver + 4), 0u);
}

TEST_F(GicPriority, BinaryPointMakesPrioritiesOfAGroupEqual) {
    enable_spi(1, 0x70);
    enable_spi(2, 0x60);
    EXPECT_EQ(icc_get(0, icc::kBpr1), 3u);
    icc_set(0, icc::kBpr1, 5);  // group priority [7:5]
    gic.set_spi(1, true);
    EXPECT_EQ(ack(0), 33u);
    EXPECT_EQ(icc_get(0, icc::kRpr), 0x60u) << "the group priority";
    gic.set_spi(2, true);
    EXPECT_FALSE(irq[0]);
    icc_set(0, icc::kBpr1, 0);
    EXPECT_EQ(icc_get(0, icc::kBpr1), 3u) << "the least with five bits";
    gic.set_spi(1, false);
    eoi(0, 33);
    EXPECT_EQ(ack(0), 34u);
}

TEST_F(GicPriority, CommonBinaryPointTakesBpr0) {
    icc_set(0, icc::kBpr0, 0);
    EXPECT_EQ(icc_get(0, icc::kBpr0), 2u);
    icc_set(0, icc::kCtlr, 1);
    EXPECT_EQ(icc_get(0, icc::kBpr1), 3u);
    icc_set(0, icc::kBpr0, 7);
    EXPECT_EQ(icc_get(0, icc::kBpr1), 7u);
    icc_set(0, icc::kBpr1, 4);
    icc_set(0, icc::kCtlr, 0);
    EXPECT_EQ(icc_get(0, icc::kBpr1), 3u) << "writes under CBPR were ignored";
    icc_set(0, icc::kCtlr, 1);
    enable_spi(1, 0xa0);
    enable_spi(2, 0x00);
    gic.set_spi(1, true);
    EXPECT_EQ(ack(0), 33u);
    gic.set_spi(2, true);
    EXPECT_FALSE(irq[0]) << "binary point 7: nothing preempts";
}

TEST_F(GicPriority, EoiModeSplitsDropAndDeactivation) {
    icc_set(0, icc::kCtlr, 2);
    EXPECT_EQ(icc_get(0, icc::kCtlr) & 3, 2u);
    enable_spi(1, 0xa0);
    enable_spi(2, 0xa0);
    gic.set_spi(1, true);
    EXPECT_EQ(ack(0), 33u);
    gic.set_spi(2, true);
    EXPECT_FALSE(irq[0]);
    eoi(0, 33);
    EXPECT_EQ(icc_get(0, icc::kRpr), 0xffu) << "dropped";
    EXPECT_EQ(dist(gicd::kIsactiver + 4), 1u << 1) << "and still active";
    EXPECT_EQ(ack(0), 34u) << "so that others run and this one does not come back";
    eoi(0, 34);
    EXPECT_FALSE(irq[0]);
    icc_set(0, icc::kDir, 33);
    EXPECT_EQ(dist(gicd::kIsactiver + 4), 1u << 2);
    EXPECT_EQ(ack(0), 33u) << "its line is still high";
}

TEST_F(GicPriority, DirIsForSplitModeOnly) {
    enable_spi(1);
    gic.set_spi(1, true);
    EXPECT_EQ(ack(0), 33u);
    icc_set(0, icc::kDir, 33);
    EXPECT_EQ(dist(gicd::kIsactiver + 4), 1u << 1);
}

TEST_F(GicPriority, DeactivationByAnotherPeLetsTheLevelReturn) {
    for (PeId pe = 0; pe < 2; ++pe) icc_set(pe, icc::kCtlr, 2);
    enable_spi(1);
    gic.set_spi(1, true);
    EXPECT_EQ(ack(0), 33u);
    eoi(0, 33);
    EXPECT_FALSE(irq[0]);
    icc_set(1, icc::kDir, 33);
    EXPECT_TRUE(irq[0]);
}

TEST_F(GicPriority, EoiOfSpuriousAndOfNothingIsIgnored) {
    enable_spi(1);
    gic.set_spi(1, true);
    EXPECT_EQ(ack(0), 33u);
    for (const u64 id : {1020u, 1021u, 1022u, 1023u, 0xff'ffffu}) eoi(0, id);
    EXPECT_EQ(icc_get(0, icc::kRpr), 0xa0u);
    icc_set(0, icc::kEoir0, 33);
    EXPECT_EQ(icc_get(0, icc::kRpr), 0xa0u) << "the running interrupt is of group 1";
    EXPECT_EQ(dist(gicd::kIsactiver + 4), 1u << 1);
    eoi(0, 33);
    eoi(0, 33);
    EXPECT_EQ(icc_get(0, icc::kRpr), 0xffu);
    icc_set(0, icc::kEoir1, 700);  // beyond this GIC's SPIs
}

TEST_F(GicPriority, GroupZeroIsAnFiq) {
    dist_write(gicd::kCtlr, 3);
    icc_set(0, icc::kIgrpen0, 1);
    enable_spi(1, 0x40);
    enable_spi(2, 0x80);
    dist_write(gicd::kIgroupr + 4, 0xffff'fffd);
    gic.set_spi(2, true);
    EXPECT_TRUE(irq[0]);
    gic.set_spi(1, true);
    EXPECT_TRUE(fiq[0]);
    EXPECT_FALSE(irq[0]) << "the higher priority is signalled";
    EXPECT_EQ(ack(0), kSpurious) << "IAR1 is for group 1";
    EXPECT_EQ(icc_get(0, icc::kHppir0), 33u);
    EXPECT_EQ(icc_get(0, icc::kHppir1), kSpurious);
    EXPECT_EQ(icc_get(0, icc::kIar0), 33u);
    EXPECT_EQ(icc_get(0, icc::kAp0r0), 1u << (0x40 >> 3));
    gic.set_spi(1, false);
    icc_set(0, icc::kEoir0, 33);
    EXPECT_FALSE(fiq[0]);
    EXPECT_TRUE(irq[0]);
    icc_set(0, icc::kIgrpen0, 0);
    gic.set_spi(1, true);
    EXPECT_TRUE(irq[0]) << "a disabled group hides nothing";
}

TEST_F(GicPriority, ResetOfTheInterfaceDropsItsState) {
    enable_private(1, 27);
    gic.set_ppi(1, 27, true);
    EXPECT_EQ(ack(1), 27u);
    redist_write(1, gicr::kSgi + gicd::kIcactiver, 1u << 27);
    icc_set(1, icc::kAp1r0, 0);
    EXPECT_TRUE(irq[1]);
    gic.reset_cpu_interface(1);
    EXPECT_FALSE(irq[1]);
    EXPECT_EQ(icc_get(1, icc::kPmr), 0u);
    EXPECT_EQ(icc_get(1, icc::kIgrpen1), 0u);
    bring_up_pe(1);
    EXPECT_TRUE(irq[1]) << "the redistributor kept what was pending";
}

TEST_F(GicCold, RegistersReadAsLinuxProbesThem) {
    EXPECT_EQ(icc_get(0, icc::kSre), 7u);
    icc_set(0, icc::kSre, 0);
    EXPECT_EQ(icc_get(0, icc::kSre), 7u);
    const u64 ctlr = icc_get(0, icc::kCtlr);
    EXPECT_EQ(ctlr >> 8 & 7, 4u) << "PRIbits";
    EXPECT_EQ(ctlr >> 11 & 7, 0u) << "16-bit INTIDs";
    EXPECT_EQ(ctlr >> 18 & 1, 0u) << "no range selector";
    EXPECT_EQ(icc_get(0, icc::kRpr), 0xffu);
    EXPECT_EQ(ack(0), kSpurious);
}

TEST_F(GicCold, WhatDoesNotExistOrIsOneWayIsUndefined) {
    u64 value = 0;
    for (const u32 id : {icc::kEoir0, icc::kEoir1, icc::kDir, icc::kSgi0r, icc::kSgi1r, icc::kAsgi1r})
        EXPECT_FALSE(gic.icc_read(0, id, value));
    for (const u32 id : {icc::kIar0, icc::kIar1, icc::kHppir0, icc::kHppir1, icc::kRpr})
        EXPECT_FALSE(gic.icc_write(0, id, 0));
    for (unsigned n = 1; n < 4; ++n) {  // five priority bits: APR 1 to 3 are not there
        EXPECT_FALSE(gic.icc_read(0, icc_id(3, 0, 12, 8, 4 + n), value));
        EXPECT_FALSE(gic.icc_write(0, icc_id(3, 0, 12, 9, n), 0));
    }
    EXPECT_FALSE(gic.icc_read(0, icc_id(3, 6, 12, 12, 7), value)) << "ICC_IGRPEN1_EL3";
}

}  // namespace
}  // namespace bbmsim::board
