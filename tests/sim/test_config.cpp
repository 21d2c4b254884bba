// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/guest.hpp"

#include "sim/clock.hpp"

#include <gtest/gtest.h>

namespace bbmsim::sim::test {
namespace {

using Lines = std::vector<std::string>;

TEST(Config, SoundBoardHasNoProblems) { EXPECT_EQ(validate(board_of(4)), Lines{}); }

TEST(Config, ProblemsAreNamedWithTheirValues) {
    BoardConfig board = board_of(2);
    board.memory_bytes = u64{8} << 20;
    EXPECT_EQ(validate(board), Lines{"memory=8MiB is less than the 16MiB that a board needs"});
    board.memory_bytes = (u64{64} << 20) + 5;
    EXPECT_EQ(validate(board), Lines{"memory=67108869B is not a multiple of 4KiB"});
    board.memory_bytes = u64{2} << 40;
    board.cores[0].mmu.pa_bits = 48;
    board.cores[1].mmu.pa_bits = 40;
    EXPECT_EQ(validate(board),
              Lines{"memory=2TiB exceeds cores[1]'s 40-bit physical address range (RAM begins at 1GiB)"});
    board.memory_bytes = (u64{1} << 40) - (u64{1} << 30);  // just fits
    EXPECT_EQ(validate(board), Lines{});
    board.memory_bytes = u64{1} << 40;  // but for the gigabyte below RAM
    EXPECT_EQ(validate(board).size(), 1u);
    board = board_of(0);
    EXPECT_EQ(validate(board), Lines{"cores is empty: a board needs at least one core"});
    board = board_of(65);
    EXPECT_EQ(validate(board), Lines{"cores has 65 entries, at most 64 are possible"});
    board = board_of(1);
    board.quantum_ns = 0;
    EXPECT_EQ(validate(board), Lines{"quantum_ns=0 must be at least 1"});
    board = board_of(2);
    board.cores[1].mmu.l2_tlb.ways = 5;
    ASSERT_EQ(validate(board).size(), 1u);
    EXPECT_EQ(validate(board)[0], "cores[1].mmu.l2_tlb.ways=5 does not divide entries=1024");
    board = board_of(1);
    board.cores[0].freq_mhz = 0;
    ASSERT_EQ(validate(board).size(), 1u);
    EXPECT_TRUE(validate(board)[0].starts_with("cores[0].freq_mhz=0"));
}

TEST(Config, SessionRefusesWithTheSameLines) {
    BoardConfig board = board_of(1);
    board.quantum_ns = 0;
    board.counter_hz = 0;
    try {
        Session session(board, 1);
        FAIL();
    } catch (const std::invalid_argument& error) {
        EXPECT_STREQ(error.what(), "quantum_ns=0 must be at least 1\ncounter_hz=0 must be positive");
    }
}

TEST(Clock, LocalTimeIsExactHoweverLong) {
    const LocalClock clock(2801.0);
    EXPECT_EQ(clock.ps(2'801'000'000), 1'000'000'000'000u);
    EXPECT_EQ(clock.ps(2'801'000'000ull * 86'400), 86'400'000'000'000'000u);
    for (u64 cycles = 1; cycles < 100'000; cycles += 7) EXPECT_EQ(clock.cycles(clock.ps(cycles)), cycles);
    for (u64 ps = 1; ps < 100'000; ps += 11) EXPECT_GE(clock.ps(clock.cycles(ps)), ps);
}

TEST(Symbols, NamesOffsetsAndUnknownAddresses) {
    Session session(board_of(1), 1);
    session.set_symbols(
        {{"start", 0x1000, 0x10}, {"label", 0x1008, 0}, {"high", 0xffff000040000000, 0x100, 0x40300000}});
    EXPECT_EQ(session.symbolize(0x1000), "start");
    EXPECT_EQ(session.symbolize(0x1004), "start+0x4");
    EXPECT_EQ(session.symbolize(0x1008), "label");
    EXPECT_EQ(session.symbolize(0xffff00004000001c), "high+0x1c");
    EXPECT_EQ(session.symbolize(0x4030001c), "high+0x1c");
    EXPECT_EQ(session.symbolize(0x40200000), "0x4020_0000");
    EXPECT_EQ(session.symbolize(0x10), "0x0000_0010");
}

}  // namespace
}  // namespace bbmsim::sim::test
