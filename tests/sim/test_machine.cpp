// SPDX-License-Identifier: Apache-2.0
// Scenarios of one board: console, power, events, timers, and how runs end.
#include "tests/sim/guest.hpp"

#include <gtest/gtest.h>
#include <numeric>

namespace bbmsim::sim::test {
namespace {

u64 cost(const CoreStats& s, cpu::Cost c) { return s.cost[static_cast<unsigned>(c)]; }

TEST(Machine, PrintsAndPowersOff) {
    Session session(board_of(1), 1);
    load_guest(session, read_guest("hello"));
    std::string heard;
    session.subscribe(u64{1} << static_cast<unsigned>(EventKind::kConsole),
                      [&](const Event& e) { heard.push_back(static_cast<char>(e.sub)); });
    EXPECT_EQ(run_to_end(session), Outcome::kPoweroff);
    EXPECT_EQ(session.console(), "hello, board\n");
    EXPECT_EQ(heard, session.console());
    EXPECT_EQ(session.detail(), "SYSTEM_OFF by core 0");
    auto results = results_of(session);
    EXPECT_EQ(results["dtb"], 0x40000000u);
    EXPECT_EQ(results["magic"], 0xedfe0dd0u);
    EXPECT_EQ(session.run({}), Outcome::kPoweroff);
    EXPECT_TRUE(session.violations().empty());
}

TEST(Machine, DeviceTreeMovesBehindWhatIsLoadedAtTheBaseOfRam) {
    Session session(board_of(1), 1);
    load_guest(session, read_guest("hello"));
    const std::vector<u8> something(16, 1);
    session.load(0x40000000, something);
    EXPECT_EQ(run_to_end(session), Outcome::kPoweroff);
    EXPECT_EQ(results_of(session)["dtb"], 0x40400000u);
}

TEST(Machine, TwoCoresPlayPingPongByEvents) {
    Session session(board_of(2), 1);
    load_guest(session, read_guest("pingpong"));
    EXPECT_EQ(run_to_end(session), Outcome::kPoweroff);
    EXPECT_EQ(results_of(session)["ball"], 100u);
    for (PeId pe = 0; pe < 2; ++pe) EXPECT_GT(cost(session.core_stats(pe), cpu::Cost::kWfe), 0u);
}

TEST(Machine, PsciPowersCoresOnAndOff) {
    Session session(board_of(2), 1);
    load_guest(session, read_guest("power"));
    EXPECT_EQ(run_to_end(session), Outcome::kPoweroff);
    auto results = results_of(session);
    EXPECT_EQ(results["before"], 1u);
    EXPECT_EQ(results["on"], 0u);
    EXPECT_EQ(results["again"], static_cast<u64>(-5));  // ON_PENDING
    EXPECT_EQ(results["nobody"], static_cast<u64>(-2));
    EXPECT_EQ(results["context"], 0x55u);
    EXPECT_FALSE(session.pe(1).powered);
    EXPECT_GE(cost(session.core_stats(1), cpu::Cost::kParked), 4000u);  // 2 us until it is on
}

TEST(Machine, SuspendedCoresAreWokenByTheTimer) {
    Session session(board_of(1), 1);
    load_guest(session, read_guest("suspend"));
    ASSERT_EQ(run_to_end(session), Outcome::kReset) << session.detail();
    EXPECT_EQ(session.detail(), "SYSTEM_RESET2 (warm) by core 0");
    auto results = results_of(session);
    EXPECT_EQ(results["standby"], 0u);
    EXPECT_EQ(results["kept"], 0x55u);
    EXPECT_EQ(results["context"], 0x77u);
    EXPECT_EQ(results["lost"], 0u);
    EXPECT_EQ(results["mmu"], 0u);
    EXPECT_EQ(results.count("returned"), 0u);
    EXPECT_GE(cost(session.core_stats(0), cpu::Cost::kParked), 2u * 19'900);  // 10 us each, but for the way there
}

TEST(Machine, TimerWakesWfiAndInterrupts) {
    Session session(board_of(1), 1);
    load_guest(session, read_guest("timer"));
    ASSERT_EQ(run_to_end(session), Outcome::kPoweroff) << session.detail();
    auto results = results_of(session);
    EXPECT_EQ(results["interrupts"], 10u);
    EXPECT_GE(results["ticks"], 62500u);
    EXPECT_LT(results["ticks"], 62500u + 625);  // a hundredth late in all
    const CoreStats s = session.core_stats(0);
    EXPECT_EQ(s.interrupts, 10u);
    EXPECT_GT(cost(s, cpu::Cost::kParked), s.cycles * 9 / 10);
}

TEST(Machine, TimersAndAlarmFireWithTheirOwnInterrupts) {
    Session session(board_of(1), 1);
    load_guest(session, read_guest("timers"));
    ASSERT_EQ(run_to_end(session, 10'000'000'000'000), Outcome::kPoweroff) << session.detail();
    auto r = results_of(session);
    EXPECT_LE(r["offset"], 2u);
    EXPECT_EQ(r["before"], 1u);
    EXPECT_EQ(r["first"], 27u);
    EXPECT_EQ(r["fired"], 5u) << "ENABLE, ISTATUS";
    EXPECT_LT(r["late"], 60u) << "less than a microsecond";
    EXPECT_EQ(r["masked"], 7u);
    EXPECT_EQ(r["second"], 30u);
    EXPECT_GE(r["elapsed"], 2000u);
    EXPECT_LT(r["elapsed"], 2060u);
    EXPECT_EQ(r["disabled"], 0u);
    EXPECT_EQ(r["alarm"], 34u);
    EXPECT_EQ(r["seconds"], 3u);
    EXPECT_GE(session.now_ps(), 2'000'000'000'000u);
    const CoreStats s = session.core_stats(0);
    EXPECT_GT(cost(s, cpu::Cost::kParked), s.cycles * 9 / 10) << "WFI skips";
}

TEST(Machine, SixtyFourCoresInFourClusters) {
    Session session(board_of(64), 1);
    load_guest(session, read_guest("sixty_four"));
    ASSERT_EQ(run_to_end(session), Outcome::kPoweroff) << session.detail() << session.console();
    auto results = results_of(session);
    EXPECT_EQ(results["cores"], 64u);
    EXPECT_EQ(results["off"], 64u);
    for (PeId pe = 1; pe < 64; ++pe) EXPECT_FALSE(session.pe(pe).powered);
}

TEST(Machine, EveryCycleHasACauseAndAgreesWithBoardTime) {
    for (const char* name : {"pingpong", "power", "dvm", "phases"}) {
        BoardConfig board = board_of(4);
        board.cores[1].freq_mhz = 1333.3;
        Session session(board, 1);
        load_guest(session, read_guest(name));
        EXPECT_EQ(run_to_end(session), Outcome::kPoweroff) << name;
        for (PeId pe = 0; pe < 4; ++pe) {
            const CoreStats s = session.core_stats(pe);
            EXPECT_EQ(std::accumulate(s.cost.begin(), s.cost.end(), u64{0}), s.cycles) << name << " core " << int{pe};
            const double local_ps = static_cast<double>(s.cycles) * 1e6 / board.cores[pe].freq_mhz;
            EXPECT_NEAR(local_ps, static_cast<double>(session.now_ps()), 1.1e6) << name << " core " << int{pe};
        }
    }
}

TEST(Machine, DeadlockIsFoundAndDescribed) {
    Session session(board_of(3), 1);
    load_guest(session, read_guest("deadlock"));
    EXPECT_EQ(run_to_end(session), Outcome::kDeadlock);
    EXPECT_EQ(session.detail(),
              "nothing can happen any more: core 0 waits in WFI before wait_for_ever+0x4, core 1 waits in WFE before "
              "second+0x4, core 2 is off");
    EXPECT_EQ(session.run({}), Outcome::kDeadlock);
}

TEST(Machine, AbortLoopIsFoundAndDescribed) {
    Session session(board_of(1), 1);
    load_guest(session, read_guest("abort_loop"));
    EXPECT_EQ(run_to_end(session), Outcome::kAbortLoop);
    EXPECT_NE(session.detail().find("core 0 takes exceptions without executing an instruction"), std::string::npos)
        << session.detail();
}

TEST(Machine, GuestThatJumpsIntoNothingEndsInAnOutcome) {
    Session session(board_of(1), 1);
    session.set_entry(0x43ff0000);  // RAM that nobody wrote
    const Outcome outcome = run_to_end(session, 100'000'000'000);
    EXPECT_TRUE(outcome == Outcome::kAbortLoop || outcome == Outcome::kTimeout);
    EXPECT_FALSE(session.detail().empty());
}

TEST(Machine, GuestFailureCarriesItsReason) {
    Session session(board_of(1), 1);
    load_guest(session, read_guest("fail"));
    EXPECT_EQ(run_to_end(session), Outcome::kGuestFailed);
    EXPECT_EQ(session.detail(), "core 0: checksum differs");
}

TEST(Machine, SimulatedTimeLimitStopsAndCanBeRaised) {
    Session session(board_of(2), 1);
    load_guest(session, read_guest("pingpong"));
    EXPECT_EQ(run_to_end(session, 3'000'000), Outcome::kTimeout);
    EXPECT_EQ(session.now_ps(), 3'000'000u);
    EXPECT_EQ(run_to_end(session), Outcome::kPoweroff);
    EXPECT_EQ(results_of(session)["ball"], 100u);
}

}  // namespace
}  // namespace bbmsim::sim::test
