// SPDX-License-Identifier: Apache-2.0
// Table descriptors of levels 0 to 2, their cost, and what it means to use one that memory no longer holds.
#include "tests/mmu/machine.hpp"

#include <gtest/gtest.h>

namespace bbmsim::mmu::testing {
namespace {

constexpr u64 kVa = 0x1234'5000;

class WalkCache : public ::testing::Test {
protected:
    Machine m;
    u64 root = m.table();
    void SetUp() override {
        for (const u64 va : {kVa, kVa + 0x1000, kVa + 0x20'0000, kVa + 0x4000'0000, kVa + 0x80'0000'0000})
            m.map(root, va, 3, kBase | bits::kPage | bits::attr(kNormal));
        m.mmu().set_context(context(root));
    }
    u32 cost(u64 va) { return m.mmu().translate(read(va)).cycles; }
};

TEST_F(WalkCache, AWalkBeginsBelowTheDeepestKnownTable) {
    EXPECT_EQ(cost(kVa), 4u + 4 * 10);
    EXPECT_EQ(cost(kVa + 0x1000), 4u + 10);              // level 2 table known
    EXPECT_EQ(cost(kVa + 0x20'0000), 4u + 2 * 10);       // level 1
    EXPECT_EQ(cost(kVa + 0x4000'0000), 4u + 3 * 10);     // level 0
    EXPECT_EQ(cost(kVa + 0x80'0000'0000), 4u + 4 * 10);  // nothing
    EXPECT_EQ(m.mmu().stats.walk_cache_hits, 3u);
    EXPECT_EQ(m.mmu().stats.walk_reads, 4u + 1 + 2 + 3 + 4);
    EXPECT_EQ(m.mmu().stats.walk_cycles, 5u * 4 + 14 * 10);
}

TEST_F(WalkCache, EntriesAreNeverGlobalAndBelongToTheirAsid) {
    cost(kVa);
    for (const TlbEntry& e : m.mmu().entries(Structure::kWalkCache)) EXPECT_FALSE(e.global);  // R_CHVGJ
    m.mmu().set_context(context(root | u64{5} << 48));
    EXPECT_EQ(cost(kVa + 0x1000), 4u + 4 * 10);
}

TEST_F(WalkCache, OriginsHaveTheWholeChainEvenAfterAPartialWalk) {
    cost(kVa);
    const Outcome out = m.mmu().translate(read(kVa + 0x1000));
    ASSERT_EQ(out.entry->origin.depth, 4);
    for (unsigned level = 0; level < 4; ++level) {
        const u64 desc = m.descriptor(root, kVa + 0x1000, level);
        EXPECT_EQ(out.entry->origin.desc_pa[level], desc);
        EXPECT_EQ(out.entry->origin.desc_value[level], m.get(desc));
    }
}

TEST_F(WalkCache, AStaleTableStillGuidesWalksAndWhatItGivesIsStale) {
    cost(kVa);
    const u64 old_table = Descriptor{m.get(m.descriptor(root, kVa, 2))}.next_table(Granule::k4K);
    const u64 fresh = m.table();
    m.put(m.descriptor(root, kVa, 2), fresh | bits::kTable);
    m.put(fresh + 8 * ((kVa >> 12 & 511) + 1), (kBase + 0x9000) | bits::kPage | bits::attr(kNormal));
    const Outcome out = m.mmu().translate(read(kVa + 0x1000));
    EXPECT_EQ(out.pa, kBase);  // by the old table: a missing flush of the walk cache (785a19f9d1dd)
    EXPECT_TRUE(out.entry->stale);
    EXPECT_FALSE(out.filterable);
    EXPECT_EQ(m.mmu().stats.stale_uses, 1u);
    EXPECT_EQ(out.entry->origin.desc_pa[3] & ~u64{0xfff}, old_table);
    // A last-level TLBI is enough for the page only under the typical policy; the full form works under both.
    m.mmu().invalidate(*decode_tlbi(0, 8, 7, 3, (kVa + 0x1000) >> 12));
    EXPECT_EQ(m.mmu().translate(read(kVa + 0x1000)).pa, kBase + 0x9000);
}

TEST_F(WalkCache, AFaultingWalkLeavesTheTablesItPassed) {
    EXPECT_TRUE(m.mmu().translate(read(kVa + 0x5000)).fault);
    EXPECT_EQ(m.mmu().entries(Structure::kWalkCache).size(), 3u);
    EXPECT_EQ(cost(kVa), 4u + 10);
}

TEST_F(WalkCache, TablesOfAnotherGranuleAreNotUsed) {
    cost(kVa);
    const u64 root64 = m.table(Granule::k64K);
    m.map(root64, kVa & ~u64{0xffff}, 3, 0x4030'0000 | bits::kPage | bits::attr(kNormal), Granule::k64K);
    m.mmu().set_context(context(root64, 0, Granule::k64K));
    EXPECT_EQ(m.mmu().translate(read(kVa + 0x1000)).pa, 0x4030'0000 + ((kVa + 0x1000) & 0xffff));
}

TEST_F(WalkCache, L2HitsCostTheirLatencyAndFillL1) {
    cost(kVa);
    EXPECT_EQ(m.mmu().translate(fetch(kVa)).cycles, 5u);
    EXPECT_EQ(m.mmu().translate(fetch(kVa)).cycles, 0u);
    EXPECT_EQ(m.mmu().stats.l2_accesses, 2u);
    EXPECT_EQ(m.mmu().stats.l2_misses, 1u);
    EXPECT_EQ(m.mmu().stats.l1i_accesses, 2u);
    EXPECT_EQ(m.mmu().stats.l1i_misses, 1u);
}

}  // namespace
}  // namespace bbmsim::mmu::testing
