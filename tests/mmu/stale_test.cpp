// SPDX-License-Identifier: Apache-2.0
// Entries whose descriptors change in memory, and the domain through which every store goes.
#include "tests/mmu/machine.hpp"

#include <gtest/gtest.h>

namespace bbmsim::mmu::testing {
namespace {

constexpr u64 kVa = 0x1000;

class Stale : public ::testing::Test {
protected:
    Machine m{MmuConfig{}, 2};
    u64 root = m.table();
    u64 value = kBase | bits::kPage | bits::kDbm | bits::attr(kNormal);
    u64 desc = m.map(root, kVa, 3, value);
    void SetUp() override {
        for (auto& mmu : m.mmus) {
            mmu->set_context(context(root));
            mmu->translate(read(kVa));
        }
    }
    bool stale(unsigned pe = 0) { return m.mmu(pe).entries(Structure::kL1D).at(0).stale; }
};

TEST_F(Stale, AStoreByAnyoneMarksTheEntriesOfEveryPe) {
    m.put(desc, 0);
    EXPECT_TRUE(stale(0) && stale(1));
    EXPECT_TRUE(m.mmu().entries(Structure::kL2).at(0).stale);
}

TEST_F(Stale, OnlyWhatMattersMarks) {
    struct Row {
        u64 change;
        bool matters;
    };
    for (const Row& r :
         {Row{u64{1} << 55, false}, Row{u64{0xf} << 55, false}, Row{bits::kAf, false}, Row{bits::kRo, true},
          Row{bits::kEl0, true}, Row{bits::kNg, true}, Row{bits::attr(1), true}, Row{0x1000, true},
          Row{u64{1} << 8, true}, Row{bits::kUxn, true}, Row{bits::kCont, true}, Row{bits::kDbm, true}}) {
        m.put(desc, value ^ r.change);
        EXPECT_EQ(stale(), r.matters) << std::hex << r.change;
        EXPECT_EQ(m.mmu().translate(read(kVa)).filterable, !r.matters);
        m.put(desc, value);
        EXPECT_FALSE(stale());  // the old value again: the entry says the truth
    }
}

TEST_F(Stale, BenignChangesAreKeptInTheOrigin) {
    m.put(desc, value | u64{1} << 55);
    EXPECT_EQ(m.mmu().entries(Structure::kL1D).at(0).origin.desc_value[3], value | u64{1} << 55);
}

TEST_F(Stale, ATableAboveCountsToo) {
    const u64 level1 = m.descriptor(root, kVa, 1);
    m.put(level1, m.get(level1) | u64{1} << 55);  // ignored bits
    EXPECT_FALSE(stale());
    m.put(level1, 0);
    EXPECT_TRUE(stale());
    for (const TlbEntry& e : m.mmu().entries(Structure::kWalkCache)) EXPECT_EQ(e.stale, e.level >= 1);
}

TEST_F(Stale, ATableAboveCountsHoweverOftenItChanges) {  // the index of origins is made anew now and then
    const u64 level1 = m.descriptor(root, kVa, 1), table = m.get(level1);
    for (unsigned i = 0; i < 300; ++i) {
        m.put(level1, 0);
        ASSERT_TRUE(stale(0) && stale(1)) << i;
        m.put(level1, table);
        ASSERT_FALSE(stale(0) || stale(1)) << i;
        ASSERT_TRUE(m.mmu().holds_origin(level1));
    }
    m.mmu().invalidate_all();
    EXPECT_FALSE(m.mmu().holds_origin(level1));
}

TEST_F(Stale, AStoreToAnotherDescriptorOfThePageMarksNothing) {
    m.put(desc + 8, value);
    EXPECT_FALSE(stale());
    EXPECT_FALSE(m.mmu().holds_origin(desc + 8));
    EXPECT_TRUE(m.mmu().holds_origin(desc));
}

TEST_F(Stale, StoresOfAnySizeAreSeenByTheirDescriptors) {
    const u8 byte = 0;
    m.domain->store(1, PhysAddr(desc), &byte, 1, 0x1234);  // clears the valid bit
    EXPECT_TRUE(stale());
    m.put(desc, value);
    const std::array<u64, 8> line{};
    m.domain->store(1, PhysAddr(desc & ~u64{63}), line.data(), 64, 0);
    EXPECT_TRUE(stale());
}

TEST_F(Stale, TablePagesAreWatchedFromTheirFirstWalk) {
    for (unsigned level = 0; level < 4; ++level)
        EXPECT_TRUE(m.ram.page_flags(PhysAddr(m.descriptor(root, kVa, level))) & kWatched);
}

TEST_F(Stale, WatchingAPageDropsItFromWriteFiltersOnly) {
    const Outcome out = m.mmu().translate(write(kVa));
    auto& f = m.mmu().filter;
    u8* host = m.ram.at(PhysAddr(kBase));
    f.insert(TranslationFilter::kWriteEl1, kVa, host, out.entry, out.pa);
    f.insert(TranslationFilter::kReadEl1, kVa, host, out.entry, out.pa);
    m.domain->flag_page(PhysAddr(kBase), kCode);
    EXPECT_EQ(f.find(TranslationFilter::kWriteEl1, kVa), nullptr);
    EXPECT_NE(f.find(TranslationFilter::kReadEl1, kVa), nullptr);
    f.drop_page(kBase);
    EXPECT_EQ(f.find(TranslationFilter::kReadEl1, kVa), nullptr);
}

struct Listener : StoreListener {
    std::vector<u64> code, monitored;
    void code_written(PhysAddr pa, u64) override { code.push_back(pa.raw()); }
    void monitored_written(PeId, PhysAddr pa, u64) override { monitored.push_back(pa.raw()); }
};

TEST_F(Stale, TheListenerHearsOfItsPagesOnly) {
    Listener listener;
    m.domain->listener = &listener;
    m.domain->flag_page(PhysAddr(kBase + 0x3000), kCode);
    m.domain->flag_page(PhysAddr(kBase + 0x4000), kMonitored);
    for (u64 page = 2; page < 6; ++page) m.put(kBase + page * 0x1000 + 8, 1);
    EXPECT_EQ(listener.code, std::vector<u64>{kBase + 0x3008});
    EXPECT_EQ(listener.monitored, std::vector<u64>{kBase + 0x4008});
}

TEST_F(Stale, HostWritesOfAnySizeTakeTheSameWay) {
    std::vector<u8> image(0x3000, 0);
    m.domain->write(kNoPe, PhysAddr((desc & ~u64{0xfff}) - 0x1000 + 4), image.data(), image.size());
    EXPECT_TRUE(stale());
    EXPECT_EQ(m.get(desc), 0u);
}

TEST_F(Stale, AnUnbackedPageKeepsItsPatternAroundAStore) {
    RamView patterned = m.ram;
    patterned.zero_fill = false;
    InnerDomain other(patterned, m.bus);
    const u64 pa = kBase + 0x60'0000, v = 7;
    other.store(kNoPe, PhysAddr(pa + 16), &v, 8, 0);
    EXPECT_EQ(patterned.read64(PhysAddr(pa + 16)), 7u);
    EXPECT_EQ(patterned.read64(PhysAddr(pa + 24)), RamView::pattern(pa + 24));
}

}  // namespace
}  // namespace bbmsim::mmu::testing
