// SPDX-License-Identifier: Apache-2.0
// Who may do what: AP, XN, hierarchical controls, WXN, PAN, in every combination.
#include "tests/mmu/machine.hpp"

#include <gtest/gtest.h>

namespace bbmsim::mmu::testing {
namespace {

constexpr u64 kVa = 0x40'0000;

class Permission : public ::testing::Test {
protected:
    Machine m;
    // True if the access is permitted with these leaf bits and table bits.
    bool allowed(u64 leaf, u64 table_bits, Access a, bool privileged, bool pan = false, u64 sctlr = 0,
                 u64 tcr_extra = 0) {
        const u64 root = m.table();
        m.map(root, kVa, 3, kBase | bits::kPage | bits::attr(kNormal) | leaf, Granule::k4K, 48, table_bits);
        Context c = context(root, 0, Granule::k4K, tcr_extra);
        c.sctlr |= sctlr;
        m.mmu().invalidate_all();
        m.mmu().set_context(c);
        const Outcome out = m.mmu().translate(access(kVa, a, privileged, pan));
        const Outcome again = m.mmu().translate(access(kVa, a, privileged, pan));  // from the TLB
        EXPECT_EQ(out.fault.type, again.fault.type);
        EXPECT_TRUE(!out.fault || (out.fault.type == FaultType::kPermission && out.fault.level == 3));
        return !out.fault;
    }
};

TEST_F(Permission, DataAccessFollowsApAndApTable) {
    for (const bool el0_bit : {false, true})
        for (const bool ro_bit : {false, true})
            for (const bool no_el0_table : {false, true})
                for (const bool ro_table : {false, true}) {
                    const u64 leaf = (el0_bit ? bits::kEl0 : 0) | (ro_bit ? bits::kRo : 0);
                    const u64 table = (no_el0_table ? bits::kNoEl0Table : 0) | (ro_table ? bits::kRoTable : 0);
                    const bool el0 = el0_bit && !no_el0_table, rw = !ro_bit && !ro_table;
                    EXPECT_TRUE(allowed(leaf, table, Access::kRead, true));
                    EXPECT_EQ(allowed(leaf, table, Access::kWrite, true), rw);
                    EXPECT_EQ(allowed(leaf, table, Access::kRead, false), el0);
                    EXPECT_EQ(allowed(leaf, table, Access::kWrite, false), el0 && rw);
                    // PAN stops privileged data accesses to whatever EL0 can reach, and nothing else.
                    EXPECT_EQ(allowed(leaf, table, Access::kRead, true, true), !el0);
                    EXPECT_EQ(allowed(leaf, table, Access::kWrite, true, true), rw && !el0);
                    EXPECT_EQ(allowed(leaf, table, Access::kRead, false, true), el0);
                    // HPD0 makes the table bits nothing.
                    EXPECT_EQ(allowed(leaf, table, Access::kWrite, false, false, 0, tcr::kHpd0), el0_bit && !ro_bit);
                    EXPECT_EQ(allowed(leaf, table, Access::kWrite, false, false, 0, tcr::kHpd1), el0 && rw);
                }
}

TEST_F(Permission, FetchesFollowXnWxnAndWritabilityAtEl0) {
    for (unsigned n = 0; n < 64; ++n) {
        const bool pxn = n & 1, uxn = n & 2, el0 = n & 4, ro = n & 8, pxn_table = n & 16, uxn_table = n & 32;
        const u64 leaf =
            (pxn ? bits::kPxn : 0) | (uxn ? bits::kUxn : 0) | (el0 ? bits::kEl0 : 0) | (ro ? bits::kRo : 0);
        const u64 table = (pxn_table ? bits::kPxnTable : 0) | (uxn_table ? bits::kUxnTable : 0);
        const bool exec_el1 = !pxn && !pxn_table && !(el0 && !ro);
        const bool exec_el0 = !uxn && !uxn_table;
        EXPECT_EQ(allowed(leaf, table, Access::kFetch, true), exec_el1) << n;
        EXPECT_EQ(allowed(leaf, table, Access::kFetch, false), exec_el0) << n;
        EXPECT_EQ(allowed(leaf, table, Access::kFetch, true, true), exec_el1) << n;  // PAN is for data
        EXPECT_EQ(allowed(leaf, table, Access::kFetch, true, false, kSctlrWxn), exec_el1 && ro) << n;
        EXPECT_EQ(allowed(leaf, table, Access::kFetch, false, false, kSctlrWxn), exec_el0 && !(el0 && !ro)) << n;
        EXPECT_EQ(allowed(leaf, table, Access::kFetch, true, false, 0, tcr::kHpd0), !pxn && !(el0 && !ro)) << n;
    }
}

TEST_F(Permission, ARestrictionInTheWalkCacheHoldsForLaterPages) {
    const u64 root = m.table();
    m.map(root, kVa, 3, kBase | bits::kPage | bits::attr(kNormal), Granule::k4K, 48, bits::kRoTable);
    m.map(root, kVa + 0x1000, 3, kBase | bits::kPage | bits::attr(kNormal));
    m.mmu().set_context(context(root));
    m.mmu().translate(read(kVa));
    EXPECT_EQ(m.mmu().translate(write(kVa + 0x1000)).fault.type, FaultType::kPermission);
    EXPECT_EQ(m.mmu().stats.walk_cache_hits, 1u);
}

TEST_F(Permission, GuardedPagesAreReported) {
    const u64 root = m.table();
    m.map(root, kVa, 3, kBase | bits::kPage | bits::kGp | bits::attr(kNormal));
    m.mmu().set_context(context(root));
    EXPECT_TRUE(m.mmu().translate(fetch(kVa)).entry->perms.guarded);
}

TEST_F(Permission, AttributesComeFromMairAndOnlyNormalMemoryIsFilterable) {
    const u64 root = m.table();
    for (unsigned i = 0; i < 8; ++i) m.map(root, kVa + 0x1000 * i, 3, kBase | bits::kPage | bits::attr(i));
    m.mmu().set_context(context(root));
    const MemType expected[] = {MemType::kDeviceNGnRnE, MemType::kDeviceNGnRE, MemType::kDeviceGRE,
                                MemType::kNormal,       MemType::kNormal,      MemType::kNormal,
                                MemType::kNormalTagged, MemType::kDeviceNGRE};
    for (unsigned i = 0; i < 8; ++i) {
        const Outcome out = m.mmu().translate(read(kVa + 0x1000 * i));
        EXPECT_EQ(out.attr.type, expected[i]) << i;
        EXPECT_EQ(out.filterable, !out.attr.is_device()) << i;
        const bool outer = out.attr.is_device() || i == 3;  // Device and Non-cacheable are Outer Shareable
        EXPECT_EQ(out.attr.share, outer ? Shareability::kOuter : Shareability::kInner) << i;
    }
}

}  // namespace
}  // namespace bbmsim::mmu::testing
