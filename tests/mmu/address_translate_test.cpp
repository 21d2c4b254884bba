// SPDX-License-Identifier: Apache-2.0
// AT and the format of PAR_EL1.
#include "tests/mmu/machine.hpp"

#include <gtest/gtest.h>

namespace bbmsim::mmu::testing {
namespace {

constexpr u64 kVa = 0x40'0000;

class AddressTranslate : public ::testing::Test {
protected:
    Machine m;
    u64 root = m.table();
    u64 par(u64 leaf, bool write, bool el0, bool pan = false) {
        m.mmu().invalidate_all();
        m.map(root, kVa, 3, (kBase + 0x7000) | bits::kPage | leaf);
        m.mmu().set_context(context(root));
        return m.mmu().address_translate(kVa + 0x123, write, el0, pan);
    }
    static unsigned fst(u64 par) { return par >> 1 & 0x3f; }
};

TEST_F(AddressTranslate, SuccessGivesAddressAttributesAndShareability) {
    const u64 p = par(bits::attr(kNormal), false, false);
    EXPECT_EQ(p & 1, 0u);
    EXPECT_EQ(p & 0x0000'ffff'ffff'f000, kBase + 0x7000);
    EXPECT_EQ(p >> 56, 0xffu);
    EXPECT_EQ(p >> 7 & 3, 3u);
    EXPECT_EQ(p >> 11 & 1, 1u);
}

TEST_F(AddressTranslate, DeviceMemoryIsOuterShareable) {
    const u64 p = par(bits::attr(1), false, false);
    EXPECT_EQ(p >> 56, 0x04u);
    EXPECT_EQ(p >> 7 & 3, 2u);
    EXPECT_EQ(par(bits::attr(3), false, false) >> 56, 0x44u);
    EXPECT_EQ(par(bits::attr(6), false, false) >> 56, 0xf0u);
}

TEST_F(AddressTranslate, EachFormJudgesItsOwnAccess) {
    EXPECT_EQ(fst(par(0, false, true)), 0b001111u);  // S1E0R, no EL0 access
    EXPECT_EQ(par(bits::kEl0, false, true) & 1, 0u);
    EXPECT_EQ(fst(par(bits::kEl0 | bits::kRo, true, true)), 0b001111u);  // S1E0W
    EXPECT_EQ(fst(par(bits::kRo, true, false)), 0b001111u);              // S1E1W
    EXPECT_EQ(fst(par(bits::kEl0, false, false, true)), 0b001111u);      // S1E1RP with PAN
    EXPECT_EQ(par(bits::kEl0, false, false, false) & 1, 0u);
}

TEST_F(AddressTranslate, FailureCarriesTheFaultStatus) {
    m.mmu().set_context(context(root));
    const u64 p = m.mmu().address_translate(kVa, false, false, false);
    EXPECT_EQ(p, u64{1} << 11 | 0b000100 << 1 | 1);
    EXPECT_EQ(fst(m.mmu().address_translate(u64{1} << 50, false, false, false)), 0b000100u);
}

TEST_F(AddressTranslate, WithTheMmuOffItIsFlat) {
    const u64 p = m.mmu().address_translate(0x4000'5678, true, false, false);
    EXPECT_EQ(p & 0x0000'ffff'ffff'f000, 0x4000'5000u);
    EXPECT_EQ(p >> 56, 0u);
}

}  // namespace
}  // namespace bbmsim::mmu::testing
