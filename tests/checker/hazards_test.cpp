// SPDX-License-Identifier: Apache-2.0
// Hazards: what a PE really used, and whether a broken rule or a completed TLBI stands behind it.
#include "tests/checker/world.hpp"

namespace bbmsim::mmu {
namespace {

TEST(Hazards, StaleUseBeforeTheTlbiIsNone) {
    World w{{0}, {0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.enter1(1, m.l0);
    w.read(1, LinearMap::table_va);
    w.write(0, m.page_desc, 0);
    EXPECT_FALSE(w.read(1, LinearMap::table_va).fault);
    w.checker.finish(0);
    EXPECT_TRUE(w.checker.hazards().empty());
    EXPECT_GT(w.mmus[1]->stats.stale_uses, 0u);
}
TEST(Hazards, StalePermissionsAreNone) {
    World w{{0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.read(0, LinearMap::table_va);
    w.write(0, m.page_desc, w.peek(m.page_desc) | kDescReadOnly);
    w.read(0, LinearMap::table_va);
    w.checker.finish(0);
    EXPECT_TRUE(w.silent());
}
TEST(Hazards, StaleUseAfterAViolation) {
    World w{{0}, {0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.enter1(1, m.l0);
    w.read(1, LinearMap::table_va);
    w.write(0, m.page_desc, w.leaf(World::kBlock));
    w.read(1, LinearMap::table_va);
    w.read(1, LinearMap::table_va);
    ASSERT_EQ(w.checker.hazards().size(), 1u);
    const Hazard& h = w.checker.hazards()[0];
    EXPECT_EQ(h.kind, HazardKind::kStale);
    EXPECT_EQ(h.pe, 1);
    EXPECT_EQ(h.violation, 0);
    EXPECT_EQ(h.count, 2u);
    EXPECT_EQ(h.memory_value, w.leaf(World::kBlock));
    EXPECT_NE(h.text.find("BBM-OA"), std::string::npos);
}
TEST(Hazards, EntryThatACompletedTlbiShouldHaveRemoved) {
    World w{{0}, {0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.enter1(1, m.l0);
    w.read(1, LinearMap::table_va);
    TlbEntry kept;
    for (const TlbEntry& e : w.mmus[1]->entries(Structure::kL1D)) kept = e;
    ASSERT_TRUE(kept.valid);
    w.write(0, m.page_desc, 0);
    w.flush_all(0);
    kept.stale = true;
    w.mmus[1]->plant(Structure::kL1D, kept);  // a part whose TLBI is broken
    w.read(1, LinearMap::table_va);
    ASSERT_EQ(w.checker.hazards().size(), 1u);
    EXPECT_EQ(w.checker.hazards()[0].violation, -1);
    EXPECT_TRUE(w.checker.violations().empty());
}
TEST(Hazards, MultiHitAfterALegalSplitIsNone) {
    World w{{2}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    TlbEntry block;
    w.read(0, LinearMap::block_va);
    for (const TlbEntry& e : w.mmus[0]->entries(Structure::kL1D)) block = e;
    w.write(0, m.block_desc, World::table(w.split(m.block)));
    const TlbEntry* matches[] = {&block, &block};
    w.checker.on_conflict(0, LinearMap::block_va, 1, 1, matches, ConflictBehaviour::kFirst);
    EXPECT_TRUE(w.checker.hazards().empty());
}
TEST(Hazards, MultiHitAfterABrokenRule) {
    World w{{0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    TlbEntry block;
    w.read(0, LinearMap::block_va);
    for (const TlbEntry& e : w.mmus[0]->entries(Structure::kL1D)) block = e;
    w.write(0, m.block_desc, World::table(w.split(m.block)));
    const TlbEntry* matches[] = {&block, &block};
    w.checker.on_conflict(0, LinearMap::block_va, 1, 1, matches, ConflictBehaviour::kAbort);
    ASSERT_EQ(w.checker.hazards().size(), 1u);
    EXPECT_EQ(w.checker.hazards()[0].kind, HazardKind::kConflict);
    EXPECT_EQ(w.checker.hazards()[0].behaviour, "abort");
    EXPECT_EQ(w.checker.hazards()[0].violation, 0);
}
TEST(Hazards, EarlierUseBecomesAHazardIfTheTlbiNeverComes) {
    World w{{2}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.read(0, LinearMap::block_va);
    w.write(0, m.block_desc, World::table(w.split(m.block)));
    w.read(0, LinearMap::block_va);
    EXPECT_TRUE(w.checker.hazards().empty());
    w.checker.finish(0);
    EXPECT_EQ(w.rules(), Ids{"BBM-NO-TLBI"});
    EXPECT_EQ(w.checker.hazards().size(), 1u);
}

}  // namespace
}  // namespace bbmsim::mmu
