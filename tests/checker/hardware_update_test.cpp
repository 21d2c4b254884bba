// SPDX-License-Identifier: Apache-2.0
// BBM-HW-UPDATE: plain stores that may meet, or have met, what hardware sets in a live leaf.
#include "world.hpp"

namespace bbmsim::mmu {
namespace {

constexpr u64 kHa = u64{1} << 39, kHd = u64{1} << 40, kSoftware = u64{1} << 55;

// Two PEs that reach one map of which page 0 can be updated by hardware.
struct Managed : World {
    explicit Managed(u64 tcr0 = kHa | kHd, u64 tcr1 = kHa | kHd) : World({{0}, {0}}), m(*this) {
        enter(0, context(0, m.l0, 0, tcr0));
        enter(1, context(0, m.l0, 0, tcr1));
    }
    u64 old_page() const { return peek(m.page_desc) & ~kDescAf; }
    u64 clean_page() const { return peek(m.page_desc) | kDescDbm | kDescReadOnly; }
    void store(PeId pe, u64 value, StoreKind kind) { domain.store(pe, PhysAddr(m.page_desc), &value, 8, 0x1000, kind); }
    Outcome access(PeId pe, Access kind) { return mmus[pe]->translate({.va = LinearMap::table_va, .access = kind}); }
    bool load_watched() { return domain.ram.page_flags(PhysAddr(m.page_desc)) & kHwUpdated; }
    LinearMap m;
};

const Ids kFound{"BBM-HW-UPDATE"};

TEST(HardwareUpdate, PlainStoreWhereHardwareMaySetTheAccessFlag) {
    Managed w;
    w.poke(w.m.page_desc, w.old_page());
    w.write(0, w.m.page_desc, w.peek(w.m.page_desc) | kSoftware);
    EXPECT_EQ(w.rules(), kFound);
    EXPECT_EQ(w.holders(), pe_bit(0) | pe_bit(1)) << "the writer's own speculation may set it as well";
    EXPECT_TRUE(w.checker.hazards().empty());
}

TEST(HardwareUpdate, TheSameValueIsAPlainStoreToo) {
    Managed w;
    w.poke(w.m.page_desc, w.old_page());
    w.write(0, w.m.page_desc, w.peek(w.m.page_desc));
    EXPECT_EQ(w.rules(), kFound);
}

TEST(HardwareUpdate, WhatSetsTheFlagLosesNothing) {
    Managed w;
    w.poke(w.m.page_desc, w.old_page());
    w.write(0, w.m.page_desc, w.peek(w.m.page_desc) | kDescAf | kSoftware);
    EXPECT_TRUE(w.silent());
}

TEST(HardwareUpdate, AtomicsAreRight) {
    Managed w;
    w.poke(w.m.page_desc, w.old_page());
    w.store(0, w.peek(w.m.page_desc) | kSoftware, StoreKind::kAtomic);
    EXPECT_TRUE(w.silent());
}

TEST(HardwareUpdate, WithoutHardwareManagementThereIsNoRace) {
    Managed w(0, 0);
    w.poke(w.m.page_desc, w.clean_page() & ~kDescAf);
    w.write(0, w.m.page_desc, w.peek(w.m.page_desc) | kSoftware);
    EXPECT_TRUE(w.silent());
}

TEST(HardwareUpdate, WithoutTheFeatureTheBitsOfTcrMeanNothing) {
    Managed w;
    for (const PeId pe : {PeId{0}, PeId{1}}) {
        w.checker.add_pe(pe, {.hardware_af = false, .hardware_dirty = false});
        w.enter(pe, Context{});
        w.enter(pe, w.context(0, w.m.l0, 0, kHa | kHd));
    }
    w.poke(w.m.page_desc, w.clean_page() & ~kDescAf);
    w.write(0, w.m.page_desc, w.peek(w.m.page_desc) | kSoftware);
    EXPECT_TRUE(w.silent());
}

TEST(HardwareUpdate, APeThatReachesOtherTablesUpdatesNothing) {
    Managed w(0, kHa | kHd);
    w.poke(w.m.page_desc, w.old_page());
    w.enter(1, w.context(0, w.page(), 0, kHa | kHd));
    w.write(0, w.m.page_desc, w.peek(w.m.page_desc) | kSoftware);
    EXPECT_TRUE(w.silent());
}

TEST(HardwareUpdate, InvalidBeforeOrAfterwardsIsNoRace) {
    Managed w;
    const u64 old_page = w.old_page();
    w.poke(w.m.page_desc, old_page);
    w.write(0, w.m.page_desc, 0);
    w.flush(0, LinearMap::table_va);
    w.write(0, w.m.page_desc, old_page | kSoftware);
    EXPECT_TRUE(w.silent());
}

TEST(HardwareUpdate, OnlyTheBytesThatAreWrittenCount) {
    Managed w;
    w.poke(w.m.page_desc, w.old_page());
    const auto upper = static_cast<u32>((w.peek(w.m.page_desc) | kSoftware) >> 32);
    const auto second = static_cast<u8>(w.peek(w.m.page_desc) >> 8);
    w.domain.store(0, PhysAddr(w.m.page_desc + 4), &upper, 4, 0x1000);
    EXPECT_TRUE(w.silent());
    w.domain.store(0, PhysAddr(w.m.page_desc + 1), &second, 1, 0x1000);
    EXPECT_EQ(w.rules(), kFound);
}

TEST(HardwareUpdate, TheDirtyStateIsSetByOtherPesOnly) {
    Managed alone(kHa | kHd, kHa), other(kHa, kHa | kHd);
    for (Managed* w : {&alone, &other}) {
        w->poke(w->m.page_desc, w->clean_page());
        w->write(0, w->m.page_desc, (w->peek(w->m.page_desc) & ~kDescDbm) | kDescReadOnly);  // write-protected
    }
    EXPECT_TRUE(alone.silent());
    EXPECT_EQ(other.rules(), kFound);
    EXPECT_EQ(other.holders(), pe_bit(1));
}

TEST(HardwareUpdate, DirtyAlreadyOrNeverToBe) {
    Managed w;
    w.poke(w.m.page_desc, w.peek(w.m.page_desc) | kDescDbm);  // writable-dirty
    w.write(0, w.m.page_desc, (w.peek(w.m.page_desc) & ~kDescDbm) | kDescReadOnly);
    w.write(0, w.m.page_desc, w.peek(w.m.page_desc) | kSoftware);  // DBM=0
    EXPECT_TRUE(w.silent());
}

TEST(HardwareUpdate, WhatNobodyReadIsLostForCertain) {
    Managed w;
    w.poke(w.m.page_desc, w.clean_page());
    ASSERT_FALSE(w.access(1, Access::kWrite).fault);
    const u64 dirty = w.peek(w.m.page_desc);
    ASSERT_FALSE(dirty & kDescReadOnly);
    EXPECT_TRUE(w.load_watched());
    w.write(0, w.m.page_desc, (dirty & ~kDescDbm) | kDescReadOnly);
    ASSERT_EQ(w.rules(), kFound);
    EXPECT_EQ(w.holders(), pe_bit(1));
    ASSERT_EQ(w.checker.hazards().size(), 1u);
    const Hazard& h = w.checker.hazards()[0];
    EXPECT_EQ(h.kind, HazardKind::kLostUpdate);
    EXPECT_EQ(h.pe, 0);
    EXPECT_EQ(h.entry_value, dirty);
    EXPECT_EQ(h.violation, 0);
    EXPECT_NE(h.text.find("lost the dirty state that core 1 had set"), std::string::npos) << h.text;
    EXPECT_FALSE(w.load_watched()) << "it is known no longer, and the page is fast again";
}

TEST(HardwareUpdate, WhoHasReadItMayTakeItBack) {
    Managed w;
    w.poke(w.m.page_desc, w.old_page());
    ASSERT_FALSE(w.access(1, Access::kRead).fault);
    ASSERT_TRUE(w.peek(w.m.page_desc) & kDescAf);
    EXPECT_TRUE(w.load_watched());
    w.domain.loaded(PhysAddr(w.m.page_desc + 8), 8);
    EXPECT_TRUE(w.load_watched()) << "another descriptor";
    w.domain.loaded(PhysAddr(w.m.page_desc), 8);
    EXPECT_FALSE(w.load_watched());
    w.write(0, w.m.page_desc, w.peek(w.m.page_desc) & ~kDescAf);  // ageing
    ASSERT_FALSE(w.access(1, Access::kRead).fault);               // its TLB still has it: no hazard
    EXPECT_TRUE(w.silent());
}

TEST(HardwareUpdate, HardwareLosesNothingOfHardware) {
    Managed w;
    w.poke(w.m.page_desc, w.clean_page() & ~kDescAf);
    ASSERT_FALSE(w.access(0, Access::kRead).fault);
    ASSERT_FALSE(w.access(1, Access::kWrite).fault);
    EXPECT_EQ(w.peek(w.m.page_desc) & (kDescAf | kDescReadOnly), kDescAf);
    w.write(0, w.m.page_desc, w.old_page() | kDescReadOnly);
    ASSERT_EQ(w.checker.hazards().size(), 1u);
    EXPECT_NE(w.checker.hazards()[0].text.find("the Access flag and the dirty state"), std::string::npos);
}

struct Monitors final : StoreListener {
    void code_written(PhysAddr, u64) override {}
    void monitored_written(PeId writer, PhysAddr, u64) override { writers.push_back(writer); }
    std::vector<PeId> writers;
};

TEST(HardwareUpdate, AWalkIsAnotherObserverThanItsPesStores) {
    Managed w;
    Monitors monitors;
    w.poke(w.m.page_desc, w.old_page());
    w.domain.listener = &monitors;
    w.domain.flag_page(PhysAddr(w.m.page_desc), kMonitored);
    ASSERT_FALSE(w.access(0, Access::kRead).fault);
    w.store(0, w.peek(w.m.page_desc), StoreKind::kAtomic);
    EXPECT_EQ(monitors.writers, (std::vector<PeId>{kNoPe, 0})) << "its own monitor, too, is cleared by its walk";
}

TEST(HardwareUpdate, APageThatIsNoTableAnyMoreIsForgotten) {
    Managed w;
    w.poke(w.m.page_desc, w.old_page());
    ASSERT_FALSE(w.access(1, Access::kRead).fault);
    w.write(0, w.m.table_desc, 0);
    w.flush(0, LinearMap::table_va);
    w.checker.finish(0);
    EXPECT_FALSE(w.load_watched());
    EXPECT_TRUE(w.silent());
}

}  // namespace
}  // namespace bbmsim::mmu
