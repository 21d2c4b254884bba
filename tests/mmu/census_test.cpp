// SPDX-License-Identifier: Apache-2.0
// The census: counts by level, Contiguous bit and attributes, where blocks are, and what it must not run away on.
#include "models/mmu/census.hpp"

#include "tests/mmu/machine.hpp"

#include <gtest/gtest.h>

namespace bbmsim::mmu::testing {
namespace {

constexpr u64 kUpper = 0xffff'0000'0000'0000, kMiB = 1 << 20;
constexpr u64 kNormalBits = bits::attr(kNormal);

u64 index_of_upper(u64 va) { return va & ~kUpper; }

struct Upper {
    explicit Upper(Granule granule = Granule::k4K) : g(granule), root(m.table(granule)) {
        m.mmu().set_context(context(0, root, granule));
    }
    void map(u64 va, unsigned level, u64 value) { m.map(root, index_of_upper(va), level, value, g); }
    Census take(u64 first, u64 last) { return census(m.ram, m.mmu().context(), m.mmu().config, first, last); }
    Census linear() {
        const VaRange range = linear_map_range(m.mmu().context(), m.mmu().config);
        return take(range.first, range.last);
    }
    Machine m;
    Granule g;
    u64 root;
};

TEST(Census, CountsBlocksGroupsAndPagesByWhatTheySay) {
    Upper u;
    for (u64 i = 0; i < 32; ++i)
        u.map(kUpper + i * 2 * kMiB, 2, (i * 2 * kMiB) | bits::kBlock | kNormalBits | bits::kCont);
    u.map(kUpper + 64 * kMiB, 2, (64 * kMiB) | bits::kBlock | kNormalBits);
    for (u64 i = 0; i < 20; ++i)
        u.map(kUpper + 66 * kMiB + i * 4096, 3,
              (66 * kMiB + i * 4096) | bits::kPage | kNormalBits | (i < 4 ? bits::kRo : 0));
    u.map(kUpper + (u64{1} << 47), 3, bits::kPage | kNormalBits);  // beyond the linear map

    const Census c = u.linear();
    ASSERT_TRUE(c.complete);
    EXPECT_EQ(c.va_first, kUpper);
    EXPECT_EQ(c.va_last, kUpper + (u64{1} << 47) - 1);
    ASSERT_EQ(c.rows.size(), 4u);
    EXPECT_TRUE(c.rows[0].contiguous && c.rows[0].level == 2 && c.rows[0].descriptors == 32);
    EXPECT_TRUE(!c.rows[1].contiguous && c.rows[1].level == 2 && c.rows[1].descriptors == 1);
    EXPECT_TRUE(c.rows[2].level == 3 && c.rows[2].descriptors == 4 && !c.rows[2].perms.write_el1);
    EXPECT_TRUE(c.rows[3].level == 3 && c.rows[3].descriptors == 16 && c.rows[3].perms.write_el1);
    EXPECT_EQ(c.groups[2], 2u);
    EXPECT_EQ(c.groups[3], 0u);
    EXPECT_EQ(c.mapped_first, kUpper);
    EXPECT_EQ(c.mapped_last, kUpper + 66 * kMiB + 20 * 4096 - 1);
    ASSERT_EQ(c.block_runs.size(), 2u);  // adjacent, but of two kinds
    EXPECT_EQ(c.block_runs[0].va_last + 1, c.block_runs[1].va_first);
    EXPECT_EQ(c.block_runs[1].va_last, kUpper + 66 * kMiB - 1);
    EXPECT_EQ(c.table_pages, 4u);
}

TEST(Census, ARangeBeginsAndEndsInsideTables) {
    Upper u;
    for (u64 i = 0; i < 512; ++i) u.map(kUpper + i * 4096, 3, (i * 4096) | bits::kPage | kNormalBits);
    const Census c = u.take(kUpper + 10 * 4096, kUpper + 19 * 4096 + 5);
    ASSERT_EQ(c.rows.size(), 1u);
    EXPECT_EQ(c.rows[0].descriptors, 10u);
    EXPECT_EQ(u.take(~u64{0} - 4095, ~u64{0}).rows.size(), 0u);  // up to the last address
}

TEST(Census, TablesForbidWhatTheirLeavesAllow) {
    Upper u;
    u.m.map(u.root, 0, 3, bits::kPage | kNormalBits, Granule::k4K, 48, bits::kRoTable);
    const Census c = u.linear();
    ASSERT_EQ(c.rows.size(), 1u);
    EXPECT_FALSE(c.rows[0].perms.write_el1);
}

TEST(Census, OtherGranulesHaveTheirOwnGroups) {
    Upper u(Granule::k16K);
    for (u64 i = 0; i < 128; ++i) u.map(kUpper + i * 16384, 3, (i * 16384) | bits::kPage | kNormalBits | bits::kCont);
    const Census c = u.linear();
    ASSERT_EQ(c.rows.size(), 1u);
    EXPECT_EQ(c.rows[0].descriptors, 128u);
    EXPECT_EQ(c.groups[3], 1u);
}

TEST(Census, ATableThatContainsItselfAndTablesOutsideOfRamEnd) {
    Upper u;
    u.m.put(u.root + 8 * 3, u.root | bits::kTable);
    u.m.put(u.root, u64{0x7000'0000'0000} | bits::kTable);
    const Census c = u.linear();
    EXPECT_TRUE(c.complete);
    ASSERT_EQ(c.rows.size(), 1u);  // both links as level 3 reads them: pages of one kind
}

TEST(Census, NothingIsMappedWithTheMmuOff) {
    Upper u;
    u.map(kUpper, 3, bits::kPage | kNormalBits);
    u.m.mmu().set_context({});
    EXPECT_TRUE(u.take(kUpper, kUpper + 4095).rows.empty());
}

}  // namespace
}  // namespace bbmsim::mmu::testing
