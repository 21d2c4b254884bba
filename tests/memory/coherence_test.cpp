// SPDX-License-Identifier: Apache-2.0
// Lines of two and three PEs, with the exact cycles that each access adds.
#include "models/memory/memory_system.hpp"

#include <gtest/gtest.h>
#include <memory>
#include <vector>

namespace bbmsim::memory {
namespace {

constexpr u64 kKhz = 2'000'000;  // 2 GHz: 40 ns are 80 cycles
constexpr u64 kLine = u64{1} << 30;
constexpr u32 kL2 = 10, kL3 = 26, kMemory = 160, kTransfer = 80;

struct Board {
    explicit Board(unsigned pes, Detail detail = Detail::kTypical) : system(shared, detail, pes) {
        for (unsigned i = 0; i < pes; ++i)
            pe.push_back(std::make_unique<PrivateCaches>(cache(), &system, static_cast<PeId>(i), kKhz));
    }
    static CacheConfig cache() {
        CacheConfig c;
        c.store_buffer_lines = 0;  // a store shows its line's cost
        c.write_stream_lines = 0;
        return c;
    }
    u32 read(unsigned i, u64 pa) { return pe[i]->read(pa, 0); }
    u32 write(unsigned i, u64 pa) { return pe[i]->write(pa, 0, 0); }

    SharedConfig shared;
    MemorySystem system;
    std::vector<std::unique_ptr<PrivateCaches>> pe;
};

TEST(Coherence, AMissCostsMemoryAndThenNothing) {
    Board b(2);
    EXPECT_EQ(b.read(0, kLine), kMemory);
    EXPECT_EQ(b.read(0, kLine + 63), 0u);
    EXPECT_EQ(b.read(0, kLine + 64), kMemory);
    EXPECT_EQ(b.pe[0]->l1_misses, 2u);
    EXPECT_EQ(b.pe[0]->l3_misses, 2u);
}

TEST(Coherence, AStoreToALineThatNobodyElseHasAsksNobody) {
    Board b(2);
    EXPECT_EQ(b.read(0, kLine), kMemory);
    EXPECT_EQ(b.write(0, kLine), 0u);
}

TEST(Coherence, ADirtyLineIsTransferredAndThenShared) {
    Board b(2);
    EXPECT_EQ(b.write(0, kLine), kMemory);
    EXPECT_EQ(b.read(1, kLine), kTransfer);
    EXPECT_EQ(b.pe[1]->transfers, 1u);
    EXPECT_EQ(b.read(0, kLine), 0u) << "the owner keeps a copy";
    EXPECT_EQ(b.write(0, kLine), kTransfer) << "and must take the other's away to store again";
    EXPECT_EQ(b.read(1, kLine), kTransfer);
}

TEST(Coherence, AThirdReaderOfASharedLineIsAnsweredByTheL3) {
    Board b(3);
    b.write(0, kLine);
    b.read(1, kLine);
    EXPECT_EQ(b.read(2, kLine), kL3);
}

TEST(Coherence, ASharerThatIsLeftAloneAsksTheHomeOnly) {
    Board b(2);
    b.write(0, kLine);
    b.read(1, kLine);
    b.pe[1]->reset();
    EXPECT_EQ(b.write(0, kLine), kL3);
    EXPECT_EQ(b.write(0, kLine), 0u);
}

TEST(Coherence, AStoreTakesADirtyLineFromItsOwner) {
    Board b(2);
    b.write(0, kLine);
    EXPECT_EQ(b.write(1, kLine), kTransfer);
    EXPECT_EQ(b.write(1, kLine), 0u);
    EXPECT_EQ(b.read(0, kLine), kTransfer);
}

TEST(Coherence, AnotherLineOfTheSamePageIsNotTransferred) {
    Board b(2);
    b.write(0, kLine);
    EXPECT_EQ(b.read(1, kLine + 64), kMemory);
    EXPECT_EQ(b.pe[1]->transfers, 0u);
}

TEST(Coherence, WhatLeavesAPrivateCacheIsInTheL3) {
    Board b(2);
    const CacheConfig c = Board::cache();
    const u64 same_set = c.l2_bytes / c.l2_ways;  // apart in the L2
    b.write(0, kLine);
    for (u32 way = 1; way <= c.l2_ways; ++way) b.read(0, kLine + way * same_set);
    EXPECT_EQ(b.read(1, kLine), kL3) << "written back, no longer in the first PE's caches";
    EXPECT_EQ(b.read(0, kLine + c.l2_ways * same_set), 0u);
    EXPECT_EQ(b.read(0, kLine), kTransfer) << "gone from its L1D as well; the other PE has it";
}

TEST(Coherence, AnL1MissThatL2HoldsCostsL2) {
    Board b(1);
    const CacheConfig c = Board::cache();
    const u64 same_set = c.l1d_bytes / c.l1d_ways;
    b.write(0, kLine);
    for (u32 way = 1; way <= c.l1d_ways; ++way) b.read(0, kLine + way * same_set);
    EXPECT_EQ(b.read(0, kLine), kL2);
    EXPECT_EQ(b.write(0, kLine), 0u) << "still dirty";
}

TEST(Coherence, CleaningAndInvalidatingReachesEveryCache) {
    Board b(2);
    b.read(0, kLine);
    b.read(1, kLine);
    b.pe[0]->clean_invalidate(kLine);
    EXPECT_EQ(b.read(1, kLine), kMemory);
}

TEST(Coherence, CostsAddUpByPlace) {
    Board b(2);
    u64 sum = 0;
    for (u64 i = 0; i < 5000; ++i) {
        sum += b.write(0, kLine + i * 192);
        sum += b.read(1, kLine + i * 128);
        sum += b.pe[1]->update(kLine + i * 64, 0);
    }
    u64 parts = 0;
    for (const auto& pe : b.pe)
        for (const u64 cycles : pe->cache_cycles) parts += cycles;
    EXPECT_EQ(parts, sum);
}

TEST(Coherence, HoldersAreStillKnownAfterManyLinesHaveComeAndGone) {
    Board b(2);
    b.write(0, kLine);
    for (u64 i = 1; i < 200'000; ++i) b.read(1, kLine + i * 64);
    EXPECT_EQ(b.read(1, kLine), kTransfer);
}

TEST(Walks, ReadThroughL2AndFillIt) {
    Board b(2);
    EXPECT_EQ(b.pe[0]->walk(kLine, 0, kL2), kMemory);
    EXPECT_EQ(b.pe[0]->walk(kLine + 8, 0, kL2), kL2) << "the next descriptor of the line";
    EXPECT_EQ(b.read(0, kLine), kL2) << "not in L1D";
    b.write(1, kLine);
    EXPECT_EQ(b.pe[0]->walk(kLine, 0, kL2), kTransfer) << "written by another PE since";
}

TEST(Walks, MayLeaveL2Alone) {
    Board b(1);
    CacheConfig c = Board::cache();
    c.walks_fill_l2 = false;
    MemorySystem system(b.shared, Detail::kTypical, 1);
    PrivateCaches caches(c, &system, 0, kKhz);
    EXPECT_EQ(caches.walk(kLine, 0, kL2), kMemory);
    EXPECT_EQ(caches.walk(kLine, 0, kL2), kL3);
}

TEST(Alone, NothingIsShared) {
    PrivateCaches caches(CacheConfig{}, nullptr, 0, kKhz);
    EXPECT_EQ(caches.read(kLine, 0), kMemory);
    EXPECT_EQ(caches.write(kLine, 0, 0), 0u);
    EXPECT_EQ(caches.write(kLine + 64, 0, 0), kMemory) << "stores pay for their line";
    EXPECT_EQ(caches.drain(0), 0u);
}

}  // namespace
}  // namespace bbmsim::memory
