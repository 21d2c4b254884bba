// SPDX-License-Identifier: Apache-2.0
// Every EL1 stage 1 row of the TLBI table (D8.17.5): what must go, and what stays under minimal invalidation.
#include "tests/mmu/machine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace bbmsim::mmu::testing {
namespace {

constexpr u64 kVa = 0x1000'0000, kOther = 0x9000'0000;  // under different level 1 entries
constexpr u16 kA = 0x11, kB = 0x22;

class TlbiRows : public ::testing::Test {
protected:
    MmuConfig config;
    std::unique_ptr<Machine> m;

    // Holds, for ASIDs A and B: a non-global page at kVa, a global page at kVa + 0x1000 (filled by A), a non-global
    // page at kOther, and with them the tables of each.
    void build() {
        config.walk_cache = {64, 64, Policy::kLru, 0, 48};
        m = std::make_unique<Machine>(config);
        const u64 root = m->table();
        m->map(root, kVa, 3, kBase | bits::kPage | bits::kNg | bits::attr(kNormal));
        m->map(root, kVa + 0x1000, 3, kBase | bits::kPage | bits::attr(kNormal));
        m->map(root, kOther, 3, kBase | bits::kPage | bits::kNg | bits::attr(kNormal));
        for (const u16 asid : {kA, kB}) {
            m->mmu().set_context(context(root | u64{asid} << 48, 0, Granule::k4K, tcr::kAs));
            m->mmu().translate(read(kVa));
            m->mmu().translate(read(kVa + 0x1000));
            m->mmu().translate(read(kOther));
        }
    }
    // What is left in L2 and the walk cache, by name.
    std::set<std::string> left() {
        std::set<std::string> names;
        const auto where = [](const TlbEntry& e) {
            return e.level == 0                                                           ? "both"
                   : (e.va_base & ~((u64{1} << 30) - 1)) == (kVa & ~((u64{1} << 30) - 1)) ? "va"
                                                                                          : "other";
        };
        for (const TlbEntry& e : m->mmu().entries(Structure::kL2))
            names.insert(e.global ? "global" : std::string(e.asid == kA ? "A " : "B ") + where(e) + " page");
        for (const TlbEntry& e : m->mmu().entries(Structure::kWalkCache))
            names.insert(std::string(e.asid == kA ? "A " : "B ") + where(e) + " table" + std::to_string(e.level));
        // L1 holds what L2 holds.
        EXPECT_EQ(m->mmu().entries(Structure::kL1D).size(), m->mmu().entries(Structure::kL2).size());
        return names;
    }
    std::set<std::string> removed_by(u8 op2, u64 operand, u8 crm = 7) {
        build();
        const auto before = left();
        EXPECT_EQ(before.size(), 15u);
        m->mmu().invalidate(*decode_tlbi(0, 8, crm, op2, operand));
        const auto after = left();
        std::set<std::string> gone;
        std::set_difference(before.begin(), before.end(), after.begin(), after.end(), std::inserter(gone, gone.end()));
        return gone;
    }
    static u64 va_operand(u64 va, u16 asid = 0, u64 ttl = 0) {
        return u64{asid} << 48 | ttl << 44 | ((va >> 12) & ((u64{1} << 44) - 1));
    }
    using Names = std::set<std::string>;
    static constexpr u8 kVaOp = 1, kAsidOp = 2, kVaaOp = 3, kValOp = 5, kVaalOp = 7, kVmallOp = 0;
};

class MinimalTlbi : public TlbiRows {
protected:
    void SetUp() override { config.invalidation = InvalidationPolicy::kMinimal; }
};

TEST_F(MinimalTlbi, VaRemovesThatAsidsEntriesOfEveryLevel) {
    EXPECT_EQ(removed_by(kVaOp, va_operand(kVa, kA)),
              (Names{"A va page", "A both table0", "A va table1", "A va table2"}));
}
TEST_F(MinimalTlbi, VaRemovesGlobalFinalEntriesUnderAnyAsid) {
    EXPECT_EQ(removed_by(kVaOp, va_operand(kVa + 0x1000, kB)),
              (Names{"global", "B both table0", "B va table1", "B va table2"}));
}
TEST_F(MinimalTlbi, ValRemovesTheFinalLevelOnly) {
    EXPECT_EQ(removed_by(kValOp, va_operand(kVa, kA)), Names{"A va page"});
    EXPECT_EQ(removed_by(kValOp, va_operand(kVa + 0x1000, kB)), Names{"global"});
}
TEST_F(MinimalTlbi, VaaRemovesAnyAsidsEntriesOfEveryLevel) {
    EXPECT_EQ(removed_by(kVaaOp, va_operand(kVa)),
              (Names{"A va page", "B va page", "A both table0", "A va table1", "A va table2", "B both table0",
                     "B va table1", "B va table2"}));
}
TEST_F(MinimalTlbi, VaalRemovesAnyAsidsFinalLevel) {
    EXPECT_EQ(removed_by(kVaalOp, va_operand(kVa)), (Names{"A va page", "B va page"}));
    EXPECT_EQ(removed_by(kVaalOp, va_operand(kVa + 0x1000)), Names{"global"});
}
TEST_F(MinimalTlbi, AsidRemovesItsTablesAndItsNonGlobalPages) {
    EXPECT_EQ(removed_by(kAsidOp, u64{kB} << 48), (Names{"B va page", "B other page", "B both table0", "B va table1",
                                                         "B va table2", "B other table1", "B other table2"}));
}
TEST_F(MinimalTlbi, VmallRemovesEverything) { EXPECT_EQ(removed_by(kVmallOp, 0).size(), 15u); }

TEST_F(MinimalTlbi, AWrongAsidRemovesNothingNonGlobal) {
    EXPECT_EQ(removed_by(kVaOp, va_operand(kVa, 0x33)), Names{});
    EXPECT_EQ(removed_by(kAsidOp, u64{0x33} << 48), Names{});
}
TEST_F(MinimalTlbi, AnotherAddressRemovesNothingFinal) {
    EXPECT_EQ(removed_by(kVaalOp, va_operand(kVa + 0x2000)), Names{});
}
TEST_F(MinimalTlbi, TheUpperAsidBitsDontCountOnAnEightBitMachine) {
    config.asid_bits = 8;
    EXPECT_EQ(removed_by(kValOp, va_operand(kVa, 0x4400 | kA)), Names{"A va page"});
}
TEST_F(MinimalTlbi, ACorrectTtlRemovesThePageAndTheTablesAbove) {
    EXPECT_EQ(removed_by(kVaOp, va_operand(kVa, kA, 0b0111)),
              (Names{"A va page", "A both table0", "A va table1", "A va table2"}));
}
TEST_F(MinimalTlbi, AWrongTtlLevelOrGranuleKeepsThePage) {
    EXPECT_EQ(removed_by(kVaalOp, va_operand(kVa, 0, 0b0110)), Names{});    // level 2
    EXPECT_EQ(removed_by(kVaalOp, va_operand(kVa, 0, 0b1011)), Names{});    // 16K
    EXPECT_EQ(removed_by(kVaalOp, va_operand(kVa, 0, 0b0100)).size(), 2u);  // level 0: reserved, no hint
    EXPECT_EQ(removed_by(kVaalOp, va_operand(kVa, 0, 0b0011)).size(), 2u);  // TG 0: no hint
}
TEST_F(MinimalTlbi, TheOperandsOfAllScopesAreTheSame) {
    for (const u8 crm : {1, 3, 7}) EXPECT_EQ(removed_by(kValOp, va_operand(kVa, kA), crm), Names{"A va page"});
}

class TypicalTlbi : public TlbiRows {};

TEST_F(TypicalTlbi, LastLevelFormsDropTheWalkCacheOfTheAddressToo) {
    EXPECT_EQ(removed_by(kValOp, va_operand(kVa, kA)),
              (Names{"A va page", "A both table0", "A va table1", "A va table2"}));
    EXPECT_EQ(removed_by(kVaalOp, va_operand(kVa)).size(), 8u);
}
TEST_F(TypicalTlbi, AWrongTtlNarrowsNothing) { EXPECT_EQ(removed_by(kVaalOp, va_operand(kVa, 0, 0b0110)).size(), 8u); }
TEST_F(TypicalTlbi, EveryTlbiEmptiesL1WhereTheCoreDoesThat) {
    config.tlbi_empties_l1 = true;
    build();
    m->mmu().invalidate(*decode_tlbi(0, 8, 7, kVaalOp, va_operand(0x7000'0000)));
    EXPECT_TRUE(m->mmu().entries(Structure::kL1D).empty());
    EXPECT_EQ(m->mmu().entries(Structure::kL2).size(), 5u);
}
TEST_F(TypicalTlbi, RemovedEntriesLeaveTheFilter) {
    build();
    const Outcome out = m->mmu().translate(read(kVa));
    const u32 gen = out.entry->gen;
    m->mmu().invalidate(*decode_tlbi(0, 8, 7, kVaalOp, va_operand(kVa)));
    EXPECT_NE(out.entry->gen, gen);
}

TEST(TlbiGranules, LowAddressBitsDontCountInLargerGranules) {
    for (const Granule g : {Granule::k16K, Granule::k64K}) {
        MmuConfig config;
        config.invalidation = InvalidationPolicy::kMinimal;
        Machine m(config);
        const u64 root = m.table(g);
        const u64 page = u64{1} << granule_shift(g);
        m.map(root, 0x40'0000, 3, 0x4010'0000 | bits::kPage | bits::attr(kNormal), g);
        m.map(root, 0x40'0000 + page, 3, 0x4010'0000 | bits::kPage | bits::attr(kNormal), g);
        m.mmu().set_context(context(root, 0, g));
        m.mmu().translate(read(0x40'0000));
        m.mmu().translate(read(0x40'0000 + page));
        m.mmu().invalidate(*decode_tlbi(0, 8, 7, 7, (0x40'0000 + page - 0x1000) >> 12));
        ASSERT_EQ(m.mmu().entries(Structure::kL2).size(), 1u);
        EXPECT_EQ(m.mmu().entries(Structure::kL2)[0].va_base, 0x40'0000 + page);
    }
}

TEST(TlbiGranules, KernelAddressesAreSignExtended) {
    Machine m;
    const u64 root = m.table(), va = 0xffff'8000'1234'5000;
    m.map(root, va, 3, kBase | bits::kPage | bits::attr(kNormal));
    m.mmu().set_context(context(0, root));
    m.mmu().translate(read(va));
    m.mmu().invalidate(*decode_tlbi(0, 8, 7, 7, (va >> 12) & ((u64{1} << 44) - 1)));
    EXPECT_TRUE(m.mmu().entries(Structure::kL2).empty());
}

TEST(TlbiDecoding, EveryEl1EncodingHasItsMnemonicAndTheRestHasNone) {
    EXPECT_EQ(decode_tlbi(0, 8, 3, 7, 0)->mnemonic(), "vaale1is");
    EXPECT_EQ(decode_tlbi(0, 8, 7, 0, 0)->mnemonic(), "vmalle1");
    EXPECT_EQ(decode_tlbi(0, 8, 1, 2, 0)->mnemonic(), "aside1os");
    EXPECT_EQ(decode_tlbi(0, 9, 5, 1, 0)->mnemonic(), "rvae1osnxs");
    EXPECT_EQ(decode_tlbi(0, 8, 2, 5, 0)->mnemonic(), "rvale1is");
    EXPECT_EQ(decode_tlbi(0, 8, 6, 3, 0)->mnemonic(), "rvaae1");
    std::set<std::string> all;
    unsigned known = 0;
    for (u8 crn = 8; crn < 10; ++crn)
        for (u8 crm = 0; crm < 16; ++crm)
            for (u8 op2 = 0; op2 < 8; ++op2)
                if (const auto op = decode_tlbi(0, crn, crm, op2, 0)) all.insert(op->mnemonic()), ++known;
    EXPECT_EQ(known, 2u * (3 * 6 + 3 * 4));
    EXPECT_EQ(all.size(), known);
    EXPECT_FALSE(decode_tlbi(0, 8, 6, 0, 0));  // no range form of VMALL
    EXPECT_FALSE(decode_tlbi(4, 8, 7, 1, 0));  // EL2
}

}  // namespace
}  // namespace bbmsim::mmu::testing
