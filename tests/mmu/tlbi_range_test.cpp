// SPDX-License-Identifier: Apache-2.0
// FEAT_TLBIRANGE: TG, SCALE, NUM, TTL, ASID, and the four kinds.
#include "tests/mmu/machine.hpp"

#include <gtest/gtest.h>

namespace bbmsim::mmu::testing {
namespace {

constexpr u64 kVa = 0x4000'0000;
constexpr u8 kRva = 1, kRvaa = 3, kRval = 5, kRvaal = 7;

u64 operand(u64 base_pages, unsigned num, unsigned scale, unsigned tg = 1, unsigned ttl = 0, u16 asid = 0) {
    return u64{asid} << 48 | u64{tg} << 46 | u64{scale} << 44 | u64{num} << 39 | u64{ttl} << 37 |
           (base_pages & ((u64{1} << 37) - 1));
}

class TlbiRange : public ::testing::Test {
protected:
    MmuConfig config;
    std::unique_ptr<Machine> m;
    u64 root = 0;
    void SetUp() override { config.invalidation = InvalidationPolicy::kMinimal; }
    void build(u64 pages, u64 leaf = 0, u16 asid = 0) {
        config.l2_tlb = {1024, 1024, Policy::kLru, 5, 48};
        m = std::make_unique<Machine>(config);
        root = m->table();
        for (u64 i = 0; i < pages; ++i)
            m->map(root, kVa + (i << 12), 3, kBase | bits::kPage | leaf | bits::attr(kNormal));
        m->mmu().set_context(context(root | u64{asid} << 48, 0, Granule::k4K, tcr::kAs));
        for (u64 i = 0; i < pages; ++i) m->mmu().translate(read(kVa + (i << 12)));
    }
    u64 pages_left() { return m->mmu().entries(Structure::kL2).size(); }
    u64 tables_left() { return m->mmu().entries(Structure::kWalkCache).size(); }
    void tlbi(u8 op2, u64 value) { m->mmu().invalidate(*decode_tlbi(0, 8, 6, op2, value)); }
};

TEST_F(TlbiRange, NumAndScaleGiveTheNumberOfGranules) {
    struct Row {
        unsigned num, scale;
        u64 pages;
    };
    for (const Row& r : {Row{0, 0, 2}, Row{3, 0, 8}, Row{31, 0, 64}, Row{0, 1, 64}, Row{2, 1, 192}, Row{0, 2, 2048},
                         Row{31, 3, 2097152}}) {
        const TlbiSpan span =
            tlbi_span(*decode_tlbi(0, 8, 6, kRvaal, operand(kVa >> 12, r.num, r.scale)), Granule::k4K);
        EXPECT_EQ(span.va, kVa);
        EXPECT_EQ(span.bytes, r.pages << 12);
        EXPECT_TRUE(span.required);
        build(256);
        tlbi(kRvaal, operand(kVa >> 12, r.num, r.scale));
        EXPECT_EQ(pages_left(), r.pages >= 256 ? 0 : 256 - r.pages);
    }
}

TEST_F(TlbiRange, TheBaseIsInGranulesOfTgAndSignExtended) {
    for (const Granule g : {Granule::k4K, Granule::k16K, Granule::k64K}) {
        const u64 va = 0xffff'8000'0123'0000 & ~((u64{1} << granule_shift(g)) - 1);
        const unsigned tg = g == Granule::k4K ? 1 : g == Granule::k16K ? 2 : 3;
        const TlbiSpan s = tlbi_span(*decode_tlbi(0, 8, 6, kRvaal, operand(va >> granule_shift(g), 0, 0, tg)), g);
        EXPECT_EQ(s.va, va);
        EXPECT_EQ(s.bytes, u64{2} << granule_shift(g));
    }
}

TEST_F(TlbiRange, ATgThatDoesNotMatchNeedRemoveNothing) {
    build(4);
    tlbi(kRvaal, operand(kVa >> 14, 31, 3, 2));  // R_XKMMX
    tlbi(kRvaal, operand(kVa >> 16, 31, 3, 3));
    tlbi(kRvaal, operand(kVa >> 12, 31, 3, 0));  // reserved
    EXPECT_EQ(pages_left(), 4u);
    tlbi(kRvaal, operand(kVa >> 12, 31, 3, 1));
    EXPECT_EQ(pages_left(), 0u);
}

TEST_F(TlbiRange, AWrongTtlNeedRemoveNothing) {
    build(4);
    tlbi(kRvaal, operand(kVa >> 12, 1, 0, 1, 2));
    EXPECT_EQ(pages_left(), 4u);
    tlbi(kRvaal, operand(kVa >> 12, 1, 0, 1, 3));
    EXPECT_EQ(pages_left(), 0u);
}

TEST_F(TlbiRange, RvaNeedsTheAsidAndTakesTables) {
    build(4, bits::kNg, 7);
    tlbi(kRva, operand(kVa >> 12, 1, 0, 1, 0, 8));
    EXPECT_EQ(pages_left(), 4u);
    EXPECT_EQ(tables_left(), 3u);
    tlbi(kRva, operand(kVa >> 12, 1, 0, 1, 0, 7));
    EXPECT_EQ(pages_left(), 0u);
    EXPECT_EQ(tables_left(), 0u);
}

TEST_F(TlbiRange, RvalNeedsTheAsidAndLeavesTables) {
    build(4, bits::kNg, 7);
    tlbi(kRval, operand(kVa >> 12, 1, 0, 1, 0, 8));
    EXPECT_EQ(pages_left(), 4u);
    tlbi(kRval, operand(kVa >> 12, 1, 0, 1, 0, 7));
    EXPECT_EQ(pages_left(), 0u);
    EXPECT_EQ(tables_left(), 3u);
}

TEST_F(TlbiRange, RvaaTakesAnyAsidAndTables) {
    build(4, bits::kNg, 7);
    tlbi(kRvaa, operand(kVa >> 12, 1, 0));
    EXPECT_EQ(pages_left(), 0u);
    EXPECT_EQ(tables_left(), 0u);
}

TEST_F(TlbiRange, RvaalTakesAnyAsidAndLeavesTables) {
    build(4, bits::kNg, 7);
    tlbi(kRvaal, operand(kVa >> 12, 1, 0));
    EXPECT_EQ(pages_left(), 0u);
    EXPECT_EQ(tables_left(), 3u);
}

TEST_F(TlbiRange, ABlockGoesIfTheRangeTouchesIt) {
    config.invalidation = InvalidationPolicy::kMinimal;
    m = std::make_unique<Machine>(config);
    root = m->table();
    m->map(root, kVa, 2, kBase | bits::kBlock | bits::attr(kNormal));
    m->mmu().set_context(context(root));
    m->mmu().translate(read(kVa));
    tlbi(kRvaal, operand((kVa - 0x2000) >> 12, 0, 0));  // ends just before
    EXPECT_EQ(pages_left(), 1u);
    tlbi(kRvaal, operand((kVa - 0x1000) >> 12, 0, 0));
    EXPECT_EQ(pages_left(), 0u);
}

TEST_F(TlbiRange, ARangeToTheTopOfTheAddressSpaceDoesNotWrap) {
    m = std::make_unique<Machine>(config);
    root = m->table();
    const u64 top = 0xffff'ffff'ffff'f000;
    m->map(root, top, 3, kBase | bits::kPage | bits::attr(kNormal));
    m->map(root, 0, 3, kBase | bits::kPage | bits::attr(kNormal));
    m->mmu().set_context(context(root, root));
    m->mmu().translate(read(top));
    m->mmu().translate(read(0));
    tlbi(kRvaal, operand(top >> 12, 31, 3));
    ASSERT_EQ(pages_left(), 1u);
    EXPECT_EQ(m->mmu().entries(Structure::kL2)[0].va_base, 0u);
}

TEST_F(TlbiRange, TypicalInvalidationTakesTheRangeWhateverTheHints) {
    config.invalidation = InvalidationPolicy::kTypical;
    build(4);
    tlbi(kRvaal, operand(kVa >> 12, 1, 0, 1, 2));
    EXPECT_EQ(pages_left(), 0u);
    EXPECT_EQ(tables_left(), 0u);
}

}  // namespace
}  // namespace bbmsim::mmu::testing
