// SPDX-License-Identifier: Apache-2.0
// Bad figures are named; events reach who asked.
#include "tests/mmu/machine.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace bbmsim::mmu::testing {
namespace {

std::string problem(const std::function<void(MmuConfig&)>& spoil) {
    MmuConfig c;
    spoil(c);
    const auto problems = validate(c);
    EXPECT_EQ(problems.size(), 1u);
    return problems.empty() ? "" : problems[0];
}

TEST(Config, DefaultsAreSound) { EXPECT_TRUE(validate(MmuConfig{}).empty()); }

TEST(Config, EachProblemNamesTheFieldAndTheValue) {
    EXPECT_EQ(problem([](auto& c) { c.l2_tlb.ways = 5; }), "l2_tlb.ways=5 does not divide entries=1024");
    EXPECT_EQ(problem([](auto& c) { c.l1d_tlb.ways = 16; }), "l1d_tlb: entries/ways=3 sets is not a power of two");
    EXPECT_EQ(problem([](auto& c) { c.l1i_tlb.ways = 0; }), "l1i_tlb.ways=0: at least one way is needed");
    EXPECT_EQ(problem([](auto& c) { c.walk_cache.ways = 65; }), "walk_cache.ways=65 is more than entries=64");
    EXPECT_EQ(problem([](auto& c) { c.pa_bits = 39; }), "pa_bits=39 is not one of 32, 36, 40, 42, 44, 48");
    EXPECT_EQ(problem([](auto& c) { c.asid_bits = 12; }), "asid_bits=12 is not 8 or 16");
    EXPECT_EQ(problem([](auto& c) { c.bbml = 4; }), "bbml=4 is not 0, 1, 2 or 3");
    EXPECT_EQ(problem([](auto& c) { c.l1d_tlb.max_block_shift = 11; }),
              "l1d_tlb.max_block_shift=11 is not within 12 to 48");
    EXPECT_EQ(problem([](auto& c) { c.hafdbs_af = false; }), "hafdbs_dirty=true needs hafdbs_af=true");
}

TEST(Config, AnAbsentStructureNeedsNoWays) {
    MmuConfig c;
    c.l2_tlb.entries = 0;
    EXPECT_TRUE(validate(c).empty());
}

struct Sink : EventSink {
    std::vector<Event> seen;
    void on_event(const Event& e) override { seen.push_back(e); }
};

TEST(Events, FillsWalksAndEvictionsAreReportedToWhoAsked) {
    Machine m;
    Sink fills, all;
    m.bus.attach(&fills, u64{1} << static_cast<unsigned>(EventKind::kFill));
    m.bus.attach(&all, ~u64{0});
    u64 now = 77, pc = 0x400;
    m.mmu().now_ps = &now;
    m.mmu().current_pc = &pc;
    const u64 root = m.table();
    m.map(root, 0x1000, 3, kBase | bits::kPage | bits::attr(kNormal));
    m.mmu().set_context(context(root));
    m.mmu().translate(read(0x1000));
    ASSERT_EQ(fills.seen.size(), 5u);  // three tables, L2, L1D
    EXPECT_EQ(fills.seen.back().b, 1u);
    EXPECT_EQ(fills.seen.back().a, 0x1000u);
    EXPECT_EQ(fills.seen.back().time_ps, 77u);
    EXPECT_EQ(fills.seen.back().pc, 0x400u);
    EXPECT_EQ(all.seen.size(), 6u);
    EXPECT_EQ(all.seen.back().kind, EventKind::kWalk);
    EXPECT_EQ(all.seen.back().b, 4u);
    m.mmu().invalidate(*decode_tlbi(0, 8, 7, 0, 0));
    EXPECT_EQ(all.seen.back().kind, EventKind::kEvict);
    EXPECT_EQ(all.seen.back().sub, 1);
    m.bus.detach(&all);
    m.bus.detach(&fills);
    EXPECT_FALSE(m.bus.wants(EventKind::kFill));
}

TEST(Events, EveryKindHasAName) {
    for (unsigned k = 0; k < static_cast<unsigned>(EventKind::kCount); ++k)
        EXPECT_STRNE(name_of(static_cast<EventKind>(k)), "unknown");
    EXPECT_STREQ(name_of(EventKind::kInstruction), "instruction");
}

}  // namespace
}  // namespace bbmsim::mmu::testing
