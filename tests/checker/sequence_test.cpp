// SPDX-License-Identifier: Apache-2.0
// The sequence write, DSB, TLBI, DSB, write (R_DDMVT): what is missing names the finding.
#include "tests/checker/world.hpp"

#include <algorithm>

namespace bbmsim::mmu {
namespace {

struct Break : ::testing::Test {
    World w{{0}, {0}};
    LinearMap m{w};
    u64 pages = w.split(m.block);
    void SetUp() override {
        w.enter1(0, m.l0);
        w.enter1(1, m.l0);
        w.write(0, m.block_desc, 0);
    }
    void make(PeId pe = 0) { w.write(pe, m.block_desc, World::table(pages), 0x2000); }
};

TEST_F(Break, NoTlbi) {
    w.dsb(0);
    make();
    EXPECT_EQ(w.rules(), Ids{"BBM-NO-TLBI"});
    EXPECT_EQ(w.holders(), 0b11u);
    EXPECT_EQ(w.checker.violations()[0].old_value, m.block);
}
TEST_F(Break, NoDsbBeforeTlbi) {
    w.vmall_is(0);
    w.dsb(0);
    make();
    EXPECT_EQ(w.rules(), Ids{"BBM-NO-DSB-BEFORE-TLBI"});
}
TEST_F(Break, NoDsbBeforeTlbiByAddress) {
    w.tlbi(0, TlbiKind::kVaa, TlbiScope::kInner, LinearMap::block_va);
    w.dsb(0);
    make();
    EXPECT_EQ(w.rules(), Ids{"BBM-NO-DSB-BEFORE-TLBI"});
}
TEST_F(Break, NoDsbAfterTlbi) {
    w.dsb_ishst(0);
    w.vmall_is(0);
    make();
    EXPECT_EQ(w.rules(), Ids{"BBM-NO-DSB-AFTER-TLBI"});
}
TEST_F(Break, NoDsbAfterTlbiByAddress) {
    w.dsb_ishst(0);
    w.tlbi(0, TlbiKind::kVaa, TlbiScope::kInner, LinearMap::block_va);
    make();
    EXPECT_EQ(w.rules(), Ids{"BBM-NO-DSB-AFTER-TLBI"});
}
TEST_F(Break, LocalTlbi) {
    w.flush_local(0);
    make();
    EXPECT_EQ(w.rules(), Ids{"BBM-LOCAL-TLBI"});
    EXPECT_EQ(w.holders(), 0b10u);
}
TEST_F(Break, LocalTlbiByAddress) {
    w.dsb(0);
    w.tlbi(0, TlbiKind::kVaal, TlbiScope::kLocal, LinearMap::block_va);
    w.dsb(0);
    make();
    EXPECT_EQ(w.rules(), Ids{"BBM-LOCAL-TLBI"});
    EXPECT_EQ(w.holders(), 0b10u);
}
TEST_F(Break, LocalTlbisOfEveryPeAreEnough) {
    w.flush_local(0);
    w.checker.on_acquire(1);
    w.flush_local(1);
    make();
    EXPECT_TRUE(w.silent());
}
TEST_F(Break, DsbWithLoadsOnlyOrdersNothing) {
    w.dsb(0, BarrierDomain::kInner, BarrierType::kLoads);
    w.vmall_is(0);
    w.dsb(0);
    make();
    EXPECT_EQ(w.rules(), Ids{"BBM-NO-DSB-BEFORE-TLBI"});
}
TEST_F(Break, DsbOfStoresOnlyCompletesNoTlbi) {
    w.dsb_ishst(0);
    w.vmall_is(0);
    w.dsb_ishst(0);
    make();
    EXPECT_EQ(w.rules(), Ids{"BBM-NO-DSB-AFTER-TLBI"});
}
TEST_F(Break, NonShareableDsbIsTooNarrowForABroadcast) {
    w.dsb_nsh(0);
    w.vmall_is(0);
    w.dsb(0);
    make();
    EXPECT_EQ(w.rules(), Ids{"BBM-NO-DSB-BEFORE-TLBI"});
}
TEST_F(Break, NonShareableDsbDoesNotCompleteABroadcast) {
    w.dsb(0);
    w.vmall_is(0);
    w.dsb_nsh(0);
    make();
    EXPECT_EQ(w.rules(), Ids{"BBM-NO-DSB-AFTER-TLBI"});
}
TEST_F(Break, TheFinalDsbMustBeTheIssuers) {
    w.dsb(0);
    w.vmall_is(0);
    w.dsb(1);
    make();
    EXPECT_EQ(w.rules(), Ids{"BBM-NO-DSB-AFTER-TLBI"});
}
TEST_F(Break, BarriersAndTlbiOfAnotherPeAfterAcquire) {
    w.checker.on_acquire(1);
    w.flush_all(1);
    make();
    EXPECT_TRUE(w.silent());
}
TEST_F(Break, BarriersAndTlbiOfAnotherPeWithoutAcquire) {
    w.flush_all(1);
    make();
    EXPECT_EQ(w.rules(), Ids{"BBM-NO-DSB-BEFORE-TLBI"});
}
TEST_F(Break, WrittenAgainWithTheSameValue) {
    w.write(0, m.block_desc, m.block);
    EXPECT_TRUE(w.silent()) << "no difference of R_WHZWS";
    w.write(0, m.block_desc, 0);
    w.flush_all(0);
    make();
    EXPECT_TRUE(w.silent());
}
TEST_F(Break, FlushBeforeTheLastBreakDoesNotCount) {
    w.flush_all(0);
    w.write(0, m.block_desc, m.block);
    w.write(0, m.block_desc, 0);
    make();
    EXPECT_EQ(w.rules(), Ids{"BBM-NO-TLBI"});
}
TEST_F(Break, WrongAddressCoversNothing) {
    w.flush(0, LinearMap::table_va);
    make();
    EXPECT_EQ(w.rules(), Ids{"BBM-NO-TLBI"});
}
TEST_F(Break, WrongTtlCoversNothing) {
    w.dsb(0);
    w.tlbi(0, TlbiKind::kVaa, TlbiScope::kInner, LinearMap::block_va, 0, 0b0111);  // 4K, level 3
    w.dsb(0);
    make();
    EXPECT_EQ(w.rules(), Ids{"BBM-WRONG-TLBI"});
}
TEST_F(Break, RightTtl) {
    w.dsb(0);
    w.tlbi(0, TlbiKind::kVaa, TlbiScope::kInner, LinearMap::block_va, 0, 0b0110);  // 4K, level 2
    w.dsb(0);
    make();
    EXPECT_TRUE(w.silent());
}
TEST_F(Break, RangeForm) {
    w.dsb(0);
    const Tlbi op{.kind = TlbiKind::kVaal,
                  .scope = TlbiScope::kInner,
                  .range = true,
                  .operand = (u64{1} << 46) | ((LinearMap::block_va >> 12) & ((u64{1} << 37) - 1))};
    w.checker.on_tlbi(0, op);
    w.dsb(0);
    make();
    EXPECT_TRUE(w.silent());
}
TEST_F(Break, FaultyOldValueNeedsNoTlbi) {
    w.flush_all(0);
    w.write(0, m.block_desc, m.block & ~kDescAf);
    w.write(0, m.block_desc, World::table(pages));
    EXPECT_TRUE(w.silent());
}
TEST_F(Break, AccessFlagAsTheBreak) {
    w.flush_all(0);
    w.write(0, m.block_desc, m.block);
    w.write(0, m.block_desc, m.block & ~kDescAf);
    w.flush_all(0);
    make();
    EXPECT_TRUE(w.silent());
}

// Hardware may set the flag again, and cache the entry, at any time: the entry is as good as valid.
TEST_F(Break, AccessFlagIsNoBreakWhereHardwareSetsIt) {
    w.flush_all(0);
    w.write(0, m.block_desc, m.block);
    for (const PeId pe : {PeId{0}, PeId{1}}) w.enter(pe, w.context(0, m.l0, 0, u64{1} << 39));  // TCR_EL1.HA
    w.write(0, m.block_desc, m.block & ~kDescAf);
    w.flush_all(0);
    make();
    EXPECT_TRUE(std::ranges::count(w.rules(), std::string("BBM-SIZE")));
}

TEST(BreakOfTables, LastLevelFormDoesNotCoverATable) {
    World w{{0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.write(0, m.table_desc, 0);
    w.dsb(0);
    for (u64 i = 0; i < 512; ++i) w.tlbi(0, TlbiKind::kVaal, TlbiScope::kInner, LinearMap::table_va + (i << 12));
    w.dsb(0);
    w.write(0, m.table_desc, w.block(World::kBase + (2 << 20)));
    EXPECT_EQ(w.rules(), Ids{"BBM-WRONG-TLBI"});
}
TEST(BreakOfTables, OneAddressDoesNotCoverTheLeavesBelow) {
    World w{{0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.write(0, m.table_desc, 0);
    w.flush(0, LinearMap::table_va);
    w.write(0, m.table_desc, w.block(World::kBase + (2 << 20)));
    EXPECT_EQ(w.rules(), Ids{"BBM-NO-TLBI"});
}
TEST(BreakOfTables, EveryAddressDoes) {
    World w{{0}, {0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.enter1(1, m.l0);
    w.write(0, m.table_desc, 0);
    w.dsb(0);
    for (u64 i = 0; i < 512; ++i) w.tlbi(0, TlbiKind::kVaa, TlbiScope::kInner, LinearMap::table_va + (i << 12));
    w.dsb(0);
    EXPECT_EQ(w.checker.stats().pending, 0u);
    w.write(0, m.table_desc, w.block(World::kBase + (2 << 20)));
    EXPECT_TRUE(w.silent());
}
TEST(BreakOfTables, EmptyTableNeedsOneAddress) {
    World w{{0}};
    LinearMap m(w);
    w.poke(m.l2 + 24, World::table(w.page()));
    w.enter1(0, m.l0);
    w.write(0, m.l2 + 24, 0);
    w.flush(0, World::kLinear + (6 << 20));
    w.write(0, m.l2 + 24, w.block(World::kBase));
    EXPECT_TRUE(w.silent());
}
TEST(BreakOfTables, PagesClearedWithoutFlushMeetABlock) {
    World w{{0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.write(0, m.page_desc + 8, 0);
    for (u64 i = 0; i < 512; ++i) {
        if (i == 1) continue;
        w.write(0, m.page_desc + 8 * i, 0);
        w.flush(0, LinearMap::table_va + (i << 12));
    }
    w.write(0, m.table_desc, 0);
    w.flush(0, LinearMap::table_va);
    w.write(0, m.table_desc, w.block(World::kBase + (2 << 20)));
    EXPECT_EQ(w.rules(), Ids{"BBM-NO-TLBI"}) << "the page at index 1 may still be held";
}

}  // namespace
}  // namespace bbmsim::mmu
