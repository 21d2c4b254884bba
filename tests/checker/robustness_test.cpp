// SPDX-License-Identifier: Apache-2.0
// Other granules, odd stores, garbage tables, and size.
#include "tests/checker/world.hpp"

#include <random>

namespace bbmsim::mmu {
namespace {

TEST(Stores, UnalignedStoreOverTwoDescriptors) {
    World w{{0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    const u8 bytes[8] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x89};  // upper half of one, lower of the next
    w.domain.store(0, PhysAddr(m.page_desc + 4), bytes, 8, 0x10);
    EXPECT_EQ(w.checker.stats().descriptor_writes, 2u);
    EXPECT_FALSE(w.rules().empty());
    EXPECT_EQ(w.peek(m.page_desc) >> 32, 0x44332211u);
}
TEST(Stores, SingleByteMakesAnEntryInvalid) {
    World w{{0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    const u8 zero = 0;
    w.domain.store(0, PhysAddr(m.page_desc), &zero, 1, 0x10);
    w.write(0, m.page_desc, w.leaf(World::kBlock));
    EXPECT_EQ(w.rules(), Ids{"BBM-NO-TLBI"});
}
TEST(Stores, PairsAndZva) {
    World w{{0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    const u64 zeros[8] = {};
    w.domain.store(0, PhysAddr(m.l3), zeros, 64, 0x10);
    EXPECT_EQ(w.checker.stats().descriptor_writes, 8u);
    w.flush_all(0);
    const u64 pair[2] = {w.leaf(World::kBlock), w.leaf(World::kBlock + 0x1000)};
    w.domain.store(0, PhysAddr(m.l3), pair, 16, 0x10);
    EXPECT_TRUE(w.silent());
    const u64 swapped[2] = {pair[1], pair[0]};
    w.domain.store(0, PhysAddr(m.l3), swapped, 16, 0x20);
    ASSERT_EQ(w.rules(), Ids{"BBM-OA"});
    EXPECT_EQ(w.checker.violations()[0].count, 2u);
}
TEST(Stores, HostWritesCount) {
    World w{{0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.poke(m.page_desc, w.leaf(World::kBlock));
    ASSERT_EQ(w.rules(), Ids{"BBM-OA"});
    EXPECT_EQ(w.checker.violations()[0].pe, kNoPe);
    EXPECT_EQ(w.checker.writes_by(kNoPe)[3], 1u);
}

class EveryGranule : public ::testing::TestWithParam<Granule> {};
TEST_P(EveryGranule, SplitAndBreakBeforeMake) {
    const Granule g = GetParam();
    World w({{0}, {2}}, u64{1} << 30, g);
    const u64 block_bytes = level_span(g, 2);
    const u64 start = g == Granule::k64K ? 1 : 0;
    u64 root = w.page(), table = root;
    for (u64 level = start; level < 2; ++level) {
        const u64 next = w.page();
        w.poke(table, World::table(next));
        table = next;
    }
    const u64 oa = (World::kBase + block_bytes - 1) & ~(block_bytes - 1);
    w.poke(table, w.block(oa));
    const u64 pages = w.split(w.block(oa));
    w.enter1(1, root);
    w.write(1, table, World::table(pages));
    w.flush_all(1);
    w.checker.finish(0);
    EXPECT_TRUE(w.silent());
    w.enter1(0, root);
    w.write(0, table, 0);
    w.flush_all(0);
    w.write(0, table, w.block(oa));
    EXPECT_TRUE(w.silent());
    w.write(0, table, World::table(pages));
    ASSERT_EQ(w.rules(), Ids{"BBM-SIZE"});
    EXPECT_EQ(w.checker.violations()[0].va_lo, World::kLinear);
    EXPECT_EQ(w.checker.violations()[0].va_hi, World::kLinear + block_bytes);
    w.write(0, pages, w.leaf(oa + (u64{1} << granule_shift(g))));
    EXPECT_EQ(w.rules().back(), "BBM-OA");
}
INSTANTIATE_TEST_SUITE_P(Granules, EveryGranule, ::testing::Values(Granule::k4K, Granule::k16K, Granule::k64K));

// Garbage everywhere: descriptors that point into other tables, into themselves, out of RAM; nothing may crash, and
// when every PE has left and flushed, nothing is left.
TEST(Garbage, RandomStoresIntoLiveTables) {
    for (const Granule g : {Granule::k4K, Granule::k16K, Granule::k64K}) {
        for (u64 seed = 1; seed <= 3; ++seed) {
            World w({{0}, {1}, {2}, {2, true}}, 16 << 20, g);
            std::mt19937_64 random(seed);
            std::vector<u64> pages;
            for (int i = 0; i < 12; ++i) pages.push_back(w.page());
            const u64 page_bytes = u64{1} << granule_shift(g);
            const auto any_page = [&] { return pages[random() % pages.size()]; };
            const auto garbage = [&]() -> u64 {
                switch (random() % 6) {
                    case 0: return 0;
                    case 1: return World::table(any_page());
                    case 2: return w.leaf(World::kBase + (random() & 0xff'f000), random() & kDescNg);
                    case 3: return w.block((World::kBase + (random() & 0x3fff'f000)));
                    case 4: return random();
                    default: return random() & ~u64{1};
                }
            };
            for (const u64 p : pages)
                for (u64 i = 0; i < 64; ++i) w.poke(p + 8 * (random() % (page_bytes / 8)), garbage());
            for (int step = 0; step < 1500; ++step) {
                const PeId pe = static_cast<PeId>(random() % 4);
                switch (random() % 16) {
                    case 0:
                        w.enter(pe,
                                w.context(random() & 1 ? any_page() : 0, random() & 1 ? any_page() : 0, random() & 3));
                        break;
                    case 1: w.mmu_off(pe); break;
                    case 2: w.power(pe, random() & 1); break;
                    case 3:
                        w.dsb(pe, static_cast<BarrierDomain>(random() & 3), static_cast<BarrierType>(random() & 3));
                        break;
                    case 4:
                    case 5: {
                        const Tlbi op{.kind = static_cast<TlbiKind>(random() % 6),
                                      .scope = static_cast<TlbiScope>(random() % 3),
                                      .range = random() % 4 == 0,
                                      .operand = random() % 2 ? random() : random() & 0xffff};
                        w.checker.on_tlbi(pe, op);
                        break;
                    }
                    case 6: w.checker.on_acquire(pe); break;
                    case 7:
                        w.read(pe, random() & 1 ? random() & 0xffff'ffff'ffff : random() | 0xffff'0000'0000'0000);
                        break;
                    default: {
                        u64 values[8];
                        for (u64& v : values) v = garbage();
                        const u64 size = u64{1} << (random() % 7);
                        const u64 at = random() % (page_bytes - 64);
                        const u64 pa = any_page() + (random() & 3 ? at & ~u64{7} : at);
                        const u64 room = kPageBytes - (pa & kPageMask);
                        w.domain.store(pe, PhysAddr(pa), values, std::min(size, room), random() & 0xff);
                    }
                }
            }
            w.checker.finish(0);
            for (PeId pe = 0; pe < 4; ++pe) {
                w.power(pe, true);
                w.mmu_off(pe);
            }
            for (PeId pe = 0; pe < 4; ++pe) w.dsb(pe);
            w.flush_all(0);
            EXPECT_EQ(w.checker.stats().pending, 0u);
            EXPECT_EQ(w.checker.stats().live_tables, 0u);
            for (const u64 p : pages) EXPECT_EQ(w.domain.ram.page_flags(PhysAddr(p)) & kWatched, 0);
        }
    }
}
TEST(Garbage, UnwrittenMemoryAsATable) {
    World w{{0}};
    w.domain.ram.zero_fill = false;
    w.enter1(0, World::kBase);
    for (u64 i = 0; i < 512; ++i) w.write(0, World::kBase + 8 * i, i * 0x40001003);
    w.enter1(0, 0x1000);  // outside RAM
    w.enter1(0, 0xffff'ffff'f000);
    SUCCEED();
}

// 64 GiB in 2 MiB blocks, split one by one: only what is not yet clean is kept, and the flush cleans all.
TEST(Size, RepaintOf64GiB) {
    World w({{2, true}, {0}}, u64{512} << 20);
    constexpr u64 kTables = 64, kBlocks = kTables * 512;
    const u64 l0 = w.page(), l1 = w.page(), reserved = w.page();
    w.poke(l0, World::table(l1));
    std::vector<u64> l2;
    for (u64 t = 0; t < kTables; ++t) {
        l2.push_back(w.page());
        for (u64 i = 0; i < 512; ++i) w.poke(l2[t] + 8 * i, w.block((t * 512 + i) << 21));
        w.poke(l1 + 8 * t, World::table(l2[t]));
    }
    w.enter1(0, l0);
    w.enter1(1, l0);
    w.enter1(1, reserved);
    w.flush_local(1);
    for (u64 b = 0; b < kBlocks; ++b) {
        const u64 at = l2[b / 512] + 8 * (b % 512);
        w.write(0, at, World::table(w.split(w.peek(at))));
    }
    EXPECT_EQ(w.checker.stats().pending, kBlocks);
    EXPECT_EQ(w.checker.stats().live_tables, kBlocks + kTables + 3);
    w.flush_all(0);
    w.checker.finish(0);
    EXPECT_TRUE(w.silent());
    EXPECT_EQ(w.checker.stats().pending, 0u);
    EXPECT_EQ(w.checker.writes_by(0)[2], kBlocks);
}

}  // namespace
}  // namespace bbmsim::mmu
