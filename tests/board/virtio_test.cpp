// SPDX-License-Identifier: Apache-2.0
// A driver of a few lines against the virtio devices: what a good one gets, and what a hostile one can't do.
#include "models/board/virtio_blk.hpp"
#include "models/board/virtio_console.hpp"

#include <gtest/gtest.h>

#include <unistd.h>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

namespace bbmsim::board {
namespace {

constexpr u64 kRam = 0x4000'0000, kRamBytes = 0x10'0000;
constexpr u64 kTable = kRam, kAvailable = kRam + 0x1000, kUsed = kRam + 0x2000, kHeader = kRam + 0x3000,
              kData = kRam + 0x4000, kStatusByte = kRam + 0x3800;
constexpr u16 kNext = 1, kWrite = 2;

struct Memory {
    std::vector<u8> bytes = std::vector<u8>(kRamBytes);
    [[nodiscard]] bool has(u64 pa, u64 n) const { return pa >= kRam && n <= kRamBytes && pa - kRam <= kRamBytes - n; }
    Dma dma() {
        return {.read =
                    [this](u64 pa, std::span<u8> out) {
                        if (!has(pa, out.size())) return false;
                        std::memcpy(out.data(), &bytes[pa - kRam], out.size());
                        return true;
                    },
                .write =
                    [this](u64 pa, std::span<const u8> in) {
                        if (!has(pa, in.size())) return false;
                        std::memcpy(&bytes[pa - kRam], in.data(), in.size());
                        return true;
                    }};
    }
    template <class T>
    void put(u64 pa, T value) {
        std::memcpy(&bytes.at(pa - kRam), &value, sizeof value);
    }
    template <class T>
    T get(u64 pa) const {
        T value;
        std::memcpy(&value, &bytes.at(pa - kRam), sizeof value);
        return value;
    }
};

struct File {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("bbmsim-disk-" + std::to_string(::getpid()) + ".img");
    explicit File(std::size_t sectors) {
        std::ofstream out(path, std::ios::binary);
        for (std::size_t i = 0; i < sectors * 512; ++i) out.put(static_cast<char>(i / 512));
    }
    ~File() { std::filesystem::remove(path); }
    [[nodiscard]] u8 at(u64 offset) const {
        std::ifstream in(path, std::ios::binary);
        in.seekg(static_cast<std::streamoff>(offset));
        return static_cast<u8>(in.get());
    }
};

struct Driver {
    Memory memory;
    bool line = false;
    VirtioMmio device;
    u16 posted = 0;

    explicit Driver(std::unique_ptr<VirtioDevice> what)
        : device(std::move(what), memory.dma(), [this](bool level) { line = level; }) {}
    u64 read(u64 offset) { return device.read(offset, 4); }
    void write(u64 offset, u64 value) { device.write(offset, value, 4); }
    void start(unsigned queue = 0, u32 entries = 8) {
        write(0x70, 0);
        write(0x70, 3);
        write(0x24, 1);
        write(0x20, 1);  // VIRTIO_F_VERSION_1
        write(0x70, 0xb);
        queue_up(queue, entries);
        write(0x70, 0xf);
    }
    void queue_up(unsigned queue, u32 entries) {
        write(0x30, queue);
        write(0x38, entries);
        write(0x80, kTable);
        write(0x90, kAvailable);
        write(0xa0, kUsed);
        write(0x44, 1);
    }
    void describe(unsigned index, u64 pa, u32 bytes, u16 flags, u16 next = 0) {
        memory.put<u64>(kTable + 16 * index, pa);
        memory.put<u32>(kTable + 16 * index + 8, bytes);
        memory.put<u16>(kTable + 16 * index + 12, flags);
        memory.put<u16>(kTable + 16 * index + 14, next);
    }
    void post(u16 head, unsigned queue = 0) {
        memory.put<u16>(kAvailable + 4 + 2 * (posted % 8), head);
        memory.put<u16>(kAvailable + 2, ++posted);
        write(0x50, queue);
    }
    void settle() {
        for (unsigned i = 0; i < 1000 && device.due_in_ps(); ++i) device.serve();
        ASSERT_FALSE(device.due_in_ps());
    }
    // One block request of one data buffer; the status byte, or 0xaa if the device did not answer.
    u8 request(u32 type, u64 sector, u32 bytes, u64 data = kData) {
        memory.put<u32>(kHeader, type);
        memory.put<u64>(kHeader + 8, sector);
        memory.put<u8>(kStatusByte, 0xaa);
        describe(0, kHeader, 16, kNext, 1);
        describe(1, data, bytes, static_cast<u16>(kNext | (type == 1 ? 0 : kWrite)), 2);
        describe(2, kStatusByte, 1, kWrite);
        post(0);
        settle();
        return memory.get<u8>(kStatusByte);
    }
};

struct Block : testing::Test {
    File file{64};
};

TEST_F(Block, IdentifiesItself) {
    Driver d(std::make_unique<VirtioBlk>(file.path.string(), false, 1));
    EXPECT_EQ(d.read(0x00), 0x74726976u);
    EXPECT_EQ(d.read(0x04), 2u);
    EXPECT_EQ(d.read(0x08), 2u);
    EXPECT_EQ(d.read(0x34), 256u);
    EXPECT_EQ(d.read(0x100), 64u) << "capacity in sectors";
    EXPECT_EQ(d.device.read(0x114, 4), 512u);
    d.write(0x14, 1);
    EXPECT_EQ(d.read(0x10), 1u) << "VIRTIO_F_VERSION_1";
    d.write(0x30, 1);
    EXPECT_EQ(d.read(0x34), 0u) << "it has one queue";
}

TEST_F(Block, ADriverMustAcceptVersion1AndNothingThatWasNotOffered) {
    Driver d(std::make_unique<VirtioBlk>(file.path.string(), false, 1));
    d.write(0x70, 3);
    d.write(0x70, 0xb);
    EXPECT_EQ(d.read(0x70), 3u);
    d.write(0x24, 1);
    d.write(0x20, 3);
    d.write(0x70, 0xb);
    EXPECT_EQ(d.read(0x70), 3u);
    d.write(0x20, 1);
    d.write(0x70, 0xb);
    EXPECT_EQ(d.read(0x70), 0xbu);
}

TEST_F(Block, ReadsTheImageAfterItsLatencyAndInterrupts) {
    Driver d(std::make_unique<VirtioBlk>(file.path.string(), false, 20'000'000));
    d.start();
    EXPECT_EQ(d.request(0, 5, 1024), 0u);
    EXPECT_EQ(d.memory.get<u8>(kData), 5u);
    EXPECT_EQ(d.memory.get<u8>(kData + 1023), 6u);
    EXPECT_EQ(d.memory.get<u16>(kUsed + 2), 1u);
    EXPECT_EQ(d.memory.get<u32>(kUsed + 8), 1025u) << "bytes written, the status among them";
    EXPECT_TRUE(d.line);
    EXPECT_EQ(d.read(0x60), 1u);
    d.write(0x64, 1);
    EXPECT_FALSE(d.line);
    d.memory.put<u16>(kAvailable, 1);  // VIRTQ_AVAIL_F_NO_INTERRUPT
    EXPECT_EQ(d.request(0, 0, 512), 0u);
    EXPECT_FALSE(d.line);
    d.post(0);
    EXPECT_EQ(d.device.due_in_ps(), 20'000'000u);
}

TEST_F(Block, WhatASnapshotsGuestWroteIsReadAgainAndNotInTheFile) {
    Driver d(std::make_unique<VirtioBlk>(file.path.string(), false, 1));
    d.start();
    for (u64 i = 0; i < 512; ++i) d.memory.put<u8>(kData + i, 0x77);
    EXPECT_EQ(d.request(1, 9, 512), 0u);
    EXPECT_EQ(d.request(4, 0, 0, kData), 0u);
    EXPECT_EQ(d.request(0, 8, 1536), 0u);
    EXPECT_EQ(d.memory.get<u8>(kData), 8u);
    EXPECT_EQ(d.memory.get<u8>(kData + 512), 0x77u);
    EXPECT_EQ(d.memory.get<u8>(kData + 1024), 10u);
    EXPECT_EQ(file.at(9 * 512), 9u);
}

TEST_F(Block, AWritableDiskWritesThroughAndIsAlone) {
    Driver d(std::make_unique<VirtioBlk>(file.path.string(), true, 1));
    d.start();
    d.memory.put<u8>(kData, 0x77);
    EXPECT_EQ(d.request(1, 9, 512), 0u);
    EXPECT_EQ(file.at(9 * 512), 0x77u);
    EXPECT_THROW(Disk(file.path.string(), false), std::invalid_argument);
    EXPECT_THROW(Disk(file.path.string(), true), std::invalid_argument);
}

TEST_F(Block, RequestsBeyondTheDiskOrOfNoKnownKindAreAnsweredWithAStatus) {
    Driver d(std::make_unique<VirtioBlk>(file.path.string(), false, 1));
    d.start();
    EXPECT_EQ(d.request(0, 64, 512), 1u);
    EXPECT_EQ(d.request(0, ~u64{0}, 512), 1u);
    EXPECT_EQ(d.request(1, 63, 1024), 1u);
    EXPECT_EQ(d.request(0, 0, 100), 1u) << "no whole sectors";
    EXPECT_EQ(d.request(99, 0, 512), 2u);
    EXPECT_EQ(d.request(8, 0, 20), 0u);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(&d.memory.bytes[kData - kRam])), "bbmsim-disk");
    EXPECT_FALSE(d.device.broken());
}

TEST_F(Block, WhatNoDriverMayMakeAvailableNeedsAReset) {
    const std::vector<std::function<void(Driver&)>> crimes = {
        [](Driver& d) { d.describe(0, kRam - 16, 16, kNext, 1); },            // outside RAM
        [](Driver& d) { d.describe(0, ~u64{0} - 7, 16, kNext, 1); },          // wraps
        [](Driver& d) { d.describe(1, kData, 512, kWrite | kNext, 1); },      // loops
        [](Driver& d) { d.describe(1, kData, 512, kWrite | kNext, 8); },      // beyond the table
        [](Driver& d) { d.describe(1, kData, 512, kWrite | kNext | 4, 2); },  // indirect, not offered
        [](Driver& d) { d.describe(0, kHeader, 15, kNext, 1); },              // half a header
        [](Driver& d) { d.describe(0, kHeader, 16, 0); },                     // nowhere to put the status
        [](Driver& d) { d.describe(0, kHeader, 16, kNext | kWrite, 1), d.describe(1, kData, 512, kNext, 2); },
        [](Driver& d) { d.describe(2, kRam + kRamBytes, 1, kWrite); },  // the status outside RAM
        [](Driver& d) { d.describe(1, kRam + kRamBytes - 512, 1024, kWrite | kNext, 2); },
        [](Driver& d) { d.memory.put<u16>(kAvailable + 4, 8); },    // head beyond the table
        [](Driver& d) { d.memory.put<u16>(kAvailable + 2, 100); },  // index runs away
    };
    for (std::size_t i = 0; i < crimes.size(); ++i) {
        Driver d(std::make_unique<VirtioBlk>(file.path.string(), false, 1));
        d.start();
        d.memory.put<u32>(kHeader, 0);
        d.memory.put<u64>(kHeader + 8, 0);
        d.describe(0, kHeader, 16, kNext, 1);
        d.describe(1, kData, 512, kNext | kWrite, 2);
        d.describe(2, kStatusByte, 1, kWrite);
        d.memory.put<u16>(kAvailable + 4, 0);
        d.memory.put<u16>(kAvailable + 2, 1);
        crimes[i](d);
        d.write(0x50, 0);
        d.settle();
        EXPECT_EQ(d.read(0x70), 0x4fu) << "DEVICE_NEEDS_RESET, crime " << i;
        EXPECT_EQ(d.read(0x60) & 2, 2u) << "configuration change, crime " << i;
        EXPECT_NE(d.device.note().find("broke the rules"), std::string::npos);
        d.posted = 0;
        d.memory.bytes.assign(kRamBytes, 0);
        d.start();
        EXPECT_EQ(d.request(0, 1, 512), 0u) << "after the reset, crime " << i;
    }
}

TEST_F(Block, HugeLengthsAreAnErrorAndCostNothing) {
    Driver d(std::make_unique<VirtioBlk>(file.path.string(), false, 1));
    d.start();
    EXPECT_EQ(d.request(0, 0, 0xffff'fe00), 1u);
    EXPECT_EQ(d.request(1, 0, 0xffff'fe00), 1u);
}

TEST_F(Block, QueuesOfAWrongShapeAreRefused) {
    for (const u32 entries : {0u, 3u, 512u, 0xffff'ffffu}) {
        Driver d(std::make_unique<VirtioBlk>(file.path.string(), false, 1));
        d.start(0, entries);
        d.write(0x30, 0);
        EXPECT_EQ(d.read(0x44), 0u);
        EXPECT_TRUE(d.device.broken());
    }
}

TEST_F(Block, NoiseInRegistersAndRingsEndsQuietly) {
    std::mt19937_64 draw(7);
    Driver d(std::make_unique<VirtioBlk>(file.path.string(), false, 1));
    for (unsigned round = 0; round < 2000; ++round) {
        if (round % 8 == 0) d.start(0, 8);
        for (unsigned i = 0; i < 64; ++i) d.memory.bytes[draw() % 0x4000] = static_cast<u8>(draw());
        for (unsigned i = 0; i < 4; ++i) d.device.write(draw() % 0x200, draw(), 1u << (draw() % 4));
        d.write(0x50, 0);
        for (unsigned i = 0; i < 50 && d.device.due_in_ps(); ++i) d.device.serve();
        (void)d.device.read(draw() % 0x200, 1u << (draw() % 4));
    }
}

TEST(VirtioConsole, PrintsAndTakesInput) {
    std::string printed;
    auto model = std::make_unique<VirtioConsole>([&](u8 c) { printed += static_cast<char>(c); });
    VirtioConsole& console = *model;
    Driver d(std::move(model));
    d.start(VirtioConsole::kTransmitQueue);
    std::memcpy(&d.memory.bytes[kData - kRam], "hello, ", 7);
    std::memcpy(&d.memory.bytes[kData - kRam + 100], "world", 5);
    d.describe(0, kData, 7, kNext, 1);
    d.describe(1, kData + 100, 5, 0);
    d.post(0, VirtioConsole::kTransmitQueue);
    d.settle();
    EXPECT_EQ(printed, "hello, world");

    console.push_input("typed ahead");
    d.posted = 0;
    d.memory.bytes.assign(kRamBytes, 0);
    d.start(VirtioConsole::kReceiveQueue);
    d.describe(0, kData, 6, kWrite);
    d.describe(1, kData + 0x100, 64, kWrite);
    d.post(0, VirtioConsole::kReceiveQueue);
    d.post(1, VirtioConsole::kReceiveQueue);
    d.settle();
    EXPECT_EQ(d.memory.get<u32>(kUsed + 8), 6u);
    EXPECT_EQ(d.memory.get<u32>(kUsed + 16), 5u);
    EXPECT_EQ(std::memcmp(&d.memory.bytes[kData - kRam], "typed ", 6), 0);
    EXPECT_EQ(std::memcmp(&d.memory.bytes[kData + 0x100 - kRam], "ahead", 5), 0);
}

TEST(Disk, SaysInOneLineWhatIsWrong) {
    const auto why = [](const std::string& path, bool writable = false) {
        try {
            const Disk disk(path, writable);
            return std::string("nothing");
        } catch (const std::invalid_argument& error) {
            return std::string(error.what());
        }
    };
    EXPECT_EQ(why("/no/such"), "disk=/no/such: can't be read (No such file or directory)");
    EXPECT_EQ(why("/tmp"), "disk=/tmp: is a folder, not an image of a disk");
    EXPECT_EQ(why("/dev/null"), "disk=/dev/null: neither a file nor a block device");
    const File empty(0);
    EXPECT_EQ(why(empty.path.string()), "disk=" + empty.path.string() + ": is empty");
}

}  // namespace
}  // namespace bbmsim::board
