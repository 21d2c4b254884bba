// SPDX-License-Identifier: Apache-2.0
// Several entries for one address: every declared behaviour, and who is told.
#include "tests/mmu/machine.hpp"

#include <gtest/gtest.h>

#include <set>

namespace bbmsim::mmu::testing {
namespace {

constexpr u64 kVa = 0x20'0000;  // a 2 MiB block, and pages inside it
constexpr u64 kBlockPa = 0x4020'0000, kPagePa = 0x4060'0000;

struct Sink : EventSink {
    std::vector<Event> seen;
    void on_event(const Event& e) override { seen.push_back(e); }
};

class Conflict : public ::testing::Test {
protected:
    // The block is used, replaced by a table of pages without break-before-make, and another page is used: the page's
    // entry lies beside the block's in L1 and L2.
    struct Scene {
        explicit Scene(const MmuConfig& config, u64 page_pa = kBlockPa, u64 page_bits = 0) : m(config) {
            m.bus.attach(&sink, u64{1} << static_cast<unsigned>(EventKind::kConflict));
            const u64 root = m.table();
            m.map(root, kVa, 2, kBlockPa | bits::kBlock | bits::attr(kNormal));
            m.mmu().set_context(context(root));
            TlbEntry page = m.mmu().translate(read(kVa)).entry ? m.mmu().entries(Structure::kL1D).at(0) : TlbEntry{};
            page.va_base = kVa + 0x3000;
            page.va_mask = 0xfff;
            page.pa_base = page_pa + 0x3000;
            page.level = 3;
            page.origin = {};
            if (page_bits & bits::kRo) page.perms.write_el1 = false;
            if (page_bits & bits::attr(5)) page.attr.inner = page.attr.outer = 4;
            for (const Structure s : {Structure::kL1D, Structure::kL1I, Structure::kL2}) m.mmu().plant(s, page);
            m.mmu().translate(fetch(kVa));  // the block in L1I too
        }
        Outcome at(u64 va, Access a = Access::kRead) { return m.mmu().translate(access(va, a)); }
        Machine m;
        Sink sink;
    };
    static MmuConfig config(ConflictBehaviour b, ConflictOn on = ConflictOn::kBoth) {
        MmuConfig c;
        c.conflict = b;
        c.conflict_on = on;
        return c;
    }
};

TEST_F(Conflict, AbortReportsFsc0x30AndNoLevel) {
    Scene s(config(ConflictBehaviour::kAbort));
    const Outcome out = s.at(kVa + 0x3008);
    EXPECT_EQ(out.fault.fsc(), 0b110000);
    EXPECT_EQ(out.entry, nullptr);
    EXPECT_EQ(s.m.mmu().stats.conflicts, 1u);
    EXPECT_EQ(s.m.mmu().stats.conflict_aborts, 1u);
    ASSERT_EQ(s.sink.seen.size(), 1u);
    EXPECT_EQ(s.sink.seen[0].a, 2u);
    EXPECT_EQ(s.sink.seen[0].va, kVa + 0x3008);
}

TEST_F(Conflict, OtherPagesOfTheBlockAreNoConflict) {
    Scene s(config(ConflictBehaviour::kAbort));
    EXPECT_EQ(s.at(kVa + 0x4000).pa, kBlockPa + 0x4000);
    EXPECT_TRUE(s.at(kVa + 0x4000).filterable);
}

TEST_F(Conflict, ASecondMatchEndsTheFirstsFilterSlots) {
    Machine m;
    const u64 root = m.table();
    m.map(root, kVa, 3, kPagePa | bits::kPage | bits::attr(kNormal));
    m.mmu().set_context(context(root));
    const Outcome page = m.mmu().translate(read(kVa));
    const u32 gen = page.entry->gen;
    // The table becomes a block under the page's feet; an access elsewhere in the block brings the larger entry in.
    m.map(root, kVa, 2, kBlockPa | bits::kBlock | bits::attr(kNormal));
    m.mmu().invalidate(*decode_tlbi(0, 8, 7, 1, (kVa + 0x5000) >> 12));  // of another page: walk cache of the block
    const u32 before = page.entry->gen;
    EXPECT_NE(before, gen);  // stale already
    m.mmu().translate(read(kVa + 0x5000));
    EXPECT_NE(page.entry->gen, before);
    EXPECT_EQ(m.mmu().translate(read(kVa)).fault.type, FaultType::kTlbConflict);
}

TEST_F(Conflict, ConflictOnNamesTheAccessesThatAbort) {
    Scene data(config(ConflictBehaviour::kAbort, ConflictOn::kData), kPagePa);
    EXPECT_TRUE(data.at(kVa + 0x3000).fault);
    EXPECT_TRUE(data.at(kVa + 0x3000, Access::kWrite).fault);
    EXPECT_FALSE(data.at(kVa + 0x3000, Access::kFetch).fault);
    Scene fetches(config(ConflictBehaviour::kAbort, ConflictOn::kFetch), kPagePa);
    EXPECT_FALSE(fetches.at(kVa + 0x3000).fault);
    EXPECT_TRUE(fetches.at(kVa + 0x3000, Access::kFetch).fault);
    EXPECT_EQ(fetches.m.mmu().stats.conflicts, 2u);
}

TEST_F(Conflict, FirstAndLastAreOppositeChoices) {
    Scene first(config(ConflictBehaviour::kFirst), kPagePa), last(config(ConflictBehaviour::kLast), kPagePa);
    const std::set<u64> both = {first.at(kVa + 0x3000).pa, last.at(kVa + 0x3000).pa};
    EXPECT_EQ(both, (std::set<u64>{kBlockPa + 0x3000, kPagePa + 0x3000}));
    const Outcome out = first.at(kVa + 0x3000);
    EXPECT_FALSE(out.filterable);
    EXPECT_EQ(first.at(kVa + 0x3000).pa, out.pa);  // the same each time
}

TEST_F(Conflict, RandomTakesEachAndRepeatsWithTheSeed) {
    std::vector<u64> runs[2];
    for (auto& run : runs) {
        Scene s(config(ConflictBehaviour::kRandom), kPagePa);
        for (int i = 0; i < 64; ++i) run.push_back(s.at(kVa + 0x3000).pa);
    }
    EXPECT_EQ(runs[0], runs[1]);
    EXPECT_EQ(std::set<u64>(runs[0].begin(), runs[0].end()).size(), 2u);
}

TEST_F(Conflict, AmalgamationMixesFieldsButGivesNoRightThatNoEntryGives) {
    Scene s(config(ConflictBehaviour::kAmalgamate), kPagePa, bits::kRo | bits::attr(5));
    std::set<std::pair<u64, unsigned>> mixtures;
    for (int i = 0; i < 128; ++i) {
        const Outcome out = s.at(kVa + 0x3000);
        ASSERT_FALSE(out.fault);
        EXPECT_EQ(out.entry, nullptr);
        EXPECT_FALSE(out.filterable);
        mixtures.insert({out.pa, out.attr.inner});
        EXPECT_TRUE(s.m.mmu().translate(user_read(kVa + 0x3000)).fault);  // neither entry gives EL0 anything
    }
    EXPECT_EQ(mixtures.size(), 4u);  // each address with each attribute
}

TEST_F(Conflict, AConflictFreeCoreUsesOneEntryWhenOnlySizesDiffer) {
    MmuConfig c = config(ConflictBehaviour::kAbort);
    c.conflict_free = true;
    Scene same(c), other(c, kPagePa);
    EXPECT_EQ(same.at(kVa + 0x3000).pa, kBlockPa + 0x3000);
    EXPECT_EQ(same.m.mmu().stats.conflicts, 1u);
    EXPECT_EQ(same.m.mmu().stats.conflict_aborts, 0u);
    EXPECT_EQ(other.at(kVa + 0x3000).fault.type, FaultType::kTlbConflict);  // level 2 permits no change of address
}

TEST_F(Conflict, Level3IsConflictFree) {
    for (const u32 level : {2u, 3u}) {
        MmuConfig c = config(ConflictBehaviour::kAbort);
        c.bbml = level;
        Scene s(c);
        EXPECT_EQ(static_cast<bool>(s.at(kVa + 0x3000).fault), level == 2);
        EXPECT_EQ(s.m.mmu().stats.conflicts, 1u);
    }
}

TEST_F(Conflict, StructuresConflictWithEachOtherOnlyWhereDeclared) {
    for (const bool across : {false, true}) {
        MmuConfig c = config(ConflictBehaviour::kAbort);
        c.conflict_across_structures = across;
        Machine m(c);
        const u64 root = m.table();
        m.map(root, kVa, 3, kPagePa | bits::kPage | bits::attr(kNormal));
        m.mmu().set_context(context(root));
        EXPECT_TRUE(m.mmu().translate(read(kVa)).filterable);  // a copy in L2 is no conflict
        EXPECT_TRUE(m.mmu().translate(read(kVa)).filterable);
        TlbEntry block = m.mmu().entries(Structure::kL1D)[0];
        const u32 gen = m.mmu().translate(read(kVa)).entry->gen;
        block.va_base = kVa;
        block.va_mask = 0x1f'ffff;
        block.pa_base = kBlockPa;
        block.level = 2;
        block.origin = {};
        m.mmu().plant(Structure::kL2, block);
        const Outcome out = m.mmu().translate(read(kVa));
        EXPECT_EQ(static_cast<bool>(out.fault), across);
        if (!across) {
            EXPECT_EQ(out.entry->gen, gen);
        }
    }
}

TEST_F(Conflict, AFullTlbiEndsIt) {
    Scene s(config(ConflictBehaviour::kAbort));
    s.m.mmu().invalidate(*decode_tlbi(0, 8, 7, 0, 0));  // R_BLRKC
    EXPECT_FALSE(s.at(kVa + 0x3000).fault);
}

TEST_F(Conflict, TwoTablesForOneAddressInTheWalkCacheConflictToo) {
    Machine m(config(ConflictBehaviour::kAbort));
    const u64 root = m.table();
    m.map(root, kVa, 3, kPagePa | bits::kPage);
    m.mmu().set_context(context(root));
    m.mmu().translate(read(kVa));
    for (const TlbEntry& e : m.mmu().entries(Structure::kWalkCache))
        if (e.level == 2) {
            TlbEntry second = e;
            second.pa_base += 0x1000;
            ASSERT_TRUE(m.mmu().plant(Structure::kWalkCache, second));
        }
    EXPECT_EQ(m.mmu().translate(read(kVa + 0x1000)).fault.type, FaultType::kTlbConflict);
}

}  // namespace
}  // namespace bbmsim::mmu::testing
