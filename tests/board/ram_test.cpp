// SPDX-License-Identifier: Apache-2.0
#include "models/board/ram.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace bbmsim::board {
namespace {

// What the process really holds in memory.
u64 process_resident_bytes() {
    u64 total_pages = 0, resident_pages = 0;
    std::ifstream("/proc/self/statm") >> total_pages >> resident_pages;
    return resident_pages * static_cast<u64>(::sysconf(_SC_PAGESIZE));
}

constexpr PhysAddr kBase{0x4000'0000};
constexpr u64 kTiB = u64{1} << 40;

static_assert(!std::is_copy_constructible_v<Ram> && !std::is_copy_assignable_v<Ram>);
static_assert(std::is_nothrow_move_constructible_v<Ram> && std::is_nothrow_move_assignable_v<Ram>);

TEST(Ram, FourTebibytesTouchedSparselyCostWhatIsTouched) {
    const u64 before = process_resident_bytes();
    ASSERT_GT(before, 0u);
    const Ram ram(kBase, 4 * kTiB);
    EXPECT_EQ(ram.backed_pages(), 0u);
    constexpr unsigned kTouched = 256;
    constexpr u64 kStep = 4 * kTiB / kTouched;
    for (unsigned i = 0; i < kTouched; ++i) {
        const PhysAddr pa = kBase + i * kStep;
        ram.view().back(pa);
        ram.view().at(pa)[17] = 0x5a;
    }
    EXPECT_EQ(ram.backed_pages(), kTouched);
    // One page of contents and one page of flags each, in 4 TiB.
    EXPECT_GE(ram.resident_bytes(), u64{kTouched} * kPageBytes);
    EXPECT_LE(ram.resident_bytes(), u64{kTouched} * 2 * kPageBytes);
    // Page tables for pages so far apart cost as much again; a huge page for each would be 512 MiB.
    EXPECT_LT(process_resident_bytes() - std::min(before, process_resident_bytes()), u64{32} << 20);
    const PhysAddr last = kBase + (4 * kTiB - 8);
    EXPECT_TRUE(ram.view().contains(last, 8));
    EXPECT_FALSE(ram.view().contains(last, 9));
    EXPECT_EQ(ram.view().read64(last), RamView::pattern(last.raw()));
    EXPECT_EQ(ram.backed_pages(), kTouched) << "reading backs nothing";
}

TEST(Ram, BackingAPageKeepsWhatItReadAs) {
    const Ram ram(kBase, u64{1} << 20);
    const PhysAddr pa = kBase + 0x3008;
    const u64 before = ram.view().read64(pa);
    EXPECT_EQ(before, RamView::pattern(pa.raw()));
    ram.view().back(pa);
    EXPECT_EQ(ram.view().read64(pa), before);
    EXPECT_EQ(ram.backed_pages(), 1u);
    ram.view().back(pa);
    EXPECT_EQ(ram.backed_pages(), 1u);
}

TEST(Ram, OtherFlagsDoNotCountAsBacked) {
    const Ram ram(kBase, u64{1} << 20);
    ram.view().page_flags(kBase) |= kWatched | kMonitored;
    EXPECT_EQ(ram.backed_pages(), 0u);
}

TEST(Ram, ZeroFillReadsZero) {
    const Ram ram(kBase, u64{1} << 20, true);
    EXPECT_EQ(ram.view().read64(kBase + 0x100), 0u);
    ram.view().back(kBase);
    EXPECT_EQ(ram.view().read64(kBase + 0x100), 0u);
}

TEST(Ram, MovingHandsOverTheMemory) {
    Ram a(kBase, u64{1} << 20);
    a.view().back(kBase);
    a.view().at(kBase)[0] = 0x77;
    Ram b(std::move(a));
    EXPECT_EQ(b.view().at(kBase)[0], 0x77);
    EXPECT_EQ(a.view().host, nullptr);
    Ram c(kBase, u64{1} << 16);
    c = std::move(b);
    EXPECT_EQ(c.bytes(), u64{1} << 20);
    EXPECT_EQ(c.view().at(kBase)[0], 0x77);
}

TEST(Ram, RefusalByTheHostNamesSizeAndErrno) {
    try {
        const Ram ram(kBase, u64{1} << 62);
        FAIL() << "no host has 4 EiB of address space";
    } catch (const std::runtime_error& e) {
        const std::string text = e.what();
        EXPECT_NE(text.find("4611686018427387904"), std::string::npos) << text;
        EXPECT_NE(text.find("errno"), std::string::npos) << text;
    }
}

TEST(Ram, WrongSizesAreRefused) {
    EXPECT_THROW(Ram(kBase, 0), std::invalid_argument);
    EXPECT_THROW(Ram(kBase, 4097), std::invalid_argument);
    EXPECT_THROW(Ram(PhysAddr(0x10), 4096), std::invalid_argument);
    EXPECT_THROW(Ram(PhysAddr(~u64{0} & ~kPageMask), 8192), std::invalid_argument);
}

}  // namespace
}  // namespace bbmsim::board
