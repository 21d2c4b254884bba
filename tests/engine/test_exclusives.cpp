// SPDX-License-Identifier: Apache-2.0
// Exclusives monitors and events between PEs, barriers and TLBI as the checker sees them.
#include "tests/engine/machine.hpp"

#include <gtest/gtest.h>

namespace bbmsim::cpu::test {
namespace {

struct TwoPes : testing::Test {
    Machine m{{.pes = 2}};
    Pe& a = *m.pe[0];
    Pe& b = *m.pe[1];
    void SetUp() override {
        m.build_identity();
        m.load_stop_vectors();
    }
    void load(unsigned pe, const std::string& program) {
        const u64 at = kCode + 0x1000 * pe;
        m.load(at, "mov x0, #0x40200000; " + program);
        m.reset(pe, at);
        m.pe[pe]->sys.vbar = kVectors;
        m.enable_mmu(pe);
    }
};

TEST_F(TwoPes, StoreExclusiveSucceedsOnceAndClosesTheMonitor) {
    load(0, "ldxr x1, [x0]; mov x2, #7; stxr w3, x2, [x0]; stxr w4, x2, [x0]; hvc #99");
    ASSERT_EQ(m.run(0), Exit::kOff);
    EXPECT_EQ(a.r[3], 0u);
    EXPECT_EQ(a.r[4], 1u);
    EXPECT_EQ(m.read64(kData), 7u);
}

TEST_F(TwoPes, OwnPlainStoreKeepsTheMonitorAndClrexClosesIt) {
    load(0, "ldxr x1, [x0]; str x1, [x0, #8]; stxr w3, x1, [x0]; ldxr x1, [x0]; clrex; stxr w4, x1, [x0]; hvc #99");
    ASSERT_EQ(m.run(0), Exit::kOff);
    EXPECT_EQ(a.r[3], 0u);
    EXPECT_EQ(a.r[4], 1u);
}

TEST_F(TwoPes, StoreByAnotherPeClearsTheMonitorAndWakesWfe) {
    load(0, "ldxr x1, [x0]; wfe; stxr w3, x1, [x0]; hvc #99");
    load(1, "mov x1, #5; str x1, [x0, #32]; hvc #99");
    ASSERT_EQ(m.run(0), Exit::kWfe);
    EXPECT_FALSE(a.event_register);
    ASSERT_EQ(m.run(1), Exit::kOff);
    EXPECT_TRUE(a.event_register);
    EXPECT_EQ(m.platform->events, 1u);
    EXPECT_FALSE(m.platform->unsynced_call);
    ASSERT_EQ(m.run(0), Exit::kOff);
    EXPECT_EQ(a.r[3], 1u);
}

TEST_F(TwoPes, PagesAreMonitoredOnlyAsLongAsAMonitorIsOpen) {
    load(0, "ldxr x1, [x0]; wfe; stxr w3, x1, [x0]; str x1, [x0]; hvc #99");
    ASSERT_EQ(m.run(0), Exit::kWfe);
    EXPECT_TRUE(m.ram.page_flags(PhysAddr(kData)) & kMonitored);
    a.event_register = true;
    ASSERT_EQ(m.run(0), Exit::kOff);
    EXPECT_FALSE(m.ram.page_flags(PhysAddr(kData)) & kMonitored);
}

TEST_F(TwoPes, StoreToAnotherGranuleLeavesTheMonitorAlone) {
    load(0, "ldxr x1, [x0]; wfe; stxr w3, x1, [x0]; hvc #99");
    load(1, "mov x1, #5; str x1, [x0, #64]; hvc #99");
    ASSERT_EQ(m.run(0), Exit::kWfe);
    ASSERT_EQ(m.run(1), Exit::kOff);
    EXPECT_EQ(m.platform->events, 0u);
    ASSERT_EQ(m.run(0), Exit::kOff);
    EXPECT_EQ(a.r[3], 0u);
}

TEST_F(TwoPes, EveryKindOfStoreClearsIt) {
    for (const char* store :
         {"str xzr, [x0]", "stp xzr, xzr, [x0]", "dc zva, x0", "ldadd x1, x2, [x0]", "stlr x1, [x0]",
          "swp x1, x2, [x0]", "1: ldxr x1, [x0]; stxr w2, x1, [x0]; cbnz w2, 1b"}) {
        load(0, "ldxr x1, [x0]; wfe; stxr w3, x1, [x0]; hvc #99");
        load(1, std::string(store) + "; hvc #99");
        ASSERT_EQ(m.run(0), Exit::kWfe);
        ASSERT_EQ(m.run(1), Exit::kOff);
        a.event_register = false;
        ASSERT_EQ(m.run(0), Exit::kOff);
        EXPECT_EQ(a.r[3], 1u) << store;
    }
}

TEST_F(TwoPes, FailedCompareAndSwapDoesNotClearIt) {
    load(0, "ldxr x1, [x0]; wfe; stxr w3, x1, [x0]; hvc #99");
    load(1, "mov x1, #1; mov x2, #2; cas x1, x2, [x0]; hvc #99");
    ASSERT_EQ(m.run(0), Exit::kWfe);
    ASSERT_EQ(m.run(1), Exit::kOff);
    ASSERT_EQ(m.run(0), Exit::kOff);
    EXPECT_EQ(a.r[3], 0u);
}

TEST_F(TwoPes, ExceptionReturnClosesTheMonitor) {
    load(0,
         "adr x9, 1f; msr elr_el1, x9; mov x9, #0x3c5; msr spsr_el1, x9; ldxr x1, [x0]; eret; 1: stxr w3, x1, [x0]; "
         "hvc #99");
    ASSERT_EQ(m.run(0), Exit::kOff);
    EXPECT_EQ(a.r[3], 1u);
}

TEST_F(TwoPes, CountersMeetFromBothSides) {
    const char* loop =
        "mov x5, #1000; 1: ldxr x1, [x0]; add x1, x1, #1; stxr w2, x1, [x0]; cbnz w2, 1b; subs x5, x5, #1; b.ne 1b; "
        "hvc #99";
    load(0, loop);
    load(1, loop);
    m.write64(kData, 0);
    // Take turns of a few cycles, so that monitors are lost in the middle.
    bool done[2] = {};
    for (unsigned turn = 0; turn < 200'000 && !(done[0] && done[1]); ++turn) {
        const unsigned pe = turn & 1;
        if (!done[pe]) done[pe] = m.run(pe, 3 + turn % 7) == Exit::kOff;
    }
    ASSERT_TRUE(done[0] && done[1]);
    EXPECT_EQ(m.read64(kData), 2000u);
}

TEST_F(TwoPes, MisalignedExclusiveFaults) {
    load(0, "add x0, x0, #4; ldxr x1, [x0]");
    ASSERT_EQ(m.run(0), Exit::kOff);
    EXPECT_EQ(a.r[20] & 0x7f, 0x21u);
}

TEST_F(TwoPes, SevlMakesTheNextWfePass) {
    load(0, "sevl; wfe; wfe; hvc #99");
    ASSERT_EQ(m.run(0), Exit::kWfe);
    EXPECT_EQ(a.pc, kCode + 16);
    load(1, "sev; hvc #99");
    ASSERT_EQ(m.run(1), Exit::kOff);
    EXPECT_TRUE(a.event_register);
}

TEST_F(TwoPes, WfiReturnsWhenAnInterruptIsPendingEvenMasked) {
    load(0, "wfi; mov x1, #1; wfi; hvc #99");
    ASSERT_EQ(m.run(0), Exit::kWfi);
    a.irq_line = a.attention = true;
    ASSERT_EQ(m.run(0), Exit::kOff);
    EXPECT_EQ(a.r[1], 1u);
    EXPECT_EQ(a.interrupts, 0u);
}

TEST_F(TwoPes, DsbWaitsForBroadcastTlbisAndOnlyIfItsDomainAndTypeDemandIt) {
    m.platform->deliver_tlbis = false;
    load(0, "tlbi vmalle1is; dsb nsh; dsb ishst; mov x1, #1; dsb ish; hvc #99");
    unsigned waits = 0;
    Exit why;
    while ((why = m.engine[0]->run(a.cycles + 100'000)) != Exit::kOff) {
        ASSERT_TRUE(why == Exit::kSync || why == Exit::kWaitDvm);
        if (why == Exit::kWaitDvm) {
            ++waits;
            EXPECT_EQ(a.r[1], 1u);
            a.dvm_outstanding = 0;
        }
        a.synced = true;
    }
    EXPECT_EQ(waits, 1u);
    EXPECT_EQ(a.dsb_count, 3u);
    EXPECT_EQ(m.platform->broadcasts, 1u);
    EXPECT_EQ(a.tlbi_count[1 * 12 + 5], 1u);  // inner, plain, VMALL
    EXPECT_FALSE(m.platform->unsynced_call);
}

TEST_F(TwoPes, TranslationRegistersTakeEffectAtTheIsb) {
    // A second set of tables in which kData maps elsewhere: visible behind the ISB, not before it.
    load(0, "ldr x1, [x0]; msr ttbr0_el1, x9; ldr x2, [x0, #0]; isb; ldr x3, [x0]; hvc #99");
    m.write64(kData, 11);
    m.write64(kData + 0x1000, 22);
    const u64 old_root = kTables;
    const u64 root = kRamBase + 0x18'0000;
    // Copy the root and everything under it down to the level 3 table of kData.
    auto copy = [&](u64 from, u64 to) {
        for (u64 i = 0; i < kPageBytes; i += 8) m.write64(to + i, m.read64(from + i));
    };
    u64 table = old_root, fresh = root;
    copy(table, fresh);
    for (unsigned level = 0; level < 3; ++level) {
        const u64 index = (kData >> (39 - 9 * level)) & 511;
        table = m.read64(table + 8 * index) & 0xffff'ffff'f000;
        copy(table, fresh + 0x1000);
        m.write64(fresh + 8 * index, (fresh + 0x1000) | 3);
        fresh += 0x1000;
    }
    m.write64(fresh + 8 * ((kData >> 12) & 511), (kData + 0x1000) | kKernelPage | kNotGlobal | 3);
    a.r[9] = root | (u64{1} << 48);
    m.write64(m.descriptor_pa(kData), kData | kKernelPage | kNotGlobal | 3);
    ASSERT_EQ(m.run(0), Exit::kOff);
    EXPECT_EQ(a.r[1], 11u);
    EXPECT_EQ(a.r[2], 11u);
    EXPECT_EQ(a.r[3], 22u);
}

TEST_F(TwoPes, CheckerSeesADirectReplacementWithItsWriter) {
    // Block and pages: PE 0 changes the output address of a live writable page without a break.
    load(0, "str xzr, [x0]; ldr x1, [x9]; orr x1, x1, #0x4000; str x1, [x9]; hvc #99");
    a.r[9] = m.descriptor_pa(kData);
    ASSERT_EQ(m.run(0), Exit::kOff);
    ASSERT_EQ(m.checker->violations().size(), 1u);
    EXPECT_EQ(m.checker->violations()[0].rule, mmu::Rule::kOa);
    EXPECT_EQ(m.checker->violations()[0].pc, kCode + 16);
    EXPECT_EQ(m.checker->violations()[0].pe, 0u);
}

TEST_F(TwoPes, BreakBeforeMakeIsSilent) {
    load(0,
         "str xzr, [x0]; ldr x1, [x9]; str xzr, [x9]; dsb ish; lsr x2, x0, #12; tlbi vae1is, x2; dsb ish; isb;"
         "orr x1, x1, #0x4000; str x1, [x9]; dsb ish; str x0, [x0]; hvc #99");
    a.r[9] = m.descriptor_pa(kData);
    ASSERT_EQ(m.run(0), Exit::kOff);
    EXPECT_TRUE(m.checker->violations().empty());
    EXPECT_EQ(m.read64(kData + 0x4000), kData);
}

}  // namespace
}  // namespace bbmsim::cpu::test
