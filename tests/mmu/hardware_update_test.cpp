// SPDX-License-Identifier: Apache-2.0
// FEAT_HAFDBS: access flag and dirty state by hardware.
#include "tests/mmu/machine.hpp"

#include <gtest/gtest.h>

namespace bbmsim::mmu::testing {
namespace {

constexpr u64 kVa = 0x1000;

class HardwareUpdate : public ::testing::Test {
protected:
    Machine m{MmuConfig{}, 2};
    u64 root = m.table();
    u64 desc = m.map(root, kVa, 3, kBase | (bits::kPage & ~bits::kAf) | bits::kRo | bits::kDbm | bits::attr(kNormal));
    void on(u64 tcr_extra) {
        for (auto& mmu : m.mmus) mmu->set_context(context(root, 0, Granule::k4K, tcr_extra));
    }
};

TEST_F(HardwareUpdate, ReadingSetsTheAccessFlagAndTheOriginHasTheNewValue) {
    on(tcr::kHa);
    const Outcome out = m.mmu().translate(read(kVa));
    EXPECT_FALSE(out.fault);
    EXPECT_TRUE(m.get(desc) & bits::kAf);
    EXPECT_EQ(out.entry->origin.desc_value[3], m.get(desc));
    EXPECT_FALSE(out.entry->stale);
    EXPECT_EQ(m.mmu().stats.hw_af_updates, 1u);
}

TEST_F(HardwareUpdate, WritingACleanPageSetsDirtyOnce) {
    on(tcr::kHa | tcr::kHd);
    EXPECT_FALSE(m.mmu().translate(read(kVa)).writable);
    const Outcome out = m.mmu().translate(write(kVa));
    EXPECT_FALSE(out.fault);
    EXPECT_TRUE(out.writable);
    EXPECT_FALSE(m.get(desc) & bits::kRo);
    EXPECT_GT(out.cycles, 0u);  // the update takes a walk
    EXPECT_EQ(m.mmu().translate(write(kVa)).cycles, 0u);
    EXPECT_EQ(m.mmu().stats.hw_dirty_updates, 1u);
    EXPECT_EQ(m.mmu().stats.conflicts, 0u);
}

TEST_F(HardwareUpdate, AnotherPesCleanEntryStaysUsableAndIsNotStale) {
    on(tcr::kHa | tcr::kHd);
    m.mmu(1).translate(read(kVa));
    m.mmu(0).translate(write(kVa));
    const Outcome out = m.mmu(1).translate(read(kVa));
    EXPECT_FALSE(out.entry->stale);
    EXPECT_EQ(out.entry->origin.desc_value[3], m.get(desc));
    EXPECT_FALSE(m.mmu(1).translate(write(kVa)).fault);
    EXPECT_EQ(m.mmu(1).stats.hw_dirty_updates, 0u);  // memory said dirty already
}

TEST_F(HardwareUpdate, WithoutHdTheModifierGivesNoWrite) {
    on(tcr::kHa);
    EXPECT_EQ(m.mmu().translate(write(kVa)).fault.type, FaultType::kPermission);
    EXPECT_FALSE(m.get(desc) & bits::kAf);  // nor an access flag for an access that failed
}

TEST_F(HardwareUpdate, ACoreWithoutTheFeatureIgnoresTcr) {
    MmuConfig config;
    config.hafdbs_af = config.hafdbs_dirty = false;
    Machine plain(config);
    const u64 table = plain.table();
    plain.map(table, kVa, 3, kBase | (bits::kPage & ~bits::kAf));
    plain.mmu().set_context(context(table, 0, Granule::k4K, tcr::kHa | tcr::kHd));
    EXPECT_EQ(plain.mmu().translate(read(kVa)).fault.type, FaultType::kAccessFlag);
}

TEST_F(HardwareUpdate, AHierarchicalReadOnlyTableWinsOverTheModifier) {
    const u64 other = m.table();
    m.map(other, kVa, 3, kBase | bits::kPage | bits::kRo | bits::kDbm, Granule::k4K, 48, bits::kRoTable);
    m.mmu().set_context(context(other, 0, Granule::k4K, tcr::kHa | tcr::kHd));
    EXPECT_EQ(m.mmu().translate(write(kVa)).fault.type, FaultType::kPermission);
}

TEST_F(HardwareUpdate, CacheMaintenanceNeverMakesDirty) {
    on(tcr::kHa | tcr::kHd);
    Request q = write(kVa);
    q.maintenance = true;
    EXPECT_FALSE(m.mmu().translate(q).fault);
    EXPECT_TRUE(m.get(desc) & bits::kRo);
}

}  // namespace
}  // namespace bbmsim::mmu::testing
