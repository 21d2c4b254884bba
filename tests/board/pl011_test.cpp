// SPDX-License-Identifier: Apache-2.0
#include "models/board/pl011.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bbmsim::board {
namespace {

constexpr u64 kDr = 0x00, kRsr = 0x04, kFr = 0x18, kIlpr = 0x20, kIbrd = 0x24, kFbrd = 0x28, kLcrh = 0x2c, kCr = 0x30,
              kIfls = 0x34, kImsc = 0x38, kRis = 0x3c, kMis = 0x40, kIcr = 0x44, kDmacr = 0x48;
constexpr u64 kRx = 0x10, kTx = 0x20, kTimeout = 0x40, kOverrun = 0x400;
constexpr u64 kFifoOn = 0x70, kFifoOff = 0x60, kAllOn = 0x301;

struct Uart : testing::Test {
    std::string sent;
    std::vector<bool> edges;
    Pl011 uart{[this](u8 c) { sent += static_cast<char>(c); }, [this](bool level) { edges.push_back(level); }};
    u64 read(u64 offset, unsigned size = 4) { return uart.read(offset, size); }
    void write(u64 offset, u64 value, unsigned size = 4) { uart.write(offset, value, size); }
    bool line() const { return !edges.empty() && edges.back(); }
    void enable(u64 lcrh = kFifoOn) {
        write(kLcrh, lcrh);
        write(kCr, kAllOn);
    }
};

TEST_F(Uart, IdentifiesItselfAsLinuxsAmbaBusReadsIt) {
    u64 pid = 0, cid = 0;
    for (unsigned i = 0; i < 4; ++i) {
        pid |= (read(0xfe0 + 4 * i) & 0xff) << (8 * i);
        cid |= (read(0xff0 + 4 * i) & 0xff) << (8 * i);
    }
    EXPECT_EQ(cid, 0xb105f00du);
    EXPECT_EQ(pid & 0x000fffff, 0x00041011u) << "amba-pl011's id and mask";
    EXPECT_LT(pid >> 20 & 0xf, 3u) << "revisions below 3 have 16-byte FIFOs";
}

TEST_F(Uart, ResetValuesAreTheManuals) {
    EXPECT_EQ(read(kFr), 0x90u);
    EXPECT_EQ(read(kCr), 0x300u);
    EXPECT_EQ(read(kIfls), 0x12u);
    for (const u64 r : {kRsr, kIlpr, kIbrd, kFbrd, kLcrh, kImsc, kRis, kMis, kDmacr}) EXPECT_EQ(read(r), 0u) << r;
    EXPECT_TRUE(edges.empty());
}

TEST_F(Uart, RegistersKeepTheBitsThatExist) {
    for (const u64 r : {kIlpr, kIbrd, kFbrd, kLcrh, kCr, kIfls, kImsc, kDmacr}) write(r, 0xffff'ffff);
    EXPECT_EQ(read(kIlpr), 0xffu);
    EXPECT_EQ(read(kIbrd), 0xffffu);
    EXPECT_EQ(read(kFbrd), 0x3fu);
    EXPECT_EQ(read(kLcrh), 0xffu);
    EXPECT_EQ(read(kCr), 0xff87u);
    EXPECT_EQ(read(kIfls), 0x3fu);
    EXPECT_EQ(read(kImsc), 0x7ffu);
    EXPECT_EQ(read(kDmacr), 0x7u);
    EXPECT_EQ(uart.note(), "");
}

TEST_F(Uart, EarlyConsoleWritesBytesAndPollsFlags) {
    for (const char c : std::string("earlycon")) {
        EXPECT_EQ(read(kFr) & 0x20, 0u) << "TXFF";
        write(kDr, static_cast<u8>(c), 4);
        EXPECT_EQ(read(kFr) & 0x08, 0u) << "BUSY";
    }
    write(kDr, '!', 1);
    EXPECT_EQ(sent, "earlycon!");
    EXPECT_EQ(uart.sent_while_disabled(), 9u);
    enable();
    write(kDr, '.', 1);
    EXPECT_EQ(uart.sent_while_disabled(), 9u);
}

TEST_F(Uart, TransmitInterruptIsMaskedClearedAndRaisedAgain) {
    enable();
    write(kDr, 'a');
    EXPECT_EQ(read(kRis), kTx);
    EXPECT_EQ(read(kMis), 0u);
    EXPECT_FALSE(line());
    write(kImsc, kTx);
    EXPECT_EQ(read(kMis), kTx);
    EXPECT_TRUE(line());
    write(kIcr, kTx);
    EXPECT_FALSE(line());
    write(kDr, 'b');
    EXPECT_TRUE(line());
    write(kImsc, 0);
    EXPECT_FALSE(line());
    EXPECT_EQ(edges, (std::vector<bool>{true, false, true, false})) << "only changes are reported";
}

TEST_F(Uart, InputRaisesTimeoutBelowTheTriggerAndReceiveAtIt) {
    enable();
    write(kImsc, kRx | kTimeout);
    uart.push_input("abc");
    EXPECT_EQ(read(kMis), kTimeout) << "three of the eight that the reset trigger asks for";
    EXPECT_EQ(read(kFr) & 0x10, 0u) << "RXFE";
    uart.push_input("defgh");
    EXPECT_EQ(read(kMis), kRx | kTimeout);
    EXPECT_EQ(read(kDr), u64{'a'});
    EXPECT_EQ(read(kMis), kTimeout) << "below the trigger again";
    std::string rest;
    while ((read(kFr) & 0x10) == 0) rest += static_cast<char>(read(kDr));
    EXPECT_EQ(rest, "bcdefgh");
    EXPECT_EQ(read(kRis), 0u);
    EXPECT_FALSE(line());
}

TEST_F(Uart, MoreInputThanTheFifoHoldsFollowsAsTheGuestReads) {
    enable();
    std::string text;
    for (int i = 0; i < 100; ++i) text += static_cast<char>('0' + i % 10);
    uart.push_input(text);
    EXPECT_EQ(uart.waiting_input(), 84u);
    EXPECT_NE(read(kFr) & 0x40, 0u) << "RXFF";
    std::string got;
    while ((read(kFr) & 0x10) == 0) got += static_cast<char>(read(kDr));
    EXPECT_EQ(got, text);
    EXPECT_EQ(read(kRis) & kOverrun, 0u);
}

TEST_F(Uart, WithoutFifosEveryCharacterInterrupts) {
    enable(kFifoOff);
    write(kImsc, kRx);
    uart.push_input("xy");
    EXPECT_TRUE(line());
    EXPECT_EQ(read(kDr), u64{'x'});
    EXPECT_TRUE(line()) << "y took its place";
    EXPECT_EQ(read(kDr), u64{'y'});
    EXPECT_FALSE(line());
    EXPECT_EQ(read(kDr), 0u);
}

TEST_F(Uart, InputWaitsUntilTheReceiverIsEnabled) {
    uart.push_input("hi");
    EXPECT_NE(read(kFr) & 0x10, 0u);
    enable();
    EXPECT_EQ(read(kDr), u64{'h'});
    write(kLcrh, kFifoOff);
    EXPECT_EQ(read(kDr), u64{'i'});
}

TEST_F(Uart, LoopbackReceivesWhatIsSentAndOverruns) {
    enable();
    write(kCr, kAllOn | 0x80);
    for (int i = 0; i < 1000; ++i) write(kDr, static_cast<u8>(i));
    EXPECT_EQ(sent, "");
    EXPECT_NE(read(kRis) & kOverrun, 0u);
    EXPECT_EQ(read(kRsr), 8u);
    write(kRsr, 0);
    EXPECT_EQ(read(kRsr), 0u);
    for (u64 i = 0; i < 16; ++i) EXPECT_EQ(read(kDr), i);
    EXPECT_NE(read(kFr) & 0x10, 0u);
    EXPECT_EQ(uart.waiting_input(), 0u);
}

}  // namespace
}  // namespace bbmsim::board
