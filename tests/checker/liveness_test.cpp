// SPDX-License-Identifier: Apache-2.0
// Who reaches a table, who may still hold entries of it, and when that ends.
#include "tests/checker/world.hpp"

namespace bbmsim::mmu {
namespace {

// The repaint: PE 0 (level 2) splits a block of the linear map; PE 1 has level 0.
struct Repaint : ::testing::Test {
    World w{{2, true}, {0}};
    LinearMap m{w};
    u64 pages = w.split(m.block);
    u64 reserved = w.page();
    void SetUp() override {
        w.enter1(0, m.l0);
        w.enter1(1, m.l0);
    }
    void split() { w.write(0, m.block_desc, World::table(pages)); }
    Ids result() {
        w.flush_all(0);
        w.checker.finish(0);
        EXPECT_TRUE(w.checker.notes().empty());
        return w.rules();
    }
};

TEST_F(Repaint, SecondaryInTheMap) {
    split();
    EXPECT_EQ(result(), Ids{"BBM-SIZE"});
    EXPECT_EQ(w.holders(), 0b10u);
}
TEST_F(Repaint, SecondaryParkedAndFlushed) {
    w.enter1(1, reserved);
    w.flush_local(1);
    split();
    EXPECT_TRUE(result().empty());
}
TEST_F(Repaint, SecondaryParkedWithItsMmuOffAndFlushed) {
    w.mmu_off(1);
    w.flush_local(1);
    split();
    EXPECT_TRUE(result().empty());
}
TEST_F(Repaint, SecondaryParkedButNotFlushed) {
    w.enter1(1, reserved);
    split();
    EXPECT_EQ(result(), Ids{"BBM-SIZE"});
    const Holder& h = w.checker.violations()[0].holders.at(0);
    EXPECT_TRUE(h.may_hold);
    EXPECT_FALSE(h.reaches);
    EXPECT_NE(w.checker.violations()[0].text.find("may still hold it"), std::string::npos);
}
TEST_F(Repaint, FlushBeforeLeavingDoesNotCount) {
    w.flush_local(1);
    w.enter1(1, reserved);
    split();
    EXPECT_EQ(result(), Ids{"BBM-SIZE"});
}
TEST_F(Repaint, FlushWithoutDsbDoesNotCount) {
    w.enter1(1, reserved);
    w.vmall(1);
    split();
    EXPECT_EQ(result(), Ids{"BBM-SIZE"});
}
TEST_F(Repaint, BroadcastOfAnotherPeEndsResidueToo) {
    w.enter1(1, reserved);
    w.flush_all(0);
    split();
    EXPECT_TRUE(result().empty());
}
TEST_F(Repaint, FlushByAddressAfterLeaving) {
    w.enter1(1, reserved);
    w.tlbi(1, TlbiKind::kVaa, TlbiScope::kLocal, LinearMap::block_va);
    w.dsb_nsh(1);
    split();
    EXPECT_TRUE(result().empty());
}
TEST_F(Repaint, LastLevelFlushAfterLeavingWithTheSameAsid) {
    // Walk-cache entries of the tables that it left still answer under that ASID (R_RVJDB, R_CHVGJ), and lead on.
    w.enter1(1, reserved);
    w.tlbi(1, TlbiKind::kVaal, TlbiScope::kLocal, LinearMap::block_va);
    w.dsb_nsh(1);
    split();
    EXPECT_EQ(result(), Ids{"BBM-SIZE"});
}
TEST_F(Repaint, LastLevelFlushAfterLeavingWithAnotherAsid) {
    w.enter(1, w.context(0, reserved, 1, u64{1} << 22));  // A1
    w.enter(1, w.context(0, reserved | u64{1} << 48, 0, u64{1} << 22));
    w.tlbi(1, TlbiKind::kVaal, TlbiScope::kLocal, LinearMap::block_va);
    w.dsb_nsh(1);
    split();
    EXPECT_TRUE(result().empty());
}
TEST_F(Repaint, FlushOfAnotherAddressAfterLeaving) {
    w.enter1(1, reserved);
    w.tlbi(1, TlbiKind::kVaal, TlbiScope::kLocal, LinearMap::table_va);
    w.dsb_nsh(1);
    split();
    EXPECT_EQ(result(), Ids{"BBM-SIZE"});
}
TEST_F(Repaint, AsidFlushDoesNotRemoveGlobalEntries) {
    w.enter1(1, reserved);
    w.tlbi(1, TlbiKind::kAsid, TlbiScope::kLocal, 0, 0);
    w.dsb_nsh(1);
    split();
    EXPECT_EQ(result(), Ids{"BBM-SIZE"});
}
TEST_F(Repaint, SecondaryComesBackBeforeTheSplit) {
    w.enter1(1, reserved);
    w.flush_local(1);
    w.enter1(1, m.l0);
    split();
    EXPECT_EQ(result(), Ids{"BBM-SIZE"});
    EXPECT_TRUE(w.checker.violations()[0].holders[0].reaches);
}
TEST_F(Repaint, LateComerNeverSawTheOldValue) {
    w.enter1(1, reserved);
    w.flush_local(1);
    split();
    w.enter1(1, m.l0);
    EXPECT_TRUE(result().empty());
}
TEST_F(Repaint, LocalFlushSufficesWhenParkedPesHoldNothing) {
    w.enter1(1, reserved);
    w.flush_local(1);
    w.write(0, m.block_desc, 0);
    w.flush_local(0);
    w.write(0, m.block_desc, w.block(World::kBlock + (2 << 20)));
    EXPECT_TRUE(result().empty());
}
TEST_F(Repaint, LocalFlushDoesNotWhenTheTwinDidNotFlush) {
    w.enter1(1, reserved);
    w.write(0, m.block_desc, 0);
    w.flush_local(0);
    w.write(0, m.block_desc, w.block(World::kBlock + (2 << 20)));
    EXPECT_EQ(result(), Ids{"BBM-LOCAL-TLBI"});
    EXPECT_EQ(w.holders(), 0b10u);
}
TEST_F(Repaint, WriteTakesEffectForReachAtContextSynchronizationOnly) {
    // TTBR1 written but not yet synchronized: nothing is told, so PE 1 still reaches the map.
    split();
    w.enter1(1, reserved);
    w.flush_local(1);
    EXPECT_EQ(result(), Ids{"BBM-SIZE"});
}
TEST_F(Repaint, EpdEndsReach) {
    w.enter(1, w.context(0, 0));
    w.flush_local(1);
    split();
    EXPECT_TRUE(result().empty());
}

TEST(Liveness, WritesWithTheMmuOffAreFree) {
    World w{{0}};
    LinearMap m(w);
    w.write(0, m.block_desc, World::table(w.split(m.block)));
    w.write(0, m.block_desc, m.block);
    EXPECT_TRUE(w.silent());
    EXPECT_EQ(w.checker.stats().descriptor_writes, 0u);
}
TEST(Liveness, TablesNobodyReachesAreFree) {
    World w{{0}};
    LinearMap m(w), other(w);
    w.enter1(0, m.l0);
    w.write(0, other.block_desc, World::table(w.split(other.block)));
    EXPECT_TRUE(w.silent());
    EXPECT_EQ(w.checker.stats().live_tables, 4u);
}
TEST(Liveness, TablesAreFreeAfterTheLastPeLeftAndFlushed) {
    World w{{0}, {0}};
    LinearMap m(w);
    const u64 reserved = w.page();
    for (PeId pe : {PeId{0}, PeId{1}}) w.enter1(pe, m.l0);
    for (PeId pe : {PeId{0}, PeId{1}}) w.enter1(pe, reserved);
    w.flush_all(0);
    EXPECT_EQ(w.checker.stats().live_tables, 1u) << "the reserved table";
    EXPECT_EQ(w.domain.ram.page_flags(PhysAddr(m.l2)) & kWatched, 0);
    w.write(0, m.block_desc, w.block(World::kBase + (8 << 20)));
    EXPECT_TRUE(w.silent());
    w.enter1(0, m.l0);
    w.write(0, m.block_desc, m.block);
    EXPECT_EQ(w.rules(), Ids{"BBM-OA"}) << "live again, with the value it has now";
}

TEST(Liveness, PeThatIsOffDoesNotHold) {
    World w{{2}, {0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.enter1(1, m.l0);
    w.power(1, false);
    w.write(0, m.block_desc, World::table(w.split(m.block)));
    w.flush_all(0);
    w.checker.finish(0);
    EXPECT_TRUE(w.silent());
    w.power(1, true);
    w.flush_local(1);
    w.enter1(1, m.l0);
    EXPECT_TRUE(w.silent());
}
TEST(Liveness, PeThatWasOffEnablesItsMmuWithoutAFlush) {
    World w{{2}, {0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.enter1(1, m.l0);
    w.power(1, false);
    w.write(0, m.block_desc, 0);
    w.flush_all(0);
    w.write(0, m.block_desc, w.block(World::kBlock + (2 << 20)));
    EXPECT_TRUE(w.silent());
    w.power(1, true);
    w.enter1(1, m.l0);
    EXPECT_EQ(w.rules(), Ids{"BBM-NO-TLBI"});
    EXPECT_EQ(w.holders(), 0b10u);
}

TEST(Liveness, TablesLinkedLaterAreWatched) {
    World w{{0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    const u64 l1 = w.page(), l2 = w.page();
    w.poke(l1, World::table(l2));
    w.poke(l2, w.block(World::kBlock));
    w.write(0, m.l0 + 8, World::table(l1));
    w.write(0, l2, w.block(World::kBlock + (2 << 20)));
    EXPECT_EQ(w.rules(), Ids{"BBM-OA"});
    EXPECT_EQ(w.checker.violations()[0].va_lo, World::kLinear + (u64{1} << 39));
}
TEST(Liveness, UnlinkedTableMayBeReusedOnceItIsClean) {
    World w{{0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.write(0, m.table_desc, 0);
    w.flush_all(0);
    for (u64 i = 0; i < 512; ++i) w.write(0, m.l3 + 8 * i, w.leaf(World::kBase + (i << 13)));  // data, or another table
    EXPECT_TRUE(w.silent());
    EXPECT_EQ(w.domain.ram.page_flags(PhysAddr(m.l3)) & kWatched, 0);
}
TEST(Liveness, UnlinkedTableIsStillHeldBeforeTheTlbi) {
    World w{{0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.write(0, m.table_desc, 0);
    w.write(0, m.l3, w.leaf(World::kBase + (9 << 20)));
    EXPECT_EQ(w.rules(), Ids{"BBM-TABLE-REUSE"});
    EXPECT_EQ(w.checker.violations()[0].va_lo, LinearMap::table_va);
}
TEST(Liveness, RelinkedTableIsLiveAgain) {
    World w{{0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.write(0, m.table_desc, 0);
    w.flush_all(0);
    w.write(0, m.table_desc, World::table(m.l3));
    w.write(0, m.l3, w.leaf(World::kBase + (9 << 20)));
    EXPECT_EQ(w.rules(), Ids{"BBM-OA"});
}
TEST(Liveness, SharedTableIsJudgedForEveryPlace) {
    World w{{0}, {0}};
    LinearMap m(w);
    const u64 other = w.page();
    w.poke(other + 8, World::table(m.l1));
    w.enter1(0, m.l0);
    w.enter1(1, other);
    w.write(0, m.page_desc, w.leaf(World::kBlock));
    ASSERT_EQ(w.rules(), Ids{"BBM-OA"});
    EXPECT_EQ(w.holders(), 0b11u);
    EXPECT_EQ(w.checker.violations()[0].va_lo, LinearMap::table_va);
    EXPECT_EQ(w.checker.violations()[0].va_hi, LinearMap::table_va + (u64{1} << 39) + 0x1000);
    EXPECT_EQ(w.checker.stats().descriptor_writes, 1u);
}
TEST(Liveness, SharedTableStaysLiveThroughItsOtherParent) {
    World w{{0}};
    LinearMap m(w);
    w.poke(m.l2 + 24, World::table(m.l3));
    w.enter1(0, m.l0);
    w.write(0, m.table_desc, 0);
    w.flush_all(0);
    w.write(0, m.page_desc, w.leaf(World::kBlock));
    ASSERT_EQ(w.rules(), Ids{"BBM-OA"});
    EXPECT_EQ(w.checker.violations()[0].va_lo, World::kLinear + (6 << 20));
}
TEST(Liveness, RecursiveTable) {
    World w{{0}};
    LinearMap m(w);
    w.poke(m.l0 + 8 * 510, World::table(m.l0));
    w.enter1(0, m.l0);
    w.write(0, m.page_desc, w.leaf(World::kBlock));
    EXPECT_EQ(w.rules(), Ids{"BBM-OA"});
    w.write(0, m.l0 + 8 * 510, 0);
    w.flush_all(0);
    w.enter1(0, w.page());
    w.flush_all(0);
    EXPECT_EQ(w.checker.stats().live_tables, 1u);
}

TEST(Asids, LeavesOfADeadAsidAreNoFinding) {
    World w{{0}, {0}};
    LinearMap m(w);
    w.poke(m.page_desc, w.leaf(World::kBlock, kDescNg));
    w.enter(0, w.context(m.l0, 0, 5));
    w.write(0, m.page_desc, 0);  // exit: cleared, tables unlinked, one flush by ASID
    w.write(0, m.table_desc, 0);
    w.dsb_ishst(0);
    w.tlbi(0, TlbiKind::kAsid, TlbiScope::kInner, 0, 5);
    w.dsb(0);
    w.poke(m.page_desc, w.leaf(World::kBlock + 0x5000, kDescNg));
    w.write(0, m.table_desc, World::table(m.l3));
    EXPECT_TRUE(w.silent());
}
TEST(Asids, TlbiOfAnotherAsidCoversNothing) {
    World w{{0}};
    LinearMap m(w);
    w.poke(m.page_desc, w.leaf(World::kBlock, kDescNg));
    w.enter(0, w.context(m.l0, 0, 5));
    const u64 va = 2 << 20;
    w.write(0, m.page_desc, 0);
    w.dsb(0);
    w.tlbi(0, TlbiKind::kVa, TlbiScope::kInner, va, 6);
    w.dsb(0);
    w.write(0, m.page_desc, w.leaf(World::kBlock + 0x5000, kDescNg));
    EXPECT_EQ(w.rules(), Ids{"BBM-WRONG-TLBI"});
}
TEST(Asids, TlbiOfTheRightAsid) {
    for (const TlbiKind kind : {TlbiKind::kVa, TlbiKind::kVal, TlbiKind::kVaa, TlbiKind::kVaal, TlbiKind::kAsid}) {
        World w{{0}};
        LinearMap m(w);
        w.poke(m.page_desc, w.leaf(World::kBlock, kDescNg));
        w.enter(0, w.context(m.l0, 0, 5));
        w.write(0, m.page_desc, 0);
        w.dsb(0);
        w.tlbi(0, kind, TlbiScope::kInner, kind == TlbiKind::kAsid ? 0 : 2 << 20, 5);
        w.dsb(0);
        w.write(0, m.page_desc, w.leaf(World::kBlock + 0x5000, kDescNg));
        EXPECT_TRUE(w.silent()) << static_cast<int>(kind);
    }
}
TEST(Asids, TwoAsidsNeedTwoTlbis) {  // kpti: kernel and user ASID of one process
    World w{{0}};
    LinearMap m(w);
    w.poke(m.page_desc, w.leaf(World::kBlock, kDescNg));
    const auto change = [&](u64 oa) { w.write(0, m.page_desc, w.leaf(oa, kDescNg)); };
    w.enter(0, w.context(m.l0, 0, 4));
    w.enter(0, w.context(m.l0, 0, 5));
    const auto flush = [&](u16 asid) {
        w.dsb(0);
        w.tlbi(0, TlbiKind::kVal, TlbiScope::kInner, 2 << 20, asid);
        w.dsb(0);
    };
    w.write(0, m.page_desc, 0);
    flush(4);
    flush(5);
    change(World::kBlock + 0x1000);
    EXPECT_TRUE(w.silent());
    w.write(0, m.page_desc, 0);
    flush(5);
    change(World::kBlock + 0x2000);  // it has not run with ASID 4 since that value was made
    EXPECT_TRUE(w.silent());
    w.enter(0, w.context(m.l0, 0, 4));
    w.enter(0, w.context(m.l0, 0, 5));
    w.write(0, m.page_desc, 0);
    flush(5);
    change(World::kBlock + 0x3000);
    EXPECT_EQ(w.rules(), Ids{"BBM-NO-TLBI"});
}
TEST(Asids, ExitedProcessWhoseRootPageIsUsedAgain) {
    // The exiting PE flushes by ASID while its TTBR0 still names the emptied root (lazy TLB), then switches away.
    World w{{0}};
    LinearMap m(w);
    const u64 other = w.page();
    const u64 first = w.peek(m.l0);
    w.poke(m.block_desc, w.block(World::kBlock, kDescNg));
    for (u64 i = 0; i < 512; ++i) w.poke(m.l3 + 8 * i, w.peek(m.l3 + 8 * i) | kDescNg);
    for (u16 asid = 1; asid < 6; ++asid) {
        w.enter(0, w.context(m.l0, 0, asid));
        w.write(0, m.l0, asid == 1 ? first : World::table(asid & 1 ? m.l1 : m.l2));
        w.write(0, m.l0, 0);
        w.dsb_ishst(0);
        w.tlbi(0, TlbiKind::kAsid, TlbiScope::kInner, 0, asid);
        w.dsb(0);
        w.enter(0, w.context(other, 0, 0));
        EXPECT_EQ(w.checker.stats().live_tables, 1u);
        for (u64 i = 0; i < 8; ++i) w.write(0, m.l0 + 8 * i, w.block(i << 21));  // as data
        for (u64 i = 0; i < 8; ++i) w.write(0, m.l0 + 8 * i, 0);
    }
    EXPECT_TRUE(w.silent());
}
TEST(Asids, RootIsForgottenAfterAnAsidFlush) {
    World w{{0}};
    LinearMap m(w);
    w.poke(m.block_desc, w.block(World::kBlock, kDescNg));
    for (u64 i = 0; i < 512; ++i) w.poke(m.l3 + 8 * i, w.peek(m.l3 + 8 * i) | kDescNg);
    w.enter(0, w.context(m.l0, 0, 5));
    w.enter(0, w.context(w.page(), 0, 6));
    w.tlbi(0, TlbiKind::kAsid, TlbiScope::kInner, 0, 5);
    w.dsb(0);
    EXPECT_EQ(w.checker.stats().live_tables, 1u);
    w.write(0, m.block_desc, w.block(World::kBase + (8 << 20)));
    EXPECT_TRUE(w.silent());
}

}  // namespace
}  // namespace bbmsim::mmu
