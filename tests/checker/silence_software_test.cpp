// SPDX-License-Identifier: Apache-2.0
// What a kernel does to live tables all day and rightly: contiguous groups, KFENCE, hot-plugged memory, table pages
// freed by another PE, ASIDs that move with TTBR1, kpti. Each must be silent; where leaving out a step matters, so does
// the test.
#include "tests/checker/world.hpp"

namespace bbmsim::mmu {
namespace {

constexpr u64 kPages = 16;  // of a contiguous group, 4K granule

struct TwoPes {
    World w{{0}, {0}};
    LinearMap m{w};
    TwoPes() {
        for (const PeId pe : {PeId{0}, PeId{1}}) w.enter1(pe, m.l0);
    }
    void convert(u64 extra, bool flush) {  // break, flush and make of a whole group, as contpte folds and unfolds
        for (u64 i = 0; i < kPages; ++i) w.write(0, m.page_desc + 8 * i, 0);
        w.dsb_ishst(0);
        for (u64 i = 0; flush && i < kPages; ++i)
            w.tlbi(0, TlbiKind::kVaal, TlbiScope::kInner, LinearMap::table_va + (i << 12));
        w.dsb(0);
        for (u64 i = 0; i < kPages; ++i)
            w.write(0, m.page_desc + 8 * i, w.leaf(World::kBase + (2 << 20) + (i << 12), extra));
    }
};

TEST(SilentSoftware, ContiguousGroupsFoldAndUnfold) {
    TwoPes t;
    for (unsigned round = 0; round < 3; ++round) {
        t.convert(kDescContiguous, true);
        t.convert(0, true);
    }
    EXPECT_TRUE(t.w.silent());
    t.convert(kDescContiguous, false);
    EXPECT_EQ(t.w.rules(), Ids{"BBM-NO-TLBI"});
}
TEST(SilentSoftware, FoldedInPlaceAndNeverFlushedWhereNothingConflicts) {  // contpte on parts that the kernel lists
    World w{{2, true}};
    LinearMap m(w);
    w.enter1(0, m.l0);
    for (u64 i = 0; i < kPages; ++i) w.write(0, m.page_desc + 8 * i, w.peek(m.page_desc + 8 * i) | kDescContiguous);
    w.checker.finish(0);
    EXPECT_TRUE(w.checker.violations().empty());
    EXPECT_EQ(w.checker.notes().size(), 1u);
}
TEST(SilentSoftware, PermissionsFlushedLateLocallyOrNever) {
    TwoPes t;
    World& w = t.w;
    const u64 page = w.peek(t.m.page_desc);
    w.write(0, t.m.page_desc, page | kDescReadOnly);  // never
    w.write(0, t.m.page_desc + 8, w.peek(t.m.page_desc + 8) & ~kDescAf);
    w.vmall(0);  // locally, without a DSB before it
    w.write(0, t.m.page_desc + 16, w.peek(t.m.page_desc + 16) | (u64{1} << 54));
    w.write(0, t.m.page_desc + 16, w.peek(t.m.page_desc + 16) | (u64{1} << 55));
    w.flush_all(1);  // late, and by another PE
    w.write(0, t.m.page_desc, page);
    w.checker.finish(0);
    EXPECT_TRUE(w.silent());
}
TEST(SilentSoftware, GuardPagesOfKfence) {  // the valid bit goes and comes; only the writer flushes, if anybody
    TwoPes t;
    const u64 page = t.w.peek(t.m.page_desc);
    for (unsigned round = 0; round < 50; ++round) {
        t.w.write(0, t.m.page_desc, page & ~u64{1});
        if (round % 2) t.w.flush_local(0);
        t.w.write(0, t.m.page_desc, page);
    }
    t.w.checker.finish(0);
    EXPECT_TRUE(t.w.silent());
}
TEST(SilentSoftware, MemoryThatComesAndGoes) {  // hot-plug: another block, in a table of its own, at the same address
    TwoPes t;
    World& w = t.w;
    const u64 slot = t.m.l2 + 8 * 5, va = World::kLinear + (u64{5} << 21);
    for (u64 round = 0; round < 4; ++round) {
        const u64 pages = w.split(w.block(World::kBase + ((round + 4) << 21)));
        w.write(0, slot, World::table(pages));
        w.dsb_ishst(0);
        for (u64 i = 0; i < 512; ++i) w.write(0, pages + 8 * i, 0);
        w.flush_all(0);
        w.write(0, slot, 0);
        w.flush(0, va);
        w.write(0, pages, 0x1234'5677);  // the table's page has another owner
    }
    w.checker.finish(0);
    EXPECT_TRUE(w.silent());
}
TEST(SilentSoftware, TablePageFreedByAnotherPeAfterItsFlush) {  // RCU: who frees has seen that the flush is over
    TwoPes t;
    World& w = t.w;
    w.write(0, t.m.table_desc, 0);
    w.flush_all(0);
    w.checker.on_acquire(1);
    w.write(1, t.m.l3, 0x1234'5677);
    EXPECT_TRUE(w.silent());
}
TEST(SilentSoftware, LazyPurgeByAnotherPe) {  // one PE unmaps, another flushes for everybody, much later
    TwoPes t;
    World& w = t.w;
    for (u64 i = 0; i < 8; ++i) w.write(0, t.m.page_desc + 8 * i, 0);
    w.dsb_ishst(0);
    w.checker.on_acquire(1);
    w.flush_all(1);
    for (u64 i = 0; i < 8; ++i) w.write(1, t.m.page_desc + 8 * i, w.leaf(World::kBase + ((i + 32) << 12)));
    EXPECT_TRUE(w.silent());
}

// ASIDs from TTBR1 (TCR.A1), as Linux keeps them: TTBR0 names an empty table while the two registers disagree.
struct Switching {
    World w{{0}, {0}};
    u64 kernel = w.page(), trampoline = w.page(), reserved = w.page();
    u64 user[2] = {space(World::kBase), space(World::kBase + (4 << 20))};
    u64 space(u64 pa) {
        const u64 l0 = w.page(), l1 = w.page(), l2 = w.page();
        w.poke(l0, World::table(l1));
        w.poke(l1, World::table(l2));
        w.poke(l2, w.block(pa, kDescNg));
        return l0;
    }
    Switching() {
        const u64 l1 = w.page(), l2 = w.page();
        w.poke(kernel, World::table(l1));
        w.poke(l1, World::table(l2));
        w.poke(l2, w.block(World::kBase + (8 << 20), kDescNg));
    }
    void load(PeId pe, u64 ttbr0, u64 ttbr1, u16 asid) {
        Context c = w.context(ttbr0, ttbr1, 0, u64{1} << 22);
        c.ttbr1 |= u64{asid} << 48;
        w.enter(pe, c);
    }
    void switch_to(PeId pe, unsigned process, u16 asid) {
        load(pe, reserved, kernel, current_[pe]);
        load(pe, reserved, kernel, asid);
        load(pe, user[process], kernel, asid);
        current_[pe] = asid;
    }

private:
    u16 current_[2] = {0, 0};
};

TEST(SilentSoftware, AsidSwitchedThroughAReservedTable) {
    Switching s;
    for (unsigned round = 0; round < 4; ++round)
        for (const PeId pe : {PeId{0}, PeId{1}})
            s.switch_to(pe, (round + pe) % 2, static_cast<u16>(8 + (round + pe) % 2));
    EXPECT_TRUE(s.w.silent());
    Switching direct;  // both processes under one ASID, with nothing in between
    direct.switch_to(0, 0, 8);
    direct.switch_to(0, 1, 8);
    EXPECT_EQ(direct.w.rules(), Ids{"BBM-ASID-REUSE"});
}
TEST(SilentSoftware, RolloverCleansEachPeByItself) {
    Switching s;
    for (const PeId pe : {PeId{0}, PeId{1}}) s.switch_to(pe, 0, 8);
    for (const PeId pe : {PeId{0}, PeId{1}}) {  // the new generation gives ASID 8 to the other process
        s.load(pe, s.reserved, s.kernel, 8);
        s.w.flush_local(pe);
        s.switch_to(pe, 1, 8);
    }
    EXPECT_TRUE(s.w.silent());
}
TEST(SilentSoftware, KptiTakesTheKernelOutOfTtbr1) {  // two ASIDs a process: even in the kernel, odd in user space
    Switching s;
    for (unsigned round = 0; round < 3; ++round)
        for (unsigned process = 0; process < 2; ++process) {
            const u16 asid = static_cast<u16>(8 + 2 * process);
            s.switch_to(0, process, asid);
            s.load(0, s.user[process], s.trampoline, asid | 1);
            s.load(0, s.user[process], s.kernel, asid);
        }
    s.w.checker.finish(0);
    EXPECT_TRUE(s.w.silent());
}

}  // namespace
}  // namespace bbmsim::mmu
