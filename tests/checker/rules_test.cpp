// SPDX-License-Identifier: Apache-2.0
// One violating and one correct sequence for each rule on values (R_WHZWS), and by FEAT_BBM level.
#include "tests/checker/world.hpp"

#include <cstring>

namespace bbmsim::mmu {
namespace {

// Replaces a descriptor directly, on one PE of this level that reaches it.
Ids direct(PeSpec pe, u64 (*before)(World&), u64 (*after)(World&)) {
    World w{pe};
    LinearMap m(w);
    w.poke(m.page_desc, before(w));
    w.enter1(0, m.l0);
    w.write(0, m.page_desc, after(w));
    return w.rules();
}
// The same with break-before-make.
Ids broken_first(PeSpec pe, u64 (*before)(World&), u64 (*after)(World&)) {
    World w{pe};
    LinearMap m(w);
    w.poke(m.page_desc, before(w));
    w.enter1(0, m.l0);
    w.write(0, m.page_desc, 0);
    w.flush(0, LinearMap::table_va);
    w.write(0, m.page_desc, after(w));
    w.dsb(0);
    w.checker.finish(0);
    return w.rules();
}
u64 plain(World& w) { return w.leaf(World::kBlock); }
u64 other_oa(World& w) { return w.leaf(World::kBlock + 0x1000); }
u64 non_cacheable(World& w) { return w.leaf(World::kBlock, u64{1} << 2); }
u64 device(World& w) { return w.leaf(World::kBlock, u64{2} << 2); }
u64 device_nGnRE(World& w) { return w.leaf(World::kBlock, u64{3} << 2); }
u64 write_through(World& w) { return w.leaf(World::kBlock, u64{4} << 2); }
u64 no_write_allocate(World& w) { return w.leaf(World::kBlock, u64{5} << 2); }
u64 outer(World& w) { return w.leaf(World::kBlock) ^ (u64{1} << 8); }
u64 device_outer(World& w) { return w.leaf(World::kBlock, u64{2} << 2) ^ (u64{1} << 8); }
u64 contiguous(World& w) { return w.leaf(World::kBlock, kDescContiguous); }
u64 non_global(World& w) { return w.leaf(World::kBlock, kDescNg); }
u64 permissions(World& w) { return w.leaf(World::kBlock, kDescReadOnly | (u64{3} << 53) | (u64{15} << 55) | kDescDbm); }

TEST(BbmRules, OutputAddress) {
    EXPECT_EQ(direct({3, true}, plain, other_oa), Ids{"BBM-OA"});
    EXPECT_TRUE(broken_first({0}, plain, other_oa).empty());
}
TEST(BbmRules, MemoryType) {
    EXPECT_EQ(direct({2}, plain, device), Ids{"BBM-MEMTYPE"});
    EXPECT_EQ(direct({0}, device, device_nGnRE), Ids{"BBM-MEMTYPE"});
    EXPECT_TRUE(broken_first({0}, plain, device).empty());
}
TEST(BbmRules, Cacheability) {
    EXPECT_EQ(direct({2}, plain, non_cacheable), Ids{"BBM-CACHE"});
    EXPECT_EQ(direct({2}, plain, write_through), Ids{"BBM-CACHE"});
    EXPECT_TRUE(direct({0}, plain, no_write_allocate).empty()) << "allocation hints are not cacheability";
    EXPECT_TRUE(broken_first({0}, plain, non_cacheable).empty());
}
TEST(BbmRules, Shareability) {
    EXPECT_EQ(direct({2}, plain, outer), Ids{"BBM-SHARE"});
    EXPECT_TRUE(direct({0}, device, device_outer).empty()) << "SH means nothing for Device memory";
    EXPECT_TRUE(broken_first({0}, plain, outer).empty());
}
TEST(BbmRules, Contiguous) {
    EXPECT_EQ(direct({0}, plain, contiguous), Ids{"BBM-CONT"});
    EXPECT_EQ(direct({0}, contiguous, plain), Ids{"BBM-CONT"});
    EXPECT_TRUE(direct({1}, plain, contiguous).empty());
    EXPECT_TRUE(direct({2}, contiguous, plain).empty());
    EXPECT_EQ(broken_first({0}, plain, contiguous), Ids{"BBM-CONT-GROUP"}) << "its neighbours keep the bit clear";
}
TEST(BbmRules, Global) {
    EXPECT_EQ(direct({2}, non_global, plain), Ids{"BBM-GLOBAL"});
    EXPECT_TRUE(direct({0}, plain, non_global).empty()) << "global to non-global is safe";
    EXPECT_TRUE(broken_first({0}, non_global, plain).empty());
}
TEST(BbmRules, PermissionsAndSoftwareBitsAreSilent) {
    EXPECT_TRUE(direct({0}, plain, permissions).empty());
    EXPECT_TRUE(direct({0}, permissions, plain).empty());
}

TEST(BbmRules, OutputAddressOfReadOnlyEntriesWithEqualContents) {
    World w{{0}};
    LinearMap m(w);
    w.poke(m.page_desc, w.leaf(World::kBlock, kDescReadOnly));
    w.enter1(0, m.l0);
    w.write(0, m.page_desc, w.leaf(World::kBlock + 0x1000, kDescReadOnly));
    EXPECT_TRUE(w.silent());
    w.poke(World::kBlock + 0x2000, 1);
    w.write(0, m.page_desc, w.leaf(World::kBlock + 0x2000, kDescReadOnly));
    EXPECT_EQ(w.rules(), Ids{"BBM-OA"}) << "contents differ";
}
TEST(BbmRules, DirtyManagedEntriesAreWritable) {
    const u64 read_only_dbm = kDescReadOnly | kDescDbm;
    for (const bool hd : {false, true}) {
        World w{{0}};
        LinearMap m(w);
        w.poke(m.page_desc, w.leaf(World::kBlock, read_only_dbm));
        w.enter(0, w.context(0, m.l0, 0, hd ? u64{3} << 39 : 0));
        w.write(0, m.page_desc, w.leaf(World::kBlock + 0x1000, read_only_dbm));
        EXPECT_EQ(w.silent(), !hd);
    }
}
TEST(BbmRules, WritableValueStaysDangerousAfterItWasWriteProtected) {
    World w{{0}};
    LinearMap m(w);
    w.poke(m.page_desc, w.leaf(World::kBlock));
    w.enter1(0, m.l0);
    w.write(0, m.page_desc, w.leaf(World::kBlock, kDescReadOnly));
    w.write(0, m.page_desc, w.leaf(World::kBlock + 0x1000, kDescReadOnly));
    EXPECT_EQ(w.rules(), Ids{"BBM-OA"});
}

// --- size
Ids split(PeSpec pe, bool exact = true, u64 block_extra = 0) {
    World w{pe};
    LinearMap m(w);
    w.poke(m.block_desc, w.block(World::kBlock, block_extra));
    const u64 pages = w.split(w.block(World::kBlock));
    if (!exact) w.poke(pages + 8 * 7, w.leaf(World::kBlock + 0x9000));
    w.enter1(0, m.l0);
    w.write(0, m.block_desc, World::table(pages));
    return w.rules();
}
TEST(BbmRules, SplitByLevel) {
    EXPECT_EQ(split({0}), Ids{"BBM-SIZE"});
    EXPECT_EQ(split({1}), Ids{"BBM-SIZE"});
    EXPECT_TRUE(split({2}).empty());
    EXPECT_TRUE(split({3, true}).empty());
}
TEST(BbmRules, SplitThatAlsoChangesAnAddress) {
    EXPECT_EQ(split({2}, false), Ids{"BBM-OA"});
    EXPECT_EQ(split({0}, false), Ids{"BBM-SIZE"});
}
TEST(BbmRules, SplitIntoContiguousPages) {
    World w{{2}};
    LinearMap m(w);
    const u64 pages = w.split(m.block);
    for (u64 i = 0; i < 512; ++i) w.poke(pages + 8 * i, w.peek(pages + 8 * i) | kDescContiguous);
    w.enter1(0, m.l0);
    w.write(0, m.block_desc, World::table(pages));
    w.flush_all(0);
    w.checker.finish(0);
    EXPECT_TRUE(w.silent());
}
TEST(BbmRules, SplitOfAGigabyteIntoBlocksAndPages) {
    World w{{2}};
    LinearMap m(w);
    w.poke(m.l1 + 8, w.block(World::kBase));
    const u64 blocks = w.split(w.block(World::kBase), 1);
    w.poke(blocks + 8, World::table(w.split(w.peek(blocks + 8))));
    w.enter1(0, m.l0);
    w.write(0, m.l1 + 8, World::table(blocks));
    EXPECT_TRUE(w.silent());
    const u64 wrong = w.split(w.block(World::kBase), 1);
    w.poke(wrong + 16, w.block(World::kBase));
    w.write(0, m.l1 + 8, World::table(wrong));
    EXPECT_EQ(w.rules(), Ids{"BBM-OA"}) << "table to another table that translates differently";
}
TEST(BbmRules, TableToAnEqualTableIsSilent) {
    World w{{0}};
    LinearMap m(w);
    const u64 copy = w.split(w.block(World::kBase + (2 << 20)));
    w.enter1(0, m.l0);
    w.write(0, m.table_desc, World::table(copy));
    EXPECT_TRUE(w.silent());
}
TEST(BbmRules, MergeByLevel) {
    for (const u32 level : {0u, 1u, 2u, 3u}) {
        World w{{level}};
        LinearMap m(w);
        w.enter1(0, m.l0);
        w.write(0, m.table_desc, w.block(World::kBase + (2 << 20)));
        EXPECT_EQ(w.rules(), level < 2 ? Ids{"BBM-SIZE"} : Ids{});
    }
}
TEST(BbmRules, MergeToAnotherAddress) {
    World w{{2}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.write(0, m.table_desc, w.block(World::kBase + (4 << 20)));
    EXPECT_EQ(w.rules(), Ids{"BBM-OA"});
}
TEST(BbmRules, BreakBeforeMakeOfASplitAndAMerge) {
    World w{{0}, {0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.enter1(1, m.l0);
    const u64 pages = w.split(m.block);
    w.write(0, m.block_desc, 0);
    w.dsb_ishst(0);
    w.tlbi(0, TlbiKind::kVaal, TlbiScope::kInner, LinearMap::block_va + 0x5000);  // any VA of the block
    w.dsb(0);
    w.write(0, m.block_desc, World::table(pages));
    w.write(0, m.block_desc, 0);
    w.flush_all(0);
    w.write(0, m.block_desc, m.block);
    w.checker.finish(0);
    EXPECT_TRUE(w.silent());
}

// --- nT, FEAT_BBM level 1
TEST(BbmRules, LevelOneSplitWithNt) {
    EXPECT_TRUE(split({1}, true, kDescNt).empty());
    EXPECT_EQ(split({0}, true, kDescNt), Ids{"BBM-SIZE"});
    World w{{1}};
    LinearMap m(w);
    const u64 pages = w.split(m.block);
    w.enter1(0, m.l0);
    w.write(0, m.block_desc, m.block | kDescNt);
    w.flush(0, LinearMap::block_va);
    w.write(0, m.block_desc, World::table(pages));
    w.flush(0, LinearMap::block_va);
    w.write(0, m.block_desc, m.block | kDescNt);  // and back
    w.flush_all(0);
    w.write(0, m.block_desc, m.block);
    w.flush(0, LinearMap::block_va);
    w.checker.finish(0);
    EXPECT_TRUE(w.silent());
}
TEST(BbmRules, LevelOneSplitWithNtButNoFlush) {
    World w{{1}};
    LinearMap m(w);
    const u64 pages = w.split(m.block);
    w.enter1(0, m.l0);
    w.write(0, m.block_desc, m.block | kDescNt);
    w.write(0, m.block_desc, World::table(pages));
    EXPECT_EQ(w.rules(), Ids{"BBM-SIZE"});
}

TEST(BbmRules, JudgedPerPe) {
    World w{{2}, {0}, {2, true}, {1}};
    LinearMap m(w);
    const u64 pages = w.split(m.block);
    for (PeId pe = 0; pe < 4; ++pe) w.enter1(pe, m.l0);
    w.read(1, LinearMap::block_va);
    w.write(0, m.block_desc, World::table(pages), 0x1234);
    ASSERT_EQ(w.rules(), Ids{"BBM-SIZE"});
    EXPECT_EQ(w.holders(), 0b1010u);
    const Violation& v = w.checker.violations()[0];
    EXPECT_EQ(v.pe, 0);
    EXPECT_EQ(v.pc, 0x1234u);
    EXPECT_EQ(v.va_lo, LinearMap::block_va);
    EXPECT_EQ(v.va_hi, LinearMap::block_va + (2 << 20));
    EXPECT_EQ(v.level, 2);
    EXPECT_EQ(v.old_value, m.block);
    EXPECT_EQ(v.new_value, World::table(pages));
    EXPECT_TRUE(v.holders[0].reaches);
    EXPECT_TRUE(v.holders[0].holds);
    EXPECT_FALSE(v.holders[1].holds);
    EXPECT_NE(v.text.find("core 1 (BBM level 0) reaches it through TTBR1"), std::string::npos) << v.text;
    EXPECT_NE(v.text.find("R_WHZWS"), std::string::npos);
}
TEST(BbmRules, EqualFindingsAreOne) {
    World w{{0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    for (u64 i = 2; i < 12; ++i) {
        w.write(0, m.l2 + 8 * i, w.block(World::kBase + (i << 21)), 0x10);
        w.write(0, m.l2 + 8 * i, World::table(w.split(w.block(World::kBase + (i << 21)))), 0x20);
    }
    ASSERT_EQ(w.rules(), Ids{"BBM-SIZE"});
    EXPECT_EQ(w.checker.violations()[0].count, 10u);
    EXPECT_EQ(w.checker.violations()[0].va_lo, World::kLinear + (2 << 21));
    EXPECT_EQ(w.checker.violations()[0].va_hi, World::kLinear + (12 << 21));
}
TEST(BbmRules, EveryRuleDescribesItself) {
    ASSERT_EQ(all_rules().size(), static_cast<std::size_t>(Rule::kCount));
    for (unsigned r = 0; r < all_rules().size(); ++r) {
        const RuleInfo& info = all_rules()[r];
        EXPECT_EQ(info.rule, static_cast<Rule>(r));
        EXPECT_EQ(find_rule(info.id), &info);
        EXPECT_EQ(std::string(info.id).substr(0, 4), "BBM-");
        const std::string source = info.arm_rule;  // a rule id, or the register whose description says it
        EXPECT_TRUE(source[1] == '_' || source.find("_EL1") != source.npos) << source;
        EXPECT_EQ(std::string(info.sources).rfind(source, 0), 0u) << info.sources;
        EXPECT_GT(std::strlen(info.text), 60u);
        for (const char* words : {info.levels, info.hardware, info.mend, info.silent})
            EXPECT_GT(std::strlen(words), 10u) << info.id;
        EXPECT_TRUE(info.holds_at && info.holds_at < 16) << info.id;
    }
    EXPECT_EQ(find_rule("BBM-NOPE"), nullptr);
}

}  // namespace
}  // namespace bbmsim::mmu
