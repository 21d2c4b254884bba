// SPDX-License-Identifier: Apache-2.0
// Life of an interrupt: SGIs, PPIs and SPIs, level and edge, routing.
#include "tests/board/gic_fixture.hpp"

namespace bbmsim::board {
namespace {

struct Gic : GicFixture {
    void SetUp() override { bring_up(); }
};
struct GicOf20 : GicFixture {
    GicOf20() : GicFixture(20) {}
    void SetUp() override { bring_up(); }
};
struct GicReset : GicFixture {};

u64 sgi(unsigned intid, u64 aff1, u64 targets) { return u64{intid} << 24 | aff1 << 16 | targets; }

TEST_F(Gic, SgiTravelsFromOnePeToAnother) {
    enable_private(2, 5);
    icc_set(0, icc::kSgi1r, sgi(5, 0, 1 << 2));
    EXPECT_TRUE(irq[2]);
    EXPECT_FALSE(irq[0] || irq[1] || irq[3]);
    EXPECT_EQ(redist(2, gicr::kSgi + gicd::kIspendr), 1u << 5);
    EXPECT_EQ(ack(2), 5u);
    EXPECT_FALSE(irq[2]);
    EXPECT_EQ(redist(2, gicr::kSgi + gicd::kIspendr), 0u);
    EXPECT_EQ(redist(2, gicr::kSgi + gicd::kIsactiver), 1u << 5);
    icc_set(1, icc::kSgi1r, sgi(5, 0, 1 << 2));
    EXPECT_FALSE(irq[2]) << "active and pending";
    eoi(2, 5);
    EXPECT_TRUE(irq[2]) << "the second one";
    EXPECT_EQ(ack(2), 5u);
    eoi(2, 5);
    EXPECT_EQ(ack(2), kSpurious);
}

TEST_F(Gic, SgiToAllButSelfAndToItself) {
    for (PeId pe = 0; pe < 4; ++pe) enable_private(pe, 1);
    icc_set(1, icc::kSgi1r, sgi(1, 0, 0) | u64{1} << 40);
    EXPECT_TRUE(irq[0] && irq[2] && irq[3]);
    EXPECT_FALSE(irq[1]);
    icc_set(1, icc::kSgi1r, sgi(1, 0, 1 << 1));
    EXPECT_TRUE(irq[1]);
}

TEST_F(GicOf20, SgiTargetListIsOfOneAff1) {
    for (PeId pe = 0; pe < 20; ++pe) enable_private(pe, 3);
    icc_set(0, icc::kSgi1r, sgi(3, 1, 0xffff));
    for (PeId pe = 0; pe < 20; ++pe) EXPECT_EQ(irq[pe], pe >= 16) << unsigned{pe};
    icc_set(0, icc::kSgi1r, sgi(3, 0, 1 << 2) | u64{1} << 32);  // Aff2 = 1: nobody
    icc_set(0, icc::kSgi1r, sgi(3, 0, 1 << 2) | u64{1} << 44);  // RS = 1: Aff0 16 to 31, nobody
    EXPECT_FALSE(irq[2]);
}

TEST_F(Gic, SgiOfTheOtherGroupIsDropped) {
    enable_private(1, 4);
    icc_set(0, icc::kSgi0r, sgi(4, 0, 2));
    EXPECT_EQ(redist(1, gicr::kSgi + gicd::kIspendr), 0u);
    icc_set(0, icc::kAsgi1r, sgi(4, 0, 2));
    EXPECT_EQ(redist(1, gicr::kSgi + gicd::kIspendr), 0u);
}

TEST_F(Gic, DisabledInterruptsStayPending) {
    icc_set(0, icc::kSgi1r, sgi(7, 0, 1));
    EXPECT_FALSE(irq[0]);
    EXPECT_EQ(icc_get(0, icc::kHppir1), kSpurious);
    redist_write(0, gicr::kSgi + gicd::kIsenabler, 1 << 7);
    EXPECT_TRUE(irq[0]);
    redist_write(0, gicr::kSgi + gicd::kIcenabler, 1 << 7);
    EXPECT_FALSE(irq[0]);
    redist_write(0, gicr::kSgi + gicd::kIcpendr, 1 << 7);
    redist_write(0, gicr::kSgi + gicd::kIsenabler, 1 << 7);
    EXPECT_FALSE(irq[0]);
}

TEST_F(Gic, LevelPpiComesBackUntilTheDeviceIsQuiet) {
    enable_private(3, 27);
    gic.set_ppi(3, 27, true);
    EXPECT_TRUE(irq[3]);
    EXPECT_EQ(ack(3), 27u);
    EXPECT_EQ(redist(3, gicr::kSgi + gicd::kIspendr), 1u << 27) << "still high: active and pending";
    eoi(3, 27);
    EXPECT_TRUE(irq[3]);
    EXPECT_EQ(ack(3), 27u);
    gic.set_ppi(3, 27, false);
    eoi(3, 27);
    EXPECT_FALSE(irq[3]);
    gic.set_ppi(3, 27, true);
    gic.set_ppi(3, 27, false);
    EXPECT_FALSE(irq[3]) << "a level leaves nothing behind";
    EXPECT_EQ(ack(3), kSpurious);
}

TEST_F(Gic, EdgeSpiIsLatchedOncePerEdge) {
    make_edge(40);
    enable_spi(40);
    gic.set_spi(40, true);
    gic.set_spi(40, false);
    EXPECT_TRUE(irq[0]);
    EXPECT_EQ(ack(0), 72u);
    eoi(0, 72);
    EXPECT_FALSE(irq[0]);
    gic.set_spi(40, true);
    EXPECT_EQ(ack(0), 72u);
    gic.set_spi(40, true);  // no edge
    eoi(0, 72);
    EXPECT_FALSE(irq[0]);
    gic.set_spi(40, false);
    gic.set_spi(40, true);
    EXPECT_TRUE(irq[0]);
}

TEST_F(Gic, SoftwarePendingOnALevelInterruptIsALatch) {
    enable_spi(1);
    dist_write(gicd::kIspendr + 4, 1 << 1);
    EXPECT_TRUE(irq[0]);
    gic.set_spi(1, true);
    dist_write(gicd::kIcpendr + 4, 1 << 1);
    EXPECT_TRUE(irq[0]) << "the line is high whatever is written";
    gic.set_spi(1, false);
    EXPECT_FALSE(irq[0]);
}

TEST_F(Gic, SgisAreEdgeForGood) {
    EXPECT_EQ(redist(0, gicr::kSgi + gicd::kIcfgr), 0xaaaa'aaaau);
    redist_write(0, gicr::kSgi + gicd::kIcfgr, 0);
    EXPECT_EQ(redist(0, gicr::kSgi + gicd::kIcfgr), 0xaaaa'aaaau);
    redist_write(0, gicr::kSgi + gicd::kIcfgr + 4, 0xffff'ffff);
    EXPECT_EQ(redist(0, gicr::kSgi + gicd::kIcfgr + 4), 0xaaaa'aaaau);
}

TEST_F(GicOf20, SpiGoesWhereItsAffinityRoutesIt) {
    enable_spi(2, 0xa0, 0x103);
    gic.set_spi(2, true);
    EXPECT_TRUE(irq[19]);
    dist_write(gicd::kIrouter + 8 * 34, 0x2, 8);
    EXPECT_FALSE(irq[19]);
    EXPECT_TRUE(irq[2]);
    dist_write(gicd::kIrouter + 8 * 34, 0x104, 8);  // not on this board
    for (PeId pe = 0; pe < 20; ++pe) EXPECT_FALSE(irq[pe]);
    EXPECT_EQ(dist(gicd::kIrouter + 8 * 34, 8), 0x104u);
    dist_write(gicd::kIrouter + 8 * 34, 0x1, 4);  // the low half
    EXPECT_TRUE(irq[1]);
    dist_write(gicd::kIrouter + 8 * 34 + 4, 0x1, 4);  // Aff3
    EXPECT_FALSE(irq[1]);
    EXPECT_EQ(dist(gicd::kIrouter + 8 * 34, 8), 0x1'0000'0001u);
}

TEST_F(Gic, OneOfNSpiGoesToAPeThatTakesPart) {
    enable_spi(9, 0xa0, u64{1} << 31);
    gic.set_spi(9, true);
    EXPECT_TRUE(irq[0]);
    redist_write(0, gicr::kWaker, 2);
    EXPECT_TRUE(irq[1]);
    EXPECT_FALSE(irq[0]);
    icc_set(1, icc::kIgrpen1, 0);
    EXPECT_TRUE(irq[2]);
    EXPECT_FALSE(irq[1]);
    EXPECT_EQ(ack(1), kSpurious);
    EXPECT_EQ(ack(2), 41u);
    EXPECT_FALSE(irq[2] || irq[3]);
    gic.set_spi(9, false);
    eoi(2, 41);
    icc_set(1, icc::kIgrpen1, 1);
    redist_write(0, gicr::kWaker, 0);
    gic.set_spi(9, true);
    EXPECT_TRUE(irq[0]);
}

TEST_F(Gic, ASleepingPeIsNotSignalled) {
    enable_private(1, 27);
    redist_write(1, gicr::kWaker, 2);
    EXPECT_EQ(redist(1, gicr::kWaker), 6u) << "ChildrenAsleep follows";
    gic.set_ppi(1, 27, true);
    EXPECT_FALSE(irq[1]);
    redist_write(1, gicr::kWaker, 0);
    EXPECT_EQ(redist(1, gicr::kWaker), 0u);
    EXPECT_TRUE(irq[1]);
}

TEST_F(Gic, DistributorGroupEnableGatesEverything) {
    enable_private(0, 27);
    enable_spi(3);
    gic.set_spi(3, true);
    gic.set_ppi(0, 27, true);
    dist_write(gicd::kCtlr, 0);
    EXPECT_FALSE(irq[0]);
    EXPECT_EQ(ack(0), kSpurious);
    dist_write(gicd::kCtlr, 2);
    EXPECT_TRUE(irq[0]);
    EXPECT_EQ(ack(0), 27u) << "equal priority: lowest INTID";
    EXPECT_EQ(icc_get(0, icc::kHppir1), 35u);
}

TEST_F(GicReset, PowersOnQuiet) {
    EXPECT_EQ(dist(gicd::kCtlr), 0x50u) << "one Security state, affinity routing, groups off";
    EXPECT_EQ(dist(gicd::kTyper) & 0x1f, 8u) << "288 INTIDs";
    dist_write(gicd::kCtlr, 0xffff'ffff);
    EXPECT_EQ(dist(gicd::kCtlr), 0x53u);
    EXPECT_EQ(redist(0, gicr::kWaker), 6u);
    for (const u64 r : {gicd::kIgroupr, gicd::kIsenabler, gicd::kIspendr, gicd::kIsactiver}) {
        EXPECT_EQ(dist(r), 0u) << "word 0 is the redistributors'";
        EXPECT_EQ(dist(r + 4), 0u);
        EXPECT_EQ(redist(3, gicr::kSgi + r), 0u);
    }
}

TEST_F(GicReset, LinuxFindsEachRedistributorByItsAffinity) {
    EXPECT_EQ(dist(gicd::kPidr2) & 0xf0, 0x30u) << "GICv3";
    unsigned found = 0;
    for (u64 base = 0;; base += gicr::kStride) {
        EXPECT_EQ(gic.redistributors().read(base + gicr::kPidr2, 4) & 0xf0, 0x30u);
        const u64 typer = gic.redistributors().read(base + gicr::kTyper, 8);
        EXPECT_EQ(typer >> 32, found);
        EXPECT_EQ(typer >> 8 & 0xffff, found);
        EXPECT_EQ(typer & 0x3, 0u) << "no LPIs";
        EXPECT_EQ(gic.redistributors().read(base + gicr::kTyper + 4, 4), typer >> 32);
        ++found;
        if ((typer & 0x10) != 0) break;
        ASSERT_LT(found, 4u);
    }
    EXPECT_EQ(found, 4u);
    EXPECT_EQ(gic.redistributors().read(4 * gicr::kStride + gicr::kTyper, 8), 0u) << "behind the last";
    EXPECT_TRUE(gic.notes().empty());
}

TEST_F(GicReset, InterruptsThatDoNotExistAreIgnored) {
    gic.set_spi(256, true);
    gic.set_ppi(0, 15, true);
    gic.set_ppi(0, 32, true);
    dist_write(gicd::kIsenabler + 4 * 9, 0xffff'ffff);
    EXPECT_EQ(dist(gicd::kIsenabler + 4 * 9), 0u);
    dist_write(gicd::kIpriorityr + 288, 0xff, 1);
    EXPECT_EQ(dist(gicd::kIpriorityr + 288, 1), 0u);
    dist_write(gicd::kIrouter + 8 * 1019, 1, 8);
    EXPECT_EQ(dist(gicd::kIrouter + 8 * 1019, 8), 0u);
    EXPECT_TRUE(gic.notes().empty());
    dist_write(0x2000, 1);
    redist_write(2, 0x40, 1, 8);
    ASSERT_EQ(gic.notes().size(), 2u);
    EXPECT_EQ(gic.notes()[0], "gicd: 1 accesses to registers that are not modelled: 0x2000 (0 reads, 1 writes)");
    EXPECT_EQ(gic.notes()[1].substr(0, 10), "PE 2: gicr");
}

TEST(GicConfiguration, WrongSizesAreRefused) {
    EXPECT_THROW(GicV3(0, {}, {}), std::invalid_argument);
    EXPECT_THROW(GicV3(65, {}, {}), std::invalid_argument);
    EXPECT_THROW(GicV3(1, {}, {}, 33), std::invalid_argument);
    EXPECT_THROW(GicV3(1, {}, {}, 992), std::invalid_argument);
    EXPECT_NO_THROW(GicV3(64, {}, {}, 960));
}

}  // namespace
}  // namespace bbmsim::board
