// SPDX-License-Identifier: Apache-2.0
// Rules on registers, on contiguous groups, on pages of unlinked tables, and on fetches through a fresh mapping: each
// with the violating scenario and the correct one.
#include "tests/checker/world.hpp"

namespace bbmsim::mmu {
namespace {

// Two user address spaces in TTBR0 whose entry 0 maps different pages, non-global.
struct Processes {
    World w{{0}, {0}};
    u64 one = space(World::kBase), two = space(World::kBase + (4 << 20)), empty = w.page();
    u64 space(u64 pa) {
        const u64 l0 = w.page(), l1 = w.page(), l2 = w.page();
        w.poke(l0, World::table(l1));
        w.poke(l1, World::table(l2));
        w.poke(l2, w.block(pa, kDescNg));
        return l0;
    }
    void run(PeId pe, u64 root, u16 asid) { w.enter(pe, w.context(root, 0, asid)); }
};

TEST(AsidReuse, WithoutInvalidation) {
    Processes p;
    p.run(0, p.one, 7);
    p.run(0, p.two, 7);
    EXPECT_EQ(p.w.rules(), Ids{"BBM-ASID-REUSE"});
}
TEST(AsidReuse, AfterTlbiByAsid) {
    Processes p;
    p.run(0, p.one, 7);
    p.run(0, p.empty, 7);
    p.w.dsb(0);
    p.w.tlbi(0, TlbiKind::kAsid, TlbiScope::kInner, 0, 7);
    p.w.dsb(0);
    p.run(0, p.two, 7);
    EXPECT_TRUE(p.w.silent());
}
TEST(AsidReuse, JudgedPerPe) {  // rollover: each PE flushes for itself before it uses the new generation
    Processes p;
    p.run(0, p.one, 7);
    p.run(1, p.one, 7);
    for (const PeId pe : {PeId{0}, PeId{1}}) p.run(pe, p.empty, 1);
    p.w.flush_local(0);
    p.run(0, p.two, 7);
    EXPECT_TRUE(p.w.silent());
    p.run(1, p.two, 7);
    EXPECT_EQ(p.w.rules(), Ids{"BBM-ASID-REUSE"});
    EXPECT_EQ(p.w.holders(), 0b10u);
}
TEST(AsidReuse, OtherAsidsAndTheSameTablesAreFree) {
    Processes p;
    p.run(0, p.one, 7);
    p.run(0, p.two, 8);
    p.run(0, p.one, 7);
    p.run(0, p.empty, 8);  // a reserved table under the same ASID: nothing is mapped there
    EXPECT_TRUE(p.w.silent());
}

TEST(Cnp, SameAsidOtherTables) {
    Processes p;
    p.run(0, p.one | 1, 7);
    p.run(1, p.two | 1, 7);
    EXPECT_EQ(p.w.rules(), Ids{"BBM-CNP"});
    EXPECT_EQ(p.w.holders(), 0b11u);
}
TEST(Cnp, Allowed) {
    Processes p;
    p.run(0, p.one | 1, 7);
    p.run(1, p.one | 1, 7);
    p.run(1, p.two | 1, 8);
    p.w.flush_local(1);
    p.run(1, p.empty, 0);
    p.w.flush_local(1);
    p.run(1, p.two, 7);  // private
    EXPECT_TRUE(p.w.silent());
}

struct Registers : ::testing::Test {
    World w{{0}};
    LinearMap m{w};
    Context c = w.context(0, m.l0);
    void SetUp() override { w.enter(0, c); }
};
TEST_F(Registers, MairChangedAndNeverFlushed) {
    c.mair ^= 0xff;
    w.enter(0, c);
    w.checker.finish(0);
    EXPECT_EQ(w.rules(), Ids{"BBM-CONTEXT"});
}
TEST_F(Registers, MairChangedAndFlushed) {
    c.mair ^= 0xff;
    w.enter(0, c);
    w.flush_local(0);
    w.checker.finish(0);
    EXPECT_TRUE(w.silent());
}
TEST_F(Registers, FlushedWithTheMmuOff) {
    w.mmu_off(0);
    w.flush_local(0);
    c.tcr |= u64{1} << 39;  // HA
    w.enter(0, c);
    w.checker.finish(0);
    EXPECT_TRUE(w.silent());
}
TEST_F(Registers, MmuOffAloneForgetsNothing) {
    w.mmu_off(0);
    c.tcr |= u64{1} << 39;
    w.enter(0, c);
    w.checker.finish(0);
    EXPECT_EQ(w.rules(), Ids{"BBM-CONTEXT"});
}
TEST_F(Registers, TheOtherHalfsFieldsAreFree) {
    c.tcr = (c.tcr & ~u64{0x3f}) | 25;  // T0SZ, and TTBR0 walks are disabled
    w.enter(0, c);
    w.checker.finish(0);
    EXPECT_TRUE(w.silent());
}
TEST_F(Registers, OneFlushForTwoChanges) {  // none of them has a deadline
    c.mair ^= 0xff;
    w.enter(0, c);
    c.mair ^= 0xff;
    w.enter(0, c);
    w.flush_local(0);
    w.checker.finish(0);
    EXPECT_TRUE(w.silent());
}
TEST_F(Registers, TwoChangesThatNobodyFlushes) {
    c.mair ^= 0xff;
    w.enter(0, c);
    c.mair ^= 0xff;
    w.enter(0, c);
    EXPECT_TRUE(w.silent());
    w.checker.finish(0);
    EXPECT_EQ(w.rules(), Ids{"BBM-CONTEXT"});
    EXPECT_EQ(w.checker.violations()[0].count, 2u);
}
TEST_F(Registers, OfAPeThatGoesOff) {  // what it holds matters when it comes back
    c.mair ^= 0xff;
    w.enter(0, c);
    w.power(0, false);
    w.checker.finish(0);
    EXPECT_TRUE(w.silent());
}
TEST_F(Registers, SoftwareThatChangesThemForEver) {  // remembered up to a bound, and told then
    for (unsigned i = 0; i < 200; ++i) {
        c.mair += u64{1} << 32;
        w.checker.on_context_sync(0, c, 0, i);
    }
    EXPECT_GT(w.checker.violations().size(), 100u);
}

struct Group : ::testing::Test {
    World w{{2}};
    LinearMap m{w};
    u64 at(unsigned i) const { return m.l3 + 8 * (32 + i); }
    u64 member(unsigned i, u64 extra = kDescContiguous) const {
        return w.leaf(World::kBase + (6 << 20) + (u64{i} << 12), extra);
    }
    void SetUp() override {
        for (unsigned i = 0; i < 16; ++i) w.poke(at(i), 0);
        w.enter1(0, m.l0);
    }
};
TEST_F(Group, FilledOneByOne) {
    for (unsigned i = 0; i < 12; ++i) w.write(0, at(i), member(i));  // invalid members are allowed (I_PGVGZ)
    EXPECT_TRUE(w.silent());
}
TEST_F(Group, BitNotUniform) {
    w.write(0, at(0), member(0));
    w.write(0, at(1), member(1, 0));
    EXPECT_EQ(w.rules(), Ids{"BBM-CONT-GROUP"});
}
TEST_F(Group, OutputAddressesNotConsecutive) {
    w.write(0, at(0), member(0));
    w.write(0, at(1), member(3));
    EXPECT_EQ(w.rules(), Ids{"BBM-CONT-GROUP"});
}
TEST_F(Group, AttributesDiffer) {
    w.write(0, at(0), member(0));
    w.write(0, at(1), member(1) | kDescNg);
    EXPECT_EQ(w.rules(), Ids{"BBM-CONT-GROUP"});
}
TEST_F(Group, WhatHardwareUpdatesMayDiffer) {
    w.write(0, at(0), member(0));
    w.write(0, at(1), member(1) | kDescReadOnly | kDescDbm);
    EXPECT_TRUE(w.silent());
}
TEST_F(Group, NotAligned) {
    w.write(0, at(0), member(1));
    EXPECT_EQ(w.rules(), Ids{"BBM-CONT-GROUP"});
}

TEST(TableReuse, ZeroesAreHarmless) {
    World w{{0}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.write(0, m.table_desc, 0);
    for (u64 i = 0; i < 512; ++i) w.write(0, m.l3 + 8 * i, 0);
    w.flush_all(0);
    w.write(0, m.l3, w.leaf(World::kBase + (9 << 20)));
    EXPECT_TRUE(w.silent());
}
TEST(TableReuse, LastLevelFormDoesNotEndIt) {
    World w{{2}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    w.write(0, m.table_desc, w.block(World::kBase + (2 << 20)));  // a merge, which level 2 permits
    w.dsb(0);
    for (u64 i = 0; i < 512; ++i) w.tlbi(0, TlbiKind::kVaal, TlbiScope::kInner, LinearMap::table_va + (i << 12));
    w.dsb(0);
    w.write(0, m.l3, 0x1234'5677);  // data
    EXPECT_EQ(w.rules(), Ids{"BBM-TABLE-REUSE"});
}

struct Fetch : ::testing::Test {
    World w{{0}, {0}};
    LinearMap m{w};
    void SetUp() override {
        w.poke(m.page_desc, 0);
        w.enter1(0, m.l0);
        w.enter1(1, m.l0);
        w.write(0, m.page_desc, w.leaf(World::kBase));
        w.dsb_ishst(0);
    }
    void fetch(PeId pe) { w.mmus[pe]->translate({.va = LinearMap::table_va, .access = Access::kFetch}); }
};
TEST_F(Fetch, WithoutIsb) {
    fetch(0);
    EXPECT_EQ(w.rules(), Ids{"BBM-EXEC-SYNC"});
}
TEST_F(Fetch, WithIsb) {
    w.enter1(0, m.l0);
    fetch(0);
    EXPECT_TRUE(w.silent());
}
TEST_F(Fetch, ThatALoadHadFilledTheTlbFor) {
    w.read(0, LinearMap::table_va);
    fetch(0);
    EXPECT_EQ(w.rules(), Ids{"BBM-EXEC-SYNC"});
}
TEST_F(Fetch, OfWhatAnotherPeMadeOfIt) {
    w.write(1, m.page_desc, 0);
    w.write(1, m.page_desc, w.leaf(World::kBase));
    fetch(0);
    EXPECT_TRUE(w.silent());
}
TEST_F(Fetch, OfAnotherPe) {
    fetch(1);
    EXPECT_TRUE(w.silent());
}
TEST_F(Fetch, LoadsNeedNone) {
    w.read(0, LinearMap::table_va);
    EXPECT_TRUE(w.silent());
}

}  // namespace
}  // namespace bbmsim::mmu
