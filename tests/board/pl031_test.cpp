// SPDX-License-Identifier: Apache-2.0
#include "models/board/pl031.hpp"

#include <gtest/gtest.h>

namespace bbmsim::board {
namespace {

constexpr u64 kSecond = 1'000'000'000'000;
constexpr u64 kDr = 0x00, kMr = 0x04, kLr = 0x08, kCr = 0x0c, kImsc = 0x10, kRis = 0x14, kMis = 0x18, kIcr = 0x1c;

struct Rtc : testing::Test {
    u64 now = 0;
    bool line = false;
    Pl031 rtc{1'700'000'000, [this] { return now; }, [this](bool level) { line = level; }};
    u64 read(u64 offset) { return rtc.read(offset, 4); }
    void write(u64 offset, u64 value) { rtc.write(offset, value, 4); }
};

TEST_F(Rtc, TellsTheEpochPlusBoardTime) {
    EXPECT_EQ(read(kDr), 1'700'000'000u);
    now = 5 * kSecond - 1;
    EXPECT_EQ(read(kDr), 1'700'000'004u);
    now = 5 * kSecond;
    EXPECT_EQ(read(kDr), 1'700'000'005u);
    EXPECT_EQ(read(kCr), 1u);
}

TEST_F(Rtc, LoadSetsTheClock) {
    now = 10 * kSecond;
    write(kLr, 42);
    EXPECT_EQ(read(kDr), 42u);
    EXPECT_EQ(read(kLr), 42u);
    now = 13 * kSecond;
    EXPECT_EQ(read(kDr), 45u);
}

TEST_F(Rtc, AlarmRaisesItsLineAtTheDeadline) {
    EXPECT_EQ(rtc.next_deadline_ps(), std::nullopt);
    write(kMr, 1'700'000'003);
    write(kImsc, 1);
    ASSERT_EQ(rtc.next_deadline_ps(), 3 * kSecond);
    now = 3 * kSecond - 1;
    rtc.poll();
    EXPECT_FALSE(line);
    now = 3 * kSecond;
    rtc.poll();
    EXPECT_TRUE(line);
    EXPECT_EQ(read(kRis), 1u);
    EXPECT_EQ(read(kMis), 1u);
    EXPECT_EQ(rtc.next_deadline_ps(), std::nullopt);
    write(kImsc, 0);
    EXPECT_FALSE(line);
    EXPECT_EQ(read(kMis), 0u);
    write(kImsc, 1);
    write(kIcr, 1);
    EXPECT_FALSE(line);
    EXPECT_EQ(read(kRis), 0u);
}

TEST_F(Rtc, AlarmInThePastWaitsForTheCounterToWrap) {
    now = 100 * kSecond;
    write(kMr, 1'700'000'000);
    EXPECT_EQ(rtc.next_deadline_ps(), std::nullopt) << "136 years: beyond what picoseconds express";
    rtc.poll();
    EXPECT_EQ(read(kRis), 0u);
}

TEST_F(Rtc, IdentifiesItself) {
    u64 pid = 0, cid = 0;
    for (unsigned i = 0; i < 4; ++i) {
        pid |= read(0xfe0 + 4 * i) << (8 * i);
        cid |= read(0xff0 + 4 * i) << (8 * i);
    }
    EXPECT_EQ(cid, 0xb105f00du);
    EXPECT_EQ(pid & 0x000fffff, 0x00041031u);
}

}  // namespace
}  // namespace bbmsim::board
