// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/guest.hpp"

#include <gtest/gtest.h>

namespace bbmsim::sim::test {
namespace {

struct Ran {
    InjectionResult result;
    u64 aborts_seen;
    u64 conflict_aborts;
    std::vector<Event> events;
};

Ran inject(Injection injection) {
    Session session(board_of(1), 7);
    const Guest guest = read_guest("conflict");
    load_guest(session, guest);
    session.inject(injection);
    session.record_trace(u64{1} << static_cast<unsigned>(EventKind::kInjected), 1000);
    EXPECT_EQ(run_to_end(session), Outcome::kPoweroff) << session.detail();
    return {session.injections().at(0), results_of(session)["aborts"], session.core_stats(0).conflict_aborts,
            session.trace()};
}

Injection on_the_word() {
    Injection injection;
    injection.after_symbol = "reading";
    return injection;
}

TEST(Injection, FiresOnceAtTheNthHit) {
    Injection injection = on_the_word();
    injection.nth_hit = 5;
    const Ran ran = inject(injection);
    EXPECT_EQ(ran.result.fired, 1u);
    EXPECT_EQ(ran.aborts_seen, 1u);
    EXPECT_EQ(ran.conflict_aborts, 1u);
    EXPECT_EQ(ran.result.hits, 5u);  // then it is spent and looks no more
    EXPECT_GT(ran.result.first_ps, 0u);
    ASSERT_EQ(ran.events.size(), 1u);
    EXPECT_EQ(ran.events[0].va, ran.result.first_va);
}

TEST(Injection, FiresAsOftenAsAsked) {
    Injection injection = on_the_word();
    injection.times = 3;
    const Ran ran = inject(injection);
    EXPECT_EQ(ran.result.fired, 3u);
    EXPECT_EQ(ran.aborts_seen, 3u);
}

TEST(Injection, ProbabilityIsDrawnFromTheSeed) {
    Injection injection = on_the_word();
    injection.times = 0;
    injection.probability = 0.25;
    const Ran ran = inject(injection), again = inject(injection);
    EXPECT_GT(ran.result.fired, 10u);
    EXPECT_LT(ran.result.fired, 60u);
    EXPECT_EQ(ran.aborts_seen, ran.result.fired);
    EXPECT_EQ(ran.result.fired, again.result.fired);
    EXPECT_EQ(ran.result.first_ps, again.result.first_ps);
}

TEST(Injection, OutOfItsRangeNothingHappens) {
    Injection injection = on_the_word();
    injection.va_lo = 0x50000000;
    injection.va_hi = 0x50001000;
    const Ran ran = inject(injection);
    EXPECT_EQ(ran.result.hits, 0u);
    EXPECT_EQ(ran.aborts_seen, 0u);
}

TEST(Injection, FetchesCanConflictToo) {
    Injection injection = on_the_word();
    injection.values["on"] = 4;
    injection.nth_hit = 2;
    const Ran ran = inject(injection);
    EXPECT_EQ(ran.result.fired, 1u);
    EXPECT_EQ(ran.aborts_seen, 1u);
    EXPECT_EQ(ran.result.first_va, ran.result.first_pc);
}

TEST(Injection, ArmsAtATime) {
    Injection injection;
    injection.after_ps = 100'000;
    const Ran ran = inject(injection);
    EXPECT_EQ(ran.result.fired, 1u);
    EXPECT_GE(ran.result.first_ps, 100'000u - 20'000);  // a slow path's time may be early by its block
}

TEST(Injection, WrongFieldsAreNamed) {
    Session session(board_of(2), 1);
    auto message = [&](auto change) {
        Injection injection;
        change(injection);
        try {
            session.inject(injection);
        } catch (const std::invalid_argument& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    EXPECT_EQ(message([](Injection& i) { i.core = 2; }), "injection.core=2 but the board has 2 cores");
    EXPECT_EQ(message([](Injection& i) { i.va_hi = 0; }), "injection.va_hi=0x0 is not above va_lo=0x0");
    EXPECT_EQ(message([](Injection& i) { i.nth_hit = 0; }), "injection.nth_hit=0: hits are counted from 1");
    EXPECT_EQ(message([](Injection& i) { i.probability = 1.5; }), "injection.probability=1.5 is not in 0..1");
    EXPECT_EQ(message([](Injection& i) { i.values["on"] = 8; }), "injection.on: none of read, write, fetch");
    EXPECT_EQ(message([](Injection& i) { i.kind = "meteor"; }), "injection.kind=meteor: no such kind");
    EXPECT_EQ(message([](Injection& i) { i.at_symbol = "x"; }),
              "injection.at_symbol: tlb-conflict has occasions of its own");
}

}  // namespace
}  // namespace bbmsim::sim::test
