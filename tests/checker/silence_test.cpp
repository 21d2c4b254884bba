// SPDX-License-Identifier: Apache-2.0
// What looks like a violation in real software and is none, and what finish() says of missing flushes.
#include "tests/checker/world.hpp"

namespace bbmsim::mmu {
namespace {

TEST(Silence, MprotectClearsAndSetsWithoutATlbi) {
    World w{{0}, {0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.enter1(1, m.l0);
    const u64 page = w.peek(m.page_desc);
    w.write(0, m.page_desc, 0);
    w.write(0, m.page_desc, page | kDescReadOnly | (u64{1} << 55));
    w.checker.finish(0);
    EXPECT_TRUE(w.silent());
}
TEST(Silence, CoverageFollowsTheOldEntry) {  // block to table needs a last-level form only
    World w{{0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.write(0, m.block_desc, 0);
    w.dsb_ishst(0);
    w.tlbi(0, TlbiKind::kVaal, TlbiScope::kInner, LinearMap::block_va);
    w.dsb(0);
    w.write(0, m.block_desc, World::table(w.split(m.block)));
    w.checker.finish(0);
    EXPECT_TRUE(w.silent());
}
TEST(Silence, NewMappingNeedsNoTlbi) {
    World w{{0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.write(0, m.l2 + 40, m.block);
    w.write(0, m.l2 + 48, World::table(w.split(m.block)));
    w.checker.finish(0);
    EXPECT_TRUE(w.silent());
    EXPECT_EQ(w.checker.stats().pending, 0u);
}
TEST(Silence, UnmapThatIsNeverFlushed) {
    World w{{0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.write(0, m.page_desc, 0);
    w.checker.finish(0);
    EXPECT_TRUE(w.silent());
    EXPECT_EQ(w.checker.stats().pending, 1u);
}
TEST(Silence, FixmapManyTimes) {
    World w{{0}, {0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.enter1(1, m.l0);
    for (u64 i = 0; i < 20000; ++i) {
        w.write(0, m.page_desc, 0);
        w.dsb_ishst(0);
        w.tlbi(0, TlbiKind::kVaal, TlbiScope::kInner, LinearMap::table_va);
        w.dsb(0);
        w.write(0, m.page_desc, w.leaf(World::kBase + ((i & 0xff) << 12)));
    }
    EXPECT_TRUE(w.silent());
    EXPECT_EQ(w.checker.stats().pending, 0u);
    EXPECT_EQ(w.checker.stats().descriptor_writes, 40000u);
}

// Direct replacements that the level permits and that nobody flushes.
TEST(Unflushed, SplitOnAConflictFreePeIsANote) {
    World w{{2, true}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.write(0, m.block_desc, World::table(w.split(m.block)));
    w.checker.finish(0);
    EXPECT_TRUE(w.checker.violations().empty());
    ASSERT_EQ(w.checker.notes().size(), 1u);
}
TEST(Unflushed, SplitOnAPlainLevelTwoPe) {
    World w{{2, true}, {2, false}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.enter1(1, m.l0);
    w.write(0, m.block_desc, World::table(w.split(m.block)), 0x77);
    EXPECT_TRUE(w.silent());
    w.checker.finish(0);
    w.checker.finish(0);
    ASSERT_EQ(w.rules(), Ids{"BBM-NO-TLBI"});
    EXPECT_EQ(w.holders(), 0b10u);
    EXPECT_EQ(w.checker.violations()[0].pc, 0x77u);
    EXPECT_EQ(w.checker.violations()[0].count, 1u);
}
TEST(Unflushed, OnlyALocalFlush) {
    World w{{2}, {2}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.enter1(1, m.l0);
    w.write(0, m.block_desc, World::table(w.split(m.block)));
    w.flush_local(0);
    w.checker.finish(0);
    EXPECT_EQ(w.rules(), Ids{"BBM-LOCAL-TLBI"});
    EXPECT_EQ(w.holders(), 0b10u);
}
TEST(Unflushed, AnotherPesOwnHousekeepingIsNoFlush) {  // it had left the map, clean, before the split
    World w({{2}, {0}});
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.enter1(1, m.l0);
    w.enter1(1, w.page());
    w.flush_local(1);
    w.write(0, m.block_desc, World::table(w.split(m.block)));
    w.flush_local(1);
    w.checker.finish(0);
    EXPECT_EQ(w.rules(), Ids{"BBM-NO-TLBI"});
    EXPECT_EQ(w.holders(), 0b01u);
}
TEST(Unflushed, FlushWithoutItsBarriers) {
    for (const bool before : {false, true}) {
        World w{{2}};
        LinearMap m(w);
        w.enter1(0, m.l0);
        w.write(0, m.block_desc, World::table(w.split(m.block)));
        if (!before) w.dsb_ishst(0);
        w.vmall_is(0);
        if (before) w.dsb(0);
        w.checker.finish(0);
        EXPECT_EQ(w.rules(), before ? Ids{"BBM-NO-DSB-BEFORE-TLBI"} : Ids{"BBM-NO-DSB-AFTER-TLBI"});
    }
}
TEST(Unflushed, ContiguousFoldOnLevelOne) {
    World w{{1}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    for (u64 i = 0; i < 16; ++i) w.write(0, m.page_desc + 8 * i, w.peek(m.page_desc + 8 * i) | kDescContiguous);
    w.checker.finish(0);
    ASSERT_EQ(w.rules(), Ids{"BBM-NO-TLBI"});
    EXPECT_EQ(w.checker.violations()[0].count, 16u);
}
TEST(Unflushed, SplitThenUnmappedIsNoFinding) {
    World w{{2}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.write(0, m.block_desc, World::table(w.split(m.block)));
    w.write(0, m.block_desc, 0);
    w.checker.finish(0);
    EXPECT_TRUE(w.silent());
}
TEST(Unflushed, PageRemappedUnderAnUnflushedBlock) {
    World w{{2}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    const u64 pages = w.split(m.block);
    w.write(0, m.block_desc, World::table(pages));
    w.write(0, pages + 8, 0);
    w.write(0, pages + 8, w.leaf(World::kBase + (7 << 20)), 0x99);  // the block may still map this page elsewhere
    ASSERT_FALSE(w.rules().empty());
    EXPECT_EQ(w.checker.violations()[0].pc, 0x99u);
}
TEST(Unflushed, PageRemappedWithAFlushOfItsAddress) {
    World w{{2, true}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    const u64 pages = w.split(m.block);
    w.write(0, m.block_desc, World::table(pages));
    w.write(0, pages + 8, 0);
    w.flush(0, LinearMap::block_va + 0x1000);
    w.write(0, pages + 8, w.leaf(World::kBase + (7 << 20)));
    w.checker.finish(0);
    EXPECT_TRUE(w.silent());
}

}  // namespace
}  // namespace bbmsim::mmu
