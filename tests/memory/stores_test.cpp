// SPDX-License-Identifier: Apache-2.0
// The store buffer, streams of whole lines, and main memory's bandwidth, with exact cycles.
#include "models/memory/memory_system.hpp"

#include <gtest/gtest.h>

namespace bbmsim::memory {
namespace {

constexpr u64 kKhz = 1'000'000;  // a cycle is a nanosecond
constexpr u64 kBase = u64{1} << 30;

CacheConfig buffered(u32 lines, u32 interval = 0, u32 stream = 0) {
    CacheConfig c;
    c.store_buffer_lines = lines;
    c.store_line_cycles = interval;
    c.write_stream_lines = stream;
    return c;
}

struct One {
    explicit One(const CacheConfig& config, const SharedConfig& shared = {}, Detail detail = Detail::kTypical)
        : system(shared, detail, 1), caches(config, &system, 0, kKhz) {}
    u32 write(u64 line, u64 now, u64 stores = 0) { return caches.write(kBase + line * 64, now, stores); }
    MemorySystem system;
    PrivateCaches caches;
};

TEST(StoreBuffer, AStoreDoesNotWaitForItsLine) {
    One one(buffered(2));
    EXPECT_EQ(one.write(0, 0), 0u);
    EXPECT_EQ(one.caches.drain(0), 160u);
    EXPECT_EQ(one.caches.drain(100), 60u);
    EXPECT_EQ(one.caches.drain(160), 0u);
}

TEST(StoreBuffer, AFullOneMakesAStoreWaitForTheOldestLine) {
    One one(buffered(2));
    EXPECT_EQ(one.write(0, 0), 0u);     // until 160
    EXPECT_EQ(one.write(1, 10), 0u);    // until 170
    EXPECT_EQ(one.write(2, 20), 140u);  // enters at 160, until 320
    EXPECT_EQ(one.caches.drain(160), 160u);
    EXPECT_EQ(one.caches.cache_cycles[static_cast<unsigned>(Place::kStoreBuffer)], 140u);
    EXPECT_EQ(one.write(2, 160), 0u) << "the line is in the cache already";
}

TEST(StoreBuffer, LinesLeaveNoFasterThanOneCoreFills) {
    One one(buffered(64, 8));
    for (u64 line = 0; line < 32; ++line) EXPECT_EQ(one.write(line, 0), 0u);
    EXPECT_EQ(one.caches.drain(0), 160u + 31 * 8);
}

TEST(StoreBuffer, WithoutOneAStoreWaits) {
    One one(buffered(0));
    EXPECT_EQ(one.write(0, 0), 160u);
    EXPECT_EQ(one.caches.drain(160), 0u);
}

TEST(StoreBuffer, AnAtomicWaitsForItsLine) {
    One one(buffered(8));
    EXPECT_EQ(one.caches.update(kBase, 0), 160u);
    EXPECT_EQ(one.caches.update(kBase, 160), 0u);
}

TEST(Streams, WholeLinesInARowAreNoLongerRead) {
    One one(buffered(0, 0, 2));
    EXPECT_EQ(one.write(0, 0, 0), 160u);
    EXPECT_EQ(one.write(1, 0, 8), 160u);
    EXPECT_EQ(one.write(2, 0, 16), 26u);
    EXPECT_EQ(one.write(3, 0, 24), 26u);
    EXPECT_EQ(one.write(9, 0, 32), 160u) << "somewhere else";
}

TEST(Streams, OneStoreToEachLineIsNone) {
    One one(buffered(0, 0, 2));
    for (u64 line = 0; line < 8; ++line) EXPECT_EQ(one.write(line, 0, line), 160u);
}

TEST(Streams, AZeroedLineIsNeverRead) {
    One one(buffered(0));
    EXPECT_EQ(one.caches.zero(kBase, 0), 26u);
    EXPECT_EQ(one.write(0, 0), 0u);
}

TEST(Bandwidth, OnlyInDetailFull) {
    SharedConfig shared;
    shared.bandwidth_mb_s = 640;  // ten lines a microsecond
    shared.dram_row_ns = 0;
    One typical(buffered(0), shared), full(buffered(0), shared, Detail::kFull);
    u64 in_typical = 0, in_full = 0;
    for (u64 line = 0; line < 100; ++line) {
        in_typical += typical.caches.read(kBase + line * 64, 5000);
        in_full += full.caches.read(kBase + line * 64, 5000);
    }
    EXPECT_EQ(in_typical, 100 * 160u);
    // Lines 0 to 9 go at once, the n-th of each further ten in the n-th tenth of its microsecond.
    u64 waits = 0;
    for (u64 line = 10; line < 100; ++line) waits += line / 10 * 1000 + (line % 10 + 1) * 100;
    EXPECT_EQ(in_full, 100 * 160u + waits);
    EXPECT_EQ(full.caches.cache_cycles[static_cast<unsigned>(Place::kBandwidth)], waits);
}

TEST(Bandwidth, ABusyMicrosecondMakesThoseOfTheNextWait) {
    SharedConfig shared;
    shared.bandwidth_mb_s = 640;
    shared.dram_row_ns = 0;
    One one(buffered(0), shared, Detail::kFull);
    for (u64 line = 0; line < 5; ++line) EXPECT_EQ(one.caches.read(kBase + line * 64, 3000), 160u);
    // Half busy: 100 ns of service x 0.5 / (2 x (1 - 0.5)).
    EXPECT_EQ(one.caches.read(kBase + 5 * 64, 4000), 160u + 50);
    EXPECT_EQ(one.caches.read(kBase + 6 * 64, 9000), 160u);
}

TEST(Bandwidth, AnotherRowOfABankTakesLonger) {
    SharedConfig shared;
    shared.dram_row_ns = 15;
    shared.dram_row_bytes = 8192;
    shared.dram_banks = 2;
    One one(buffered(0), shared, Detail::kFull);
    EXPECT_EQ(one.caches.read(kBase, 0), 175u);
    EXPECT_EQ(one.caches.read(kBase + 64, 0), 160u);
    EXPECT_EQ(one.caches.read(kBase + 8192, 0), 175u) << "the other bank";
    EXPECT_EQ(one.caches.read(kBase + 128, 0), 160u);
    EXPECT_EQ(one.caches.read(kBase + 16384, 0), 175u) << "the first bank's next row";
    EXPECT_EQ(one.caches.read(kBase + 192, 0), 175u);
}

TEST(Validation, NamesTheFieldAndTheValue) {
    CacheConfig cache;
    cache.l2_ways = 7;
    SharedConfig shared;
    shared.bandwidth_mb_s = 0;
    shared.dram_banks = 3;
    shared.l3_bytes = 3000;
    ASSERT_EQ(validate(cache).size(), 1u);
    EXPECT_NE(validate(cache)[0].find("l2_ways=7"), std::string::npos);
    const auto problems = validate(shared, u64{1} << 30);
    ASSERT_EQ(problems.size(), 3u);
    EXPECT_NE(problems[0].find("l3_bytes=3000"), std::string::npos);
    EXPECT_NE(problems[1].find("bandwidth_mb_s=0"), std::string::npos);
    EXPECT_NE(problems[2].find("dram_banks=3"), std::string::npos);
    SharedConfig tiny;
    tiny.l3_bytes = 1024;
    EXPECT_EQ(validate(tiny, u64{1} << 45).size(), 1u);
}

}  // namespace
}  // namespace bbmsim::memory
