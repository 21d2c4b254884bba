// SPDX-License-Identifier: Apache-2.0
// Every fault of a walk, with its level, in each granule.
#include "tests/mmu/machine.hpp"

#include <gtest/gtest.h>

namespace bbmsim::mmu::testing {
namespace {

constexpr u64 kVa = 0x7e5a'1357'9000;  // bits set in every index of every granule

class Faults : public ::testing::TestWithParam<Granule> {
protected:
    Granule g = GetParam();
    Machine m{[] {
        MmuConfig c;
        c.pa_bits = 48;
        return c;
    }()};
    u64 root = m.table(g);
    unsigned top = g == Granule::k64K ? 1 : 0;

    u64 va_of(unsigned level) const { return kVa & ~((u64{1} << level_shift(g, level)) - 1); }
    Fault fault_of(u64 va, u64 tcr_extra = 0, u64 ips = 5) {
        Context c = context(root, 0, g, tcr_extra);
        c.tcr = (c.tcr & ~(u64{7} << 32)) | tcr::ips(static_cast<unsigned>(ips));
        m.mmu().invalidate_all();
        m.mmu().set_context(c);
        return m.mmu().translate(read(va)).fault;
    }
    void expect(Fault f, FaultType type, unsigned level) {
        EXPECT_EQ(f.type, type);
        EXPECT_EQ(f.level, level);
    }
};

TEST_P(Faults, AnInvalidDescriptorIsATranslationFaultOfItsLevel) {
    for (unsigned level = top; level <= 3; ++level) {
        root = m.table(g);
        m.descriptor(root, kVa, level, g);  // tables above, zero here
        expect(fault_of(kVa), FaultType::kTranslation, level);
        m.put(m.descriptor(root, kVa, level, g), 2);  // bit 0 clear
        expect(fault_of(kVa), FaultType::kTranslation, level);
    }
}

TEST_P(Faults, ABlockIsValidOnlyWhereTheGranuleHasOne) {
    for (unsigned level = top; level <= 3; ++level) {
        root = m.table(g);
        m.map(root, kVa, level, bits::kBlock | bits::attr(kNormal), g);
        const bool allowed = g == Granule::k4K ? level == 1 || level == 2 : level == 2;
        if (allowed)
            expect(fault_of(kVa), FaultType::kNone, 0);
        else
            expect(fault_of(kVa), FaultType::kTranslation, level);
    }
}

TEST_P(Faults, AnOutputAddressBeyondIpsIsAnAddressSizeFaultOfItsLevel) {
    for (unsigned level = 2; level <= 3; ++level) {
        root = m.table(g);
        m.map(root, kVa, level, (u64{1} << 40) | (level == 3 ? bits::kPage : bits::kBlock), g);
        expect(fault_of(kVa, 0, 2), FaultType::kAddressSize, level);  // 40 bits
        expect(fault_of(kVa, 0, 3), FaultType::kNone, 0);             // 42 bits
    }
}

TEST_P(Faults, ATableAddressBeyondIpsIsAnAddressSizeFaultOfTheTableDescriptor) {
    for (unsigned level = top; level <= 2; ++level) {
        root = m.table(g);
        m.map(root, kVa, level, (u64{1} << 44) | bits::kTable, g);
        expect(fault_of(kVa, 0, 4), FaultType::kAddressSize, level);
        expect(fault_of(kVa, 0, 5), FaultType::kExternalOnWalk, level + 1);  // no RAM there
    }
}

TEST_P(Faults, ABaseRegisterBeyondIpsFaultsAtLevel0) {
    root = u64{1} << 40;
    expect(fault_of(kVa, 0, 2), FaultType::kAddressSize, 0);
}

TEST_P(Faults, TheAccessFlagFaultsAtTheLeafsLevelUnlessHardwareSetsIt) {
    for (unsigned level = 2; level <= 3; ++level) {
        root = m.table(g);
        m.map(root, kVa, level, (level == 3 ? bits::kPage : bits::kBlock) & ~bits::kAf, g);
        expect(fault_of(kVa), FaultType::kAccessFlag, level);
        EXPECT_TRUE(m.mmu().entries(Structure::kL2).empty());  // R_XCLRD
        expect(fault_of(kVa, tcr::kHa), FaultType::kNone, 0);
    }
}

TEST_P(Faults, APermissionFaultNamesTheLeafsLevelAndMayComeFromTheTlb) {
    for (unsigned level = 2; level <= 3; ++level) {
        root = m.table(g);
        m.map(root, kVa, level, (level == 3 ? bits::kPage : bits::kBlock) | bits::kRo | bits::attr(kNormal), g);
        expect(fault_of(kVa), FaultType::kNone, 0);
        expect(m.mmu().translate(write(kVa)).fault, FaultType::kPermission, level);
        EXPECT_EQ(m.mmu().stats.l1d_misses, m.mmu().stats.walks);
    }
}

TEST_P(Faults, FaultStatusCodesCarryTheLevel) {
    const auto code = [](FaultType t, u8 level) { return Fault{t, level}.fsc(); };
    for (u8 level = 0; level < 4; ++level) {
        EXPECT_EQ(code(FaultType::kAddressSize, level), 0b000000 | level);
        EXPECT_EQ(code(FaultType::kTranslation, level), 0b000100 | level);
        EXPECT_EQ(code(FaultType::kAccessFlag, level), 0b001000 | level);
        EXPECT_EQ(code(FaultType::kPermission, level), 0b001100 | level);
        EXPECT_EQ(code(FaultType::kExternalOnWalk, level), 0b010100 | level);
        EXPECT_EQ(code(FaultType::kTlbConflict, level), 0b110000);
    }
}

TEST_P(Faults, FaultingTranslationsAreNeverCached) {
    m.descriptor(root, kVa, 3, g);
    fault_of(kVa);
    m.mmu().translate(read(kVa));
    EXPECT_TRUE(m.mmu().entries(Structure::kL1D).empty());
    EXPECT_TRUE(m.mmu().entries(Structure::kL2).empty());
    EXPECT_EQ(m.mmu().stats.walks, 2u);
}

INSTANTIATE_TEST_SUITE_P(Granules, Faults, ::testing::Values(Granule::k4K, Granule::k16K, Granule::k64K));

TEST(WalkOverGarbage, ATableThatPointsToItselfEndsInAPage) {
    Machine m;
    const u64 root = m.table();
    m.put(root, root | bits::kTable | bits::kAf | bits::attr(kNormal));
    m.mmu().set_context(context(root));
    const Outcome out = m.mmu().translate(read(0x123));
    EXPECT_FALSE(out.fault);
    EXPECT_EQ(out.pa, root + 0x123);
    EXPECT_EQ(inspect_walk(m.ram, context(root), m.mmu().config, 0x123).steps.size(), 4u);
}

TEST(WalkOverGarbage, InspectionHasNoSideEffect) {
    Machine m;
    const u64 root = m.table();
    m.map(root, 0x1000, 3, kBase | (bits::kPage & ~bits::kAf));
    const u64 desc = m.descriptor(root, 0x1000, 3);
    const WalkResult w = inspect_walk(m.ram, context(root, 0, Granule::k4K, tcr::kHa), m.mmu().config, 0x1000);
    EXPECT_FALSE(w.fault);
    EXPECT_EQ(m.get(desc) & bits::kAf, 0u);
    EXPECT_FALSE(m.ram.page_flags(PhysAddr(desc)) & kWatched);
}

TEST(WalkOverGarbage, UnwrittenRamAsATableGivesSomeFault) {
    Machine m;
    m.ram.zero_fill = false;  // only for this view; the MMU has its own, with zeroes
    const WalkResult w = inspect_walk(m.ram, context(kBase + 0x700000), m.mmu().config, 0x5000);
    EXPECT_TRUE(w.fault);
}

}  // namespace
}  // namespace bbmsim::mmu::testing
