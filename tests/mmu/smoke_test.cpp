// SPDX-License-Identifier: Apache-2.0
// One mapping from end to end: walk, hits, TLBI, stale marking, MMU off.
#include "tests/mmu/machine.hpp"

#include <gtest/gtest.h>

namespace bbmsim::mmu::testing {
namespace {

constexpr u64 kPagePa = kBase + 0x200000;

TEST(Smoke, AWalkFillsBothLevelsAndTheNextAccessHitsL1) {
    Machine m;
    const u64 root = m.table();
    m.map(root, 0x1000, 3, kPagePa | bits::kPage | bits::attr(kNormal));
    m.mmu().set_context(context(root));
    const Outcome first = m.mmu().translate(read(0x1234));
    ASSERT_FALSE(first.fault);
    EXPECT_EQ(first.pa, kPagePa + 0x234);
    EXPECT_EQ(first.cycles, 4u + 4 * 10);
    EXPECT_TRUE(first.filterable);
    const Outcome second = m.mmu().translate(read(0x1008));
    EXPECT_EQ(second.pa, kPagePa + 8);
    EXPECT_EQ(second.cycles, 0u);
    EXPECT_EQ(second.entry, first.entry);
    EXPECT_EQ(m.mmu().stats.l1d_misses, 1u);
    EXPECT_EQ(m.mmu().entries(Structure::kL2).size(), 1u);
    EXPECT_EQ(m.mmu().entries(Structure::kWalkCache).size(), 3u);
}

TEST(Smoke, AFetchAfterADataAccessHitsL2) {
    Machine m;
    const u64 root = m.table();
    m.map(root, 0x1000, 3, kPagePa | bits::kPage | bits::attr(kNormal));
    m.mmu().set_context(context(root));
    m.mmu().translate(read(0x1000));
    EXPECT_EQ(m.mmu().translate(fetch(0x1000)).cycles, m.mmu().config.l2_tlb.hit_cycles);
    EXPECT_EQ(m.mmu().stats.walks, 1u);
}

TEST(Smoke, AChangedDescriptorLeavesAStaleEntryThatATlbiRemoves) {
    Machine m;
    const u64 root = m.table();
    const u64 desc = m.map(root, 0x1000, 3, kPagePa | bits::kPage | bits::attr(kNormal));
    m.mmu().set_context(context(root));
    const u32 gen = m.mmu().translate(read(0x1000)).entry->gen;
    m.put(desc, 0);
    const Outcome stale = m.mmu().translate(read(0x1000));
    EXPECT_EQ(stale.pa, kPagePa);
    EXPECT_FALSE(stale.filterable);
    EXPECT_NE(stale.entry->gen, gen);
    EXPECT_EQ(m.mmu().stats.stale_uses, 1u);
    EXPECT_GE(m.mmu().invalidate(*decode_tlbi(0, 8, 7, 1, 0x1000 >> 12)), 2u);
    EXPECT_EQ(m.mmu().translate(read(0x1000)).fault.fsc(), 0b000111);
}

TEST(Smoke, WithTheMmuOffTheIdentityIsFilterableAndNoTlbAccess) {
    Machine m;
    const Outcome data = m.mmu().translate(write(kPagePa));
    EXPECT_EQ(data.pa, kPagePa);
    EXPECT_EQ(data.attr.type, MemType::kDeviceNGnRnE);
    EXPECT_TRUE(data.filterable && data.writable && Mmu::is_mmu_off(data.entry));
    EXPECT_EQ(m.mmu().translate(fetch(kPagePa)).attr.type, MemType::kNormal);
    EXPECT_EQ(m.mmu().stats.l1d_accesses, 0u);
    EXPECT_EQ(m.mmu().translate(read(u64{1} << 40)).fault.fsc(), 0);
    EXPECT_EQ(m.mmu().translate(read(u64{1} << 40)).fault.type, FaultType::kAddressSize);
}

TEST(Smoke, ChangingTheContextEndsMmuOffSlots) {
    Machine m;
    const Outcome off = m.mmu().translate(read(kPagePa));
    m.mmu().filter.insert(TranslationFilter::kReadEl1, kPagePa, m.ram.at(PhysAddr(kPagePa)), off.entry, kPagePa);
    ASSERT_NE(m.mmu().filter.find(TranslationFilter::kReadEl1, kPagePa), nullptr);
    m.mmu().set_context(context(m.table()));
    EXPECT_EQ(m.mmu().filter.find(TranslationFilter::kReadEl1, kPagePa), nullptr);
}

}  // namespace
}  // namespace bbmsim::mmu::testing
