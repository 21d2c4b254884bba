// SPDX-License-Identifier: Apache-2.0
#include "models/board/generic_timer.hpp"

#include <gtest/gtest.h>

#include <random>

namespace bbmsim::board {
namespace {

TEST(SystemCounter, CountsExactlyAtAnyTime) {
    const SystemCounter c{62'500'000};
    EXPECT_EQ(c.at_ps(0), 0u);
    EXPECT_EQ(c.at_ps(15'999), 0u);
    EXPECT_EQ(c.at_ps(16'000), 1u);
    // 100 days: the product needs more than 64 bits.
    EXPECT_EQ(c.at_ps(u64{86'400} * 100 * 1'000'000'000'000), u64{86'400} * 100 * 62'500'000);
    EXPECT_EQ((SystemCounter{62'500'000, 1000}.at_ps(16'000)), 1001u);
}

TEST(SystemCounter, DeadlineIsTheFirstPicosecondOfACount) {
    std::mt19937_64 rng(1);
    for (const u64 hz : {u64{1}, u64{24'000'000}, u64{62'500'000}, u64{19'200'000}, u64{1'000'000'000}, u64{32'768}}) {
        const SystemCounter c{hz, 12345};
        for (int i = 0; i < 1000; ++i) {
            const u64 ps = rng() >> (2 + rng() % 40);
            const u64 count = c.at_ps(ps) + 1;
            const auto when = c.when_ps(count);
            ASSERT_TRUE(when);
            EXPECT_EQ(c.at_ps(*when), count) << hz << " " << ps;
            EXPECT_LT(c.at_ps(*when - 1), count);
        }
    }
    EXPECT_EQ((SystemCounter{1, 0}.when_ps(~u64{0})), std::nullopt) << "beyond what picoseconds express";
    EXPECT_EQ((SystemCounter{62'500'000, 50}.when_ps(50)), 0u);
}

TEST(Timer, LineFollowsEnableMaskAndCondition) {
    Timer t{kTimerEnable, 100};
    EXPECT_FALSE(t.line(99));
    EXPECT_TRUE(t.line(100));
    EXPECT_EQ(t.read_ctl(99), kTimerEnable);
    EXPECT_EQ(t.read_ctl(100), kTimerEnable | kTimerIstatus);
    t.ctl |= kTimerImask;
    EXPECT_FALSE(t.line(100));
    EXPECT_EQ(t.read_ctl(100), kTimerEnable | kTimerImask | kTimerIstatus) << "ISTATUS is before the mask";
    t.ctl = 0;
    EXPECT_FALSE(t.line(100));
    EXPECT_EQ(t.read_ctl(100), 0u);
}

TEST(Timer, TvalIsASignedDistance) {
    Timer t{kTimerEnable, 0};
    t.write_tval(1000, 5);
    EXPECT_EQ(t.cval, 1005u);
    EXPECT_EQ(t.read_tval(5), 1000u);
    EXPECT_EQ(t.read_tval(1006), 0xffff'ffffu);
    t.write_tval(0xffff'fff0, 100);
    EXPECT_EQ(t.cval, 84u);
    EXPECT_TRUE(t.line(100)) << "a negative TVAL is due at once";
}

TEST(Timer, DeadlineIsWhenTheLineRises) {
    const SystemCounter c{24'000'000};
    Timer t{kTimerEnable, 24'000'001};
    const auto when = t.next_deadline_ps(c, 0);
    ASSERT_TRUE(when);
    EXPECT_EQ(*when, 1'000'000'041'667u) << "1 s and 41666.67 ps, rounded up";
    EXPECT_FALSE(t.line(c.at_ps(*when - 1)));
    EXPECT_TRUE(t.line(c.at_ps(*when)));
    EXPECT_EQ(t.next_deadline_ps(c, *when), std::nullopt) << "high already";
    t.ctl = kTimerEnable | kTimerImask;
    EXPECT_EQ(t.next_deadline_ps(c, 0), std::nullopt);
    t.ctl = 0;
    EXPECT_EQ(t.next_deadline_ps(c, 0), std::nullopt);
    t = {kTimerEnable, ~u64{0}};
    EXPECT_EQ(t.next_deadline_ps(c, 0), std::nullopt) << "Linux's way to say never";
}

}  // namespace
}  // namespace bbmsim::board
