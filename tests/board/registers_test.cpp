// SPDX-License-Identifier: Apache-2.0
#include "models/board/registers.hpp"
#include "models/board/memory_map.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace bbmsim::board {
namespace {

struct Gadget {
    u32 control = 0, flags = 0, secret = 0;
    std::vector<u8> array = std::vector<u8>(4, 0);
    u64 wide = 0x1122334455667788;
    unsigned control_writes = 0;

    void control_written(unsigned, u64, u64) { ++control_writes; }
    u64 read_array(unsigned i) { return array[i]; }
    void write_array(unsigned i, u64 v, u64) { array[i] = static_cast<u8>(v); }
    u64 read_wide(unsigned) { return wide; }
    void write_wide(unsigned, u64 v, u64 lanes) { wide = (wide & ~lanes) | v; }
};

constexpr auto kTable = std::to_array<Register<Gadget>>({
    {.name = "CONTROL",
     .offset = 0x0,
     .reset = 0x30,
     .read_mask = 0xffff,
     .write_mask = 0xff0f,
     .field = &Gadget::control,
     .on_write = &Gadget::control_written},
    {.name = "FLAGS",
     .offset = 0x4,
     .rule = Rule::kWriteOneToClear,
     .reset = 0xff,
     .write_mask = 0xf0,
     .field = &Gadget::flags},
    {.name = "SECRET", .offset = 0x8, .rule = Rule::kWriteOnly, .field = &Gadget::secret},
    {.name = "ID", .offset = 0xc, .rule = Rule::kReadOnly, .reset = 0xcafe},
    {.name = "ARRAY",
     .offset = 0x10,
     .width = 1,
     .count = 4,
     .on_read = &Gadget::read_array,
     .on_write = &Gadget::write_array},
    {.name = "WIDE", .offset = 0x18, .width = 8, .on_read = &Gadget::read_wide, .on_write = &Gadget::write_wide},
});
static_assert(well_formed<Gadget>(kTable));

constexpr auto kOverlapping =
    std::to_array<Register<Gadget>>({{.name = "A", .offset = 0, .width = 8}, {.name = "B", .offset = 4}});
static_assert(!well_formed<Gadget>(kOverlapping));

struct Registers : testing::Test {
    Gadget gadget;
    RegisterFile<Gadget> file{"gadget", kTable};
    void SetUp() override { file.reset(gadget); }
    u64 read(u64 offset, unsigned size = 4) { return file.read(gadget, offset, size); }
    void write(u64 offset, u64 value, unsigned size = 4) { file.write(gadget, offset, value, size); }
};

TEST_F(Registers, MasksDecideWhatAWriteChangesAndARead) {
    EXPECT_EQ(read(0), 0x30u);
    write(0, 0xffff'ffff);
    EXPECT_EQ(gadget.control, 0xff3fu);
    write(0, 0);
    EXPECT_EQ(read(0), 0x30u) << "bits outside the write mask keep their reset value";
    EXPECT_EQ(gadget.control_writes, 2u);
    gadget.control = 0x12345678;
    EXPECT_EQ(read(0), 0x5678u);
}

TEST_F(Registers, NarrowAccessesTouchTheirLanesOnly) {
    write(0, 0x0102);
    write(1, 0xab, 1);
    EXPECT_EQ(gadget.control, 0xab32u);
    EXPECT_EQ(read(1, 1), 0xabu);
    write(0x1c, 0xdeadbeef, 4);
    EXPECT_EQ(gadget.wide, 0xdeadbeef55667788u);
    EXPECT_EQ(read(0x1c, 4), 0xdeadbeefu);
}

TEST_F(Registers, WideAccessesCoverSeveralRegisters) {
    write(0x10, 0x04030201);
    EXPECT_EQ(gadget.array, (std::vector<u8>{1, 2, 3, 4}));
    EXPECT_EQ(read(0x10), 0x04030201u);
    EXPECT_EQ(read(0x11, 2), 0x0302u);
    EXPECT_EQ(read(0x8, 8), 0xcafe'0000'0000u);
}

TEST_F(Registers, RulesHold) {
    write(0x4, 0x3c);
    EXPECT_EQ(read(0x4), 0xcfu) << "write one to clear, within the mask";
    write(0x8, 7);
    EXPECT_EQ(gadget.secret, 7u);
    EXPECT_EQ(read(0x8), 0u);
    write(0xc, 1);
    EXPECT_EQ(read(0xc), 0xcafeu);
    EXPECT_EQ(file.note(), "");
}

TEST_F(Registers, UndeclaredOffsetsReadZeroAndAreNamed) {
    EXPECT_EQ(read(0x40), 0u);
    write(0x40, 5);
    EXPECT_EQ(read(0x14, 8), 0x55667788'0000'0000u) << "half undeclared";
    EXPECT_EQ(file.undeclared_accesses(), 3u);
    EXPECT_EQ(
        file.note(),
        "gadget: 3 accesses to registers that are not modelled: 0x40 (1 reads, 1 writes) 0x14 (1 reads, 0 writes)");
    for (u64 offset = 0x100; offset < 0x10'0000; offset += 4) write(offset, 1);
    EXPECT_LE(file.undeclared().size(), 16u) << "a guest can't make the list grow";
    EXPECT_EQ(file.undeclared_accesses(), 3u + (0x10'0000 - 0x100) / 4);
}

TEST(MemoryMap, RegionsAreQemusAndDisjoint) {
    const auto map = memory_map(64);
    for (std::size_t i = 0; i < map.size(); ++i)
        for (std::size_t j = 0; j < map.size(); ++j)
            EXPECT_EQ(map[i].contains(map[j].base, 4), i == j) << map[i].name << " " << map[j].name;
    EXPECT_TRUE(map[1].contains(0x080a'0000 + 64 * 0x2'0000 - 8, 8));
    EXPECT_FALSE(map[1].contains(0x080a'0000 + 64 * 0x2'0000 - 4, 8));
}

}  // namespace
}  // namespace bbmsim::board
