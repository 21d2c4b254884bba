// SPDX-License-Identifier: Apache-2.0
// Which way leaves: each policy against what its definition says.
#include "models/mmu/rng.hpp"
#include "tests/mmu/machine.hpp"

#include <gtest/gtest.h>

#include <set>

namespace bbmsim::mmu::testing {
namespace {

class Replacement : public ::testing::Test {
protected:
    // A fully associative L1D of 4 ways, pages 0, 1, ... mapped.
    void build(Policy policy, u32 ways = 4, u64 seed = 1) {
        MmuConfig config;
        config.l1d_tlb = {ways, ways, policy, 0, 48};
        m = std::make_unique<Machine>(config, 1, 8 << 20, seed);
        const u64 root = m->table();
        for (u64 i = 0; i < 64; ++i) m->map(root, i << 12, 3, kBase | bits::kPage | bits::attr(kNormal));
        m->mmu().set_context(context(root));
    }
    void use(std::initializer_list<u64> pages) {
        for (const u64 p : pages) m->mmu().translate(read(p << 12));
    }
    std::set<u64> held() {
        std::set<u64> pages;
        for (const TlbEntry& e : m->mmu().entries(Structure::kL1D)) pages.insert(e.va_base >> 12);
        return pages;
    }
    using Pages = std::set<u64>;
    std::unique_ptr<Machine> m;
};

TEST_F(Replacement, FifoIgnoresHits) {
    build(Policy::kFifo);
    use({0, 1, 2, 3, 0, 0, 4});
    EXPECT_EQ(held(), (Pages{1, 2, 3, 4}));
    use({1, 5});
    EXPECT_EQ(held(), (Pages{2, 3, 4, 5}));
}

TEST_F(Replacement, LruKeepsWhatWasUsedLast) {
    build(Policy::kLru);
    use({0, 1, 2, 3, 0, 2, 4});
    EXPECT_EQ(held(), (Pages{0, 2, 3, 4}));
    use({0, 5});
    EXPECT_EQ(held(), (Pages{0, 2, 4, 5}));
}

TEST_F(Replacement, LruIsExactForAnyNumberOfWays) {
    for (const u32 ways : {1u, 2u, 7u, 48u}) {
        build(Policy::kLru, ways);
        std::vector<u64> order;  // oldest first
        SplitMix64 rng(ways);
        for (int i = 0; i < 3000; ++i) {
            const u64 page = rng.below(64);
            use({page});
            std::erase(order, page);
            order.push_back(page);
            if (order.size() > ways) order.erase(order.begin());
            ASSERT_EQ(held(), Pages(order.begin(), order.end())) << ways << " ways, access " << i;
        }
    }
}

TEST_F(Replacement, NruTakesTheFirstUnreferencedWay) {
    build(Policy::kNru);
    use({0, 1, 2, 3, 4});  // all referenced: cleared, way 0 leaves
    EXPECT_EQ(held(), (Pages{1, 2, 3, 4}));
    use({1, 5});  // way 1 referenced again, way 2 is the first without
    EXPECT_EQ(held(), (Pages{1, 3, 4, 5}));
}

TEST_F(Replacement, PlruPointsAwayFromTheLastUse) {
    build(Policy::kPlru);
    use({0, 1, 2, 3, 0, 4});  // 0 used last: the right half, there 3 was last
    EXPECT_EQ(held(), (Pages{0, 1, 3, 4}));
    use({5});  // left half now, where 0 was last
    EXPECT_EQ(held(), (Pages{0, 3, 4, 5}));
}

TEST_F(Replacement, PlruWorksForWaysThatAreNoPowerOfTwo) {
    for (const u32 ways : {3u, 5u, 12u, 48u}) {
        build(Policy::kPlru, ways);
        for (u64 i = 0; i < 1000; ++i) {
            use({i * 7 % 64});
            ASSERT_TRUE(held().count(i * 7 % 64));
        }
        EXPECT_EQ(held().size(), ways);
    }
}

TEST_F(Replacement, RandomRepeatsWithTheSeedAndReachesEveryWay) {
    std::vector<Pages> runs[2];
    Pages gone;
    for (auto& run : runs) {
        build(Policy::kRandom, 4, 42);
        use({0, 1, 2, 3});
        for (u64 i = 4; i < 60; ++i) {
            const Pages before = held();
            use({i});
            run.push_back(held());
            u64 way = 0;
            for (const u64 p : before) {
                if (!held().count(p)) gone.insert(way);
                ++way;
            }
        }
    }
    EXPECT_EQ(runs[0], runs[1]);
    EXPECT_EQ(gone.size(), 4u);
}

TEST_F(Replacement, InvalidWaysAreFilledFirst) {
    for (const Policy p : {Policy::kFifo, Policy::kRandom, Policy::kNru, Policy::kPlru, Policy::kLru}) {
        build(p);
        use({0, 1, 2, 3});
        m->mmu().invalidate(*decode_tlbi(0, 8, 7, 7, 2));
        use({9});
        EXPECT_EQ(held(), (Pages{0, 1, 3, 9}));
        EXPECT_EQ(m->mmu().stats.evictions, 0u);
    }
}

TEST_F(Replacement, ATouchThroughTheFilterEqualsAHit) {
    for (const Policy p : {Policy::kFifo, Policy::kRandom, Policy::kNru, Policy::kPlru, Policy::kLru}) {
        build(p);
        use({0, 1, 2, 3, 1, 0, 2, 0, 8, 9});
        const Pages by_hits = held();
        build(p);
        std::array<TlbEntry*, 4> entry{};
        for (u64 i = 0; i < 4; ++i) entry[i] = m->mmu().translate(read(i << 12)).entry;
        for (const u64 i : {1, 0, 2, 0})
            if (m->mmu().touch_needed_data()) m->mmu().touch_data(entry[i]);
        use({8, 9});
        EXPECT_EQ(held(), by_hits);
    }
}

TEST_F(Replacement, SetAssociativeStructuresHoldSeveralSizes) {
    MmuConfig config;
    config.l1d_tlb = {64, 4, Policy::kLru, 0, 48};
    Machine small(config);
    const u64 root = small.table();
    for (u64 i = 0; i < 32; ++i) small.map(root, i << 12, 3, kBase | bits::kPage | bits::attr(kNormal));
    small.map(root, 0x20'0000, 2, 0x4020'0000 | bits::kBlock | bits::attr(kNormal));
    small.map(root, u64{1} << 30, 1, 0x4000'0000 | bits::kBlock | bits::attr(kNormal));
    small.mmu().set_context(context(root));
    for (int round = 0; round < 2; ++round) {
        for (u64 i = 0; i < 32; ++i) small.mmu().translate(read(i << 12));
        EXPECT_EQ(small.mmu().translate(read(0x21'2345)).pa, 0x4021'2345u);
        EXPECT_EQ(small.mmu().translate(read(0x4765'4321)).pa, 0x4765'4321u);
    }
    EXPECT_EQ(small.mmu().stats.l1d_misses, 34u);
}

TEST_F(Replacement, AbsentStructuresAreLeftOut) {
    MmuConfig config;
    config.l1d_tlb.entries = config.l2_tlb.entries = config.walk_cache.entries = 0;
    Machine bare(config);
    const u64 root = bare.table();
    bare.map(root, 0, 3, kBase | bits::kPage | bits::attr(kNormal));
    bare.mmu().set_context(context(root));
    for (int i = 0; i < 2; ++i) {
        const Outcome out = bare.mmu().translate(read(0));
        EXPECT_EQ(out.pa, kBase);
        EXPECT_EQ(out.entry, nullptr);
        EXPECT_FALSE(out.filterable);
        EXPECT_EQ(out.cycles, 44u);
    }
    EXPECT_FALSE(bare.mmu().plant(Structure::kL2, TlbEntry{}));
}

}  // namespace
}  // namespace bbmsim::mmu::testing
