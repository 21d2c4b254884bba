// SPDX-License-Identifier: Apache-2.0
// Broadcast TLBIs on the interconnect: who gets them, what they cost, and the bound on messages in flight.
#include "tests/sim/guest.hpp"

#include <gtest/gtest.h>

namespace bbmsim::sim::test {
namespace {

constexpr unsigned kTlbiDsb = static_cast<unsigned>(cpu::Cost::kTlbiDsb);

struct Measured {
    u64 one_ps = 0, many_ps = 0;
    std::vector<CoreStats> cores;
    std::vector<PhaseResult> phases;
};

Measured measure(const BoardConfig& board) {
    Session session(board, 1);
    load_guest(session, read_guest("dvm"));
    EXPECT_EQ(run_to_end(session), Outcome::kPoweroff) << session.detail();
    Measured m;
    m.phases = session.phases();
    EXPECT_EQ(m.phases.size(), 2u);
    m.one_ps = m.phases.at(0).duration_ps;
    m.many_ps = m.phases.at(1).duration_ps;
    for (PeId pe = 0; pe < board.cores.size(); ++pe) m.cores.push_back(session.core_stats(pe));
    return m;
}

TEST(Dvm, TlbisReachEveryPoweredCoreAndOnlyThose) {
    const Measured m = measure(board_of(4));
    EXPECT_EQ(m.cores[0].dvm_sent, 41u);
    EXPECT_EQ(m.cores[0].dvm_received, 0u);
    EXPECT_EQ(m.cores[1].dvm_received, 41u);
    EXPECT_EQ(m.cores[2].dvm_received, 41u);
    EXPECT_EQ(m.cores[3].dvm_received, 0u);  // off
    const std::vector<std::pair<std::string, u64>> kinds{{"vaae1is", 40}, {"vmalle1", 1}, {"vmalle1is", 1}};
    EXPECT_EQ(m.cores[0].tlbi, kinds);
}

TEST(Dvm, DsbWaitsForFourHopsAndTheSlowestCore) {
    BoardConfig board = board_of(4);
    board.cores[1].freq_mhz = 1000;
    const Measured m = measure(board);
    // Four hops of 20 ns, and 30 cycles of 1 GHz at the slowest receiver.
    EXPECT_GE(m.one_ps, 110'000u);
    EXPECT_LT(m.one_ps, 200'000u);
    EXPECT_GE(m.phases[0].cores[0].cycles[kTlbiDsb], 2 * 105u);  // less what lies between TLBI and DSB
    EXPECT_EQ(m.phases[0].cores[0].dvm_sent, 1u);
    EXPECT_EQ(m.phases[0].cores[1].dvm_received, 1u);
    EXPECT_EQ(m.phases[1].cores[1].dvm_received, 40u);
}

TEST(Dvm, RunningReceiversPayWaitingOnesDoNot) {
    const Measured m = measure(board_of(4));
    EXPECT_EQ(m.cores[1].cost[kTlbiDsb], 41u * 30);
    EXPECT_EQ(m.cores[2].cost[kTlbiDsb], 0u);
    EXPECT_EQ(m.cores[3].cost[kTlbiDsb], 0u);
}

TEST(Dvm, SlowReceiverHoldsUpTheFlood) {
    BoardConfig board = board_of(4);
    for (auto& core : board.cores) core.maintenance.tlbi_receive_cycles = 1000;  // 500 ns each, one after the other
    EXPECT_GE(measure(board).many_ps, 40u * 500'000);
}

TEST(Dvm, LatencyFollowsTheHops) {
    BoardConfig near = board_of(2), far = board_of(2);
    near.cores.resize(4);
    far.cores.resize(4);
    far.interconnect.hop_ns = 120;
    EXPECT_EQ(measure(far).one_ps - measure(near).one_ps, 4u * 100'000);
}

TEST(Dvm, BoundOnMessagesInFlightMakesFloodsSlower) {
    BoardConfig wide = board_of(4), narrow = board_of(4);
    narrow.interconnect.dvm_outstanding = 1;
    const u64 fast = measure(wide).many_ps, slow = measure(narrow).many_ps;
    // One at a time: each holds the node for two hops and the receiver's 15 ns.
    EXPECT_GE(slow, 40u * 55'000);
    EXPECT_LT(fast, slow);
}

TEST(Dvm, AFloodStallsItsIssuer) {
    BoardConfig board = board_of(2);
    board.interconnect.dvm_outstanding = 2;
    Session session(board, 1);
    const std::vector<u32> code = {0xd508831f /* tlbi vmalle1is */, 0x17ffffff /* b .-4 */};
    session.load(0x40200000, {reinterpret_cast<const u8*>(code.data()), code.size() * 4});
    session.set_entry(0x40200000);
    EXPECT_EQ(run_to_end(session, 100'000'000), Outcome::kTimeout);
    EXPECT_LE(session.pe(0).dvm_outstanding, 3u);
    const CoreStats s = session.core_stats(0);
    // Three of its own under way, each for four hops of 20 ns.
    EXPECT_NEAR(static_cast<double>(s.dvm_sent), 3750, 10);
    EXPECT_GT(s.cost[kTlbiDsb], s.cycles / 2);
}

TEST(Dvm, SingleCoreCompletesToo) {
    BoardConfig board = board_of(1);
    Session session(board, 1);
    const std::vector<u32> code = {0xd508831f /* tlbi vmalle1is */, 0xd5033b9f /* dsb ish */, 0x52800100, 0x72b08000,
                                   0xd4000002};
    session.load(0x40200000, {reinterpret_cast<const u8*>(code.data()), code.size() * 4});
    session.set_entry(0x40200000);
    EXPECT_EQ(run_to_end(session), Outcome::kPoweroff);
    EXPECT_EQ(session.core_stats(0).dvm_sent, 1u);
    EXPECT_GE(session.core_stats(0).cost[kTlbiDsb], 2 * 75u);
}

}  // namespace
}  // namespace bbmsim::sim::test
