// SPDX-License-Identifier: Apache-2.0
// Sizes of entries: contiguous groups, blocks with nT, splinters.
#include "tests/mmu/machine.hpp"

#include <gtest/gtest.h>

namespace bbmsim::mmu::testing {
namespace {

constexpr u64 kVa = 0x0040'0000'0000;

u64 leaf_bits(unsigned level) { return (level == 3 ? bits::kPage : bits::kBlock) | bits::attr(kNormal); }

struct Group {
    Granule g;
    unsigned level;
    unsigned members;
};
class Contiguous : public ::testing::TestWithParam<Group> {};

TEST_P(Contiguous, OneEntrySpansTheGroupFromAnyMember) {
    const auto [g, level, members] = GetParam();
    Machine m;
    const u64 root = m.table(g), size = u64{1} << level_shift(g, level);
    for (u64 i = 0; i < members; ++i)
        m.map(root, kVa + i * size, level, (i * size) | leaf_bits(level) | bits::kCont, g);
    m.mmu().set_context(context(root, 0, g));
    const u64 desc = m.descriptor(root, kVa + 5 * size, level, g);
    const Outcome out = m.mmu().translate(read(kVa + 5 * size + 8));
    ASSERT_FALSE(out.fault);
    EXPECT_EQ(out.pa, 5 * size + 8);
    EXPECT_EQ(out.entry->va_base, kVa);
    EXPECT_EQ(out.entry->va_mask + 1, members * size);
    EXPECT_TRUE(out.entry->contiguous);
    EXPECT_TRUE(out.entry->origin.leaf_is(desc));
    EXPECT_EQ(m.mmu().translate(read(kVa + (members - 1) * size)).pa, (members - 1) * size);
    EXPECT_EQ(m.mmu().stats.walks, 1u);

    // Any member that changes makes the entry stale; the access flag of one does not.
    m.put(desc + 8, ((6 * size) | leaf_bits(level) | bits::kCont) & ~bits::kAf);
    EXPECT_FALSE(m.mmu().entries(Structure::kL1D).at(0).stale);
    m.put(m.descriptor(root, kVa + (members - 1) * size, level, g), 0);
    EXPECT_TRUE(m.mmu().entries(Structure::kL1D).at(0).stale);
    EXPECT_TRUE(m.mmu().entries(Structure::kL2).at(0).stale);
}
// D8.7.1; without the bit, or next to the group, there is no group.
TEST_P(Contiguous, WithoutTheBitAnEntryIsOneDescriptor) {
    const auto [g, level, members] = GetParam();
    Machine m;
    const u64 root = m.table(g), size = u64{1} << level_shift(g, level);
    m.map(root, kVa, level, leaf_bits(level), g);
    m.mmu().set_context(context(root, 0, g));
    EXPECT_EQ(m.mmu().translate(read(kVa)).entry->va_mask + 1, size);
}

INSTANTIATE_TEST_SUITE_P(Groups, Contiguous,
                         ::testing::Values(Group{Granule::k4K, 1, 16}, Group{Granule::k4K, 2, 16},
                                           Group{Granule::k4K, 3, 16}, Group{Granule::k16K, 2, 32},
                                           Group{Granule::k16K, 3, 128}, Group{Granule::k64K, 2, 32},
                                           Group{Granule::k64K, 3, 32}));

TEST(ContiguousMisprogrammed, AMemberWithAnotherOutputAddressIsHeldAlone) {
    Machine m;
    const u64 root = m.table();
    m.map(root, kVa + 0x1000, 3, (kBase + 0x5000) | leaf_bits(3) | bits::kCont);  // fits no group at this VA
    m.mmu().set_context(context(root));
    const Outcome out = m.mmu().translate(read(kVa + 0x1000));
    EXPECT_EQ(out.pa, kBase + 0x5000);
    EXPECT_EQ(out.entry->va_mask, 0xfffu);
}

TEST(NoTranslation, ABlockWithNtFaultsWhereTheCoreSaysSo) {
    for (const bool faults : {true, false}) {
        MmuConfig config;
        config.nt_faults = faults;
        Machine m(config);
        const u64 root = m.table();
        m.map(root, kVa, 2, leaf_bits(2) | bits::kNt);
        m.mmu().set_context(context(root));
        const Outcome out = m.mmu().translate(read(kVa));
        EXPECT_EQ(out.fault.fsc(), faults ? 0b000110 : 0);
        EXPECT_EQ(m.mmu().entries(Structure::kL2).empty(), faults);
    }
}

TEST(NoTranslation, Bit16OfAPageIsAnAddressBit) {
    Machine m;
    const u64 root = m.table();
    m.map(root, kVa, 3, kBase | bits::kNt | leaf_bits(3));
    m.mmu().set_context(context(root));
    EXPECT_EQ(m.mmu().translate(read(kVa)).pa, kBase + 0x10000);
}

TEST(Splinters, ALargeBlockIsHeldInPartsAndOneTlbiRemovesAll) {
    MmuConfig config;
    config.l1d_tlb.max_block_shift = 21;
    config.l2_tlb.max_block_shift = 29;
    config.invalidation = InvalidationPolicy::kMinimal;
    Machine m(config);
    const u64 root = m.table();
    m.map(root, kVa, 1, leaf_bits(1));  // 1 GiB
    m.map(root, kVa + (1 << 30), 1, (1 << 30) | leaf_bits(1));
    m.mmu().set_context(context(root));
    for (const u64 offset : {u64{0}, u64{0x20'0000}, u64{0x3000'0000}}) {
        EXPECT_EQ(m.mmu().translate(read(kVa + offset + 4)).pa, offset + 4);
    }
    m.mmu().translate(read(kVa + (1 << 30)));
    ASSERT_EQ(m.mmu().entries(Structure::kL1D).size(), 4u);
    ASSERT_EQ(m.mmu().entries(Structure::kL2).size(), 3u);
    // An address in a part that nothing holds removes every splinter of its block (R_LGSCG), and no other block's.
    const u64 operand = (kVa + 0x1234'5000) >> 12;
    m.mmu().invalidate(*decode_tlbi(0, 8, 7, 7, operand));
    ASSERT_EQ(m.mmu().entries(Structure::kL1D).size(), 1u);
    ASSERT_EQ(m.mmu().entries(Structure::kL2).size(), 1u);
    EXPECT_EQ(m.mmu().entries(Structure::kL2)[0].va_base, kVa + (1 << 30));
}

}  // namespace
}  // namespace bbmsim::mmu::testing
