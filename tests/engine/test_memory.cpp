// SPDX-License-Identifier: Apache-2.0
// The memory path with the MMU on: faults, permissions, crossings, devices, self-modifying code, DC ZVA.
#include "models/memory/private_caches.hpp"
#include "tests/engine/machine.hpp"

#include <gtest/gtest.h>

namespace bbmsim::cpu::test {
namespace {

struct Memory : testing::Test {
    Machine m;
    Pe& pe = *m.pe[0];
    void SetUp() override { m.build_identity(); }
    void go(const std::string& program, unsigned exceptions = 0) {
        m.load(kCode, program);
        m.load_stop_vectors();
        m.enable_mmu(0);
        ASSERT_EQ(m.run(), Exit::kOff);
        ASSERT_EQ(pe.r[25], exceptions);
        EXPECT_FALSE(m.platform->unsynced_call);
    }
    u64 esr() const { return pe.r[20]; }
    u64 far() const { return pe.r[21]; }
    u64 elr() const { return pe.r[22]; }
    // Drops to EL0 at `1:`
    static std::string at_el0(const std::string& body) {
        return "adr x0, 1f; msr elr_el1, x0; msr spsr_el1, xzr; eret\n1: " + body;
    }
};

TEST_F(Memory, LoadsAndStoresOfEverySizeThroughTheMap) {
    go("mov x0, #0x40200000; mov x1, #0x1122; movk x1, #0x3344, lsl #32; str x1, [x0]; ldrb w2, [x0]; ldrh w3, [x0, "
       "#4];"
       "stp x1, x1, [x0, #16]; ldp x4, x5, [x0, #16]; ldr w6, [x0, #4]; hvc #99");
    EXPECT_EQ(m.read64(kData), 0x0000'3344'0000'1122u);
    EXPECT_EQ(pe.r[2], 0x22u);
    EXPECT_EQ(pe.r[3], 0x3344u);
    EXPECT_EQ(pe.r[4], pe.r[1]);
    EXPECT_EQ(pe.r[5], pe.r[1]);
    EXPECT_EQ(pe.loads, 4u);
    EXPECT_EQ(pe.stores, 2u);
}

TEST_F(Memory, UnwrittenMemoryReadsItsPattern) {
    go("mov x0, #0x40200000; ldr x1, [x0, #8]; ldrb w2, [x0, #9]; hvc #99");
    EXPECT_EQ(pe.r[1], RamView::pattern(kData + 8));
    EXPECT_EQ(pe.r[2], (RamView::pattern(kData + 8) >> 8) & 0xff);
}

TEST_F(Memory, UnwrittenMemoryIsReadThroughTheFilterUntilItsPageIsWritten) {
    go("mov x0, #0x40200000; ldr x1, [x0]; ldr x2, [x0, #8]; ldrb w3, [x0, #17]; ldur x4, [x0, #21]; ldp x5, x6, [x0, "
       "#32]; mov x9, #5; str x9, [x0, #8]; ldr x7, [x0, #8]; ldr x8, [x0]; hvc #99");
    EXPECT_EQ(pe.r[2], RamView::pattern(kData + 8));
    EXPECT_EQ(pe.r[3], RamView::pattern(kData + 16) >> 8 & 0xff);
    EXPECT_EQ(pe.r[4], RamView::pattern(kData + 16) >> 40 | RamView::pattern(kData + 24) << 24);
    EXPECT_EQ(pe.r[5], RamView::pattern(kData + 32));
    EXPECT_EQ(pe.r[6], RamView::pattern(kData + 40));
    EXPECT_EQ(pe.r[7], 5u);
    EXPECT_EQ(pe.r[8], RamView::pattern(kData));
    EXPECT_EQ(pe.filter_data_hits, 6u);  // all but the first load and the store
    EXPECT_EQ(pe.loads, 7u);
}

TEST_F(Memory, TranslationFaultReportsLevelAndWnr) {
    m.write64(m.descriptor_pa(kData), 0);
    go("mov x0, #0x40200000; str x1, [x0, #24]", 1);
    EXPECT_EQ(esr(), (u64{0x25} << 26) | (1 << 25) | (1 << 6) | 0x07);  // level 3, write
    EXPECT_EQ(far(), kData + 24);
    EXPECT_EQ(elr(), kCode + 4);
}

TEST_F(Memory, LevelOfTheMissingTable) {
    go("mov x0, #0x8000000000; ldr x1, [x0]", 1);
    EXPECT_EQ(esr() & 0x7f, 0x04u);  // level 0
}

TEST_F(Memory, WriteToAReadOnlyPageIsAPermissionFault) {
    m.map(kData, kData, kKernelPage | kReadOnly);
    go("mov x0, #0x40200000; ldr x1, [x0]; str x1, [x0]", 1);
    EXPECT_EQ(esr() & 0x7f, 0x4fu);
}

TEST_F(Memory, AtomicOnAReadOnlyPageReportsAWriteAndOnAMissingPageARead) {
    m.map(kData, kData, kKernelPage | kReadOnly);
    go("mov x0, #0x40200000; ldadd x1, x2, [x0]", 1);
    EXPECT_EQ(esr() & 0x7f, 0x4fu);
    m.write64(m.descriptor_pa(kData), 0);
    m.mmu[0]->invalidate_all();
    m.reset(0);
    pe.r[25] = 0;
    go("mov x0, #0x40200000; ldadd x1, x2, [x0]", 1);
    EXPECT_EQ(esr() & 0x7f, 0x07u);
}

TEST_F(Memory, FetchFromANeverExecutablePage) {
    m.map(kData, kData, kKernelPage | kPxn | kUxn);
    go("mov x0, #0x40200000; br x0", 1);
    EXPECT_EQ(esr() >> 26, 0x21u);
    EXPECT_EQ(esr() & 0x3f, 0x0fu);
    EXPECT_EQ(far(), kData);
    EXPECT_EQ(elr(), kData);
}

TEST_F(Memory, El0MayNotReadAKernelPage) {
    m.map(kCode, kCode, kKernelPage | kUser | kReadOnly);
    go(at_el0("mov x0, #0x40200000; ldr x1, [x0]"), 1);
    EXPECT_EQ(esr() >> 26, 0x24u);
    EXPECT_EQ(esr() & 0x7f, 0x0fu);
    EXPECT_EQ(pe.r[24], 0x400u);
}

TEST_F(Memory, UnalignedNormalAccessesWorkAndCrossPages) {
    go("mov x0, #0x40200000; add x0, x0, #4093; mov x1, #0x8877; movk x1, #0x6655, lsl #16; movk x1, #0x1122, lsl #48;"
       "str x1, [x0]; ldr x2, [x0]; ldr w3, [x0, #1]; hvc #99");
    EXPECT_EQ(pe.r[2], 0x1122'0000'6655'8877u);
    EXPECT_EQ(pe.r[3], 0x00665588u);
    EXPECT_EQ(m.read64(kData + 4096) & 0xff'ffff'ffff, 0x11'2200'0066u);
}

TEST_F(Memory, CrossingIntoAMissingPageStoresNothingAndReportsTheSecondPage) {
    m.write64(m.descriptor_pa(kData + 4096), 0);
    const u64 before = m.read64(kData + 4088);
    go("mov x0, #0x40200000; add x0, x0, #4092; str x1, [x0]", 1);
    EXPECT_EQ(far(), kData + 4096);
    EXPECT_EQ(m.read64(kData + 4088), before);
}

TEST_F(Memory, UnalignedAccessToDeviceMemoryFaults) {
    m.map(kData, kData, kAf | kDeviceMemory);
    go("mov x0, #0x40200000; ldr x1, [x0, #8]; ldur x1, [x0, #1]", 1);
    EXPECT_EQ(esr() & 0x7f, 0x21u);
}

TEST_F(Memory, SctlrAMakesUnalignedAccessesFault) {
    go("mrs x0, sctlr_el1; orr x0, x0, #2; msr sctlr_el1, x0; isb; mov x0, #0x40200000; ldr x1, [x0]; ldur x1, [x0, "
       "#1]",
       1);
    EXPECT_EQ(esr() & 0x7f, 0x21u);
    EXPECT_EQ(elr(), kCode + 24);
}

TEST_F(Memory, DevicesAreReachedAtBoardTimeAndTranslatedOnce) {
    m.platform->device_value = 0xabcd;
    go("mov x0, #0x9000000; mov w1, #65; strb w1, [x0]; ldrh w2, [x0, #0x18]; hvc #99");
    ASSERT_EQ(m.platform->device_writes.size(), 1u);
    EXPECT_EQ(m.platform->device_writes[0].pa, kUart);
    EXPECT_EQ(m.platform->device_writes[0].size, 1u);
    EXPECT_EQ(m.platform->device_writes[0].value, 65u);
    EXPECT_EQ(pe.r[2], 0xabcdu);
    EXPECT_EQ(m.mmu[0]->stats.l1d_accesses + pe.filter_data_hits, 2u);
}

TEST_F(Memory, DeviceThatDoesNotAnswerIsAnExternalAbort) {
    m.map(0x0a00'0000, 0x0a00'0000, kAf | kDeviceMemory);
    go("mov x0, #0xa000000; str x1, [x0]", 1);
    EXPECT_EQ(esr() & 0x7f, 0x50u);
}

TEST_F(Memory, PanForbidsUserPagesAndUnprivilegedLoadsAreAllowed) {
    m.map(kData, kData, kKernelPage | kUser | kUxn | kPxn);
    go("mov x0, #0x40200000; ldr x1, [x0]; ldr x1, [x0]; msr pan, #1; ldtr x2, [x0]; ldr x1, [x0]", 1);
    EXPECT_EQ(elr(), kCode + 20);
    EXPECT_EQ(esr() & 0x7f, 0x0fu);
}

TEST_F(Memory, UnprivilegedStoreToAKernelPageFaultsUnlessUao) {
    go("mov x0, #0x40200000; msr uao, #1; sttr x0, [x0]; msr uao, #0; sttr x0, [x0]", 1);
    EXPECT_EQ(elr(), kCode + 16);
    EXPECT_EQ(m.read64(kData), kData);
}

TEST_F(Memory, DcZvaClearsTheBlockAroundTheAddress) {
    go("mov x0, #0x40200000; mov x1, #-1; str x1, [x0, #56]; str x1, [x0, #64]; str x1, [x0, #128]; add x2, x0, #77;"
       "dc zva, x2; hvc #99");
    EXPECT_EQ(m.read64(kData + 56), ~u64{0});
    EXPECT_EQ(m.read64(kData + 64), 0u);
    EXPECT_EQ(m.read64(kData + 120), 0u);
    EXPECT_EQ(m.read64(kData + 128), ~u64{0});
}

TEST_F(Memory, DcZvaOnDeviceMemoryIsAnAlignmentFault) {
    m.map(kData, kData, kAf | kDeviceMemory);
    go("mov x0, #0x40200000; dc zva, x0", 1);
    EXPECT_EQ(esr() & 0x7f, 0x61u);
}

TEST_F(Memory, CacheMaintenanceByAddressFaultsWithCm) {
    m.write64(m.descriptor_pa(kData), 0);
    go("mov x0, #0x40200000; dc civac, x0", 1);
    EXPECT_EQ(esr() & 0x1ff, 0x147u);  // CM, WnR, level 3
}

TEST_F(Memory, CodeThatRewritesItselfIsSeenAfterTheBranch) {
    // The patched instruction lies in another block of the same page, executed before and after the patch.
    go("adr x0, 2f; ldr w1, 3f; bl 2f; mov x5, x4; str w1, [x0]; dc cvau, x0; dsb ish; ic ivau, x0; dsb ish; isb; bl "
       "2f; hvc #99\n"
       "2: mov x4, #1; ret\n3: mov x4, #2");
    EXPECT_EQ(pe.r[5], 1u);
    EXPECT_EQ(pe.r[4], 2u);
}

TEST_F(Memory, ABlockMayOverwriteItself) {
    go("adr x0, 2f; ldr w1, 3f; 1: str w1, [x0]; 2: mov x4, #1; add x6, x6, #1; cmp x6, #2; b.ne 1b; hvc #99\n3: mov "
       "x4, #2");
    EXPECT_EQ(pe.r[4], 2u);
}

TEST_F(Memory, CacheMissesCostAndHitsDoNot) {
    go("mov x0, #0x40200000; ldr x1, [x0]; ldr x1, [x0, #8]; ldr x1, [x0, #64]; hvc #99");
    EXPECT_EQ(m.engine[0]->caches().l1_misses, 2u);
    EXPECT_EQ(pe.cost[static_cast<unsigned>(Cost::kCache)], 2u * 160u);
}

TEST_F(Memory, CompareAndSwapAndSwap) {
    go("mov x0, #0x40200000; mov x1, #5; str x1, [x0]; mov x2, #5; mov x3, #9; casal x2, x3, [x0]; mov x4, #4; mov x5, "
       "#1;"
       "cas x4, x5, [x0]; swp x6, x7, [x0]; hvc #99");
    EXPECT_EQ(pe.r[2], 5u);
    EXPECT_EQ(pe.r[4], 9u);
    EXPECT_EQ(pe.r[7], 9u);
    EXPECT_EQ(m.read64(kData), 0u);
}

TEST_F(Memory, OrderedAndAtomicAccessesMustBeAligned) {
    for (const char* access :
         {"ldar x1, [x0]", "stlr x1, [x0]", "ldaxr x1, [x0]", "ldadd x1, x2, [x0]", "ldapr x1, [x0]"}) {
        m.reset(0);
        pe.r[25] = 0;
        go("mov x0, #0x40200000; add x0, x0, #4; " + std::string(access), 1);
        EXPECT_EQ(esr() & 0x3f, 0x21u) << access;
        EXPECT_EQ(far(), kData + 4) << access;
    }
}

TEST_F(Memory, ExclusivePairs) {
    go("mov x0, #0x40200000; mov x1, #1; mov x2, #2; stp x1, x2, [x0]; ldxp x3, x4, [x0]; stxp w5, x4, x3, [x0]; hvc "
       "#99");
    EXPECT_EQ(pe.r[5], 0u);
    EXPECT_EQ(m.read64(kData), 2u);
    EXPECT_EQ(m.read64(kData + 8), 1u);
}

TEST_F(Memory, InterruptAtEl0ReturnsToTheInterruptedInstruction) {
    m.map(kCode, kCode, kKernelPage | kUser | kReadOnly);
    m.load(kCode, at_el0("mov x5, #1; b ."));
    m.load_stop_vectors();
    m.enable_mmu(0);
    ASSERT_EQ(m.run(0, 5000), Exit::kLimit);
    pe.irq_line = pe.attention = true;
    ASSERT_EQ(m.run(), Exit::kOff);
    EXPECT_EQ(pe.r[24], 0x480u);
    EXPECT_EQ(elr(), kCode + 20);
    EXPECT_EQ(pe.r[23], 0u);  // SPSR: EL0, nothing masked
}

TEST_F(Memory, AddressTranslationInstructions) {
    m.map(kData, kData + 0x3000, kKernelPage | kReadOnly);
    go("mov x0, #0x40200000; at s1e1r, x0; isb; mrs x1, par_el1; at s1e1w, x0; isb; mrs x2, par_el1; hvc #99");
    EXPECT_EQ(pe.r[1] & 1, 0u);
    EXPECT_EQ(pe.r[1] & 0xffff'ffff'f000, kData + 0x3000);
    EXPECT_EQ(pe.r[2] & 1, 1u);
    EXPECT_EQ((pe.r[2] >> 1) & 0x3f, 0x0fu);
}

TEST_F(Memory, BranchIntoAGuardedPageNeedsBti) {
    m.map(kData, kData, kKernelPage | kGuarded);
    m.load(kData, "nop; b .");
    m.load(kData + 0x100, "bti c; mov x9, #7; ret");
    go("mov x0, #0x40200000; add x1, x0, #0x100; blr x1; mov x10, #1; blr x0", 1);
    EXPECT_EQ(pe.r[9], 7u);
    EXPECT_EQ(pe.r[10], 1u);
    EXPECT_EQ(esr() >> 26, 0x0du);
    EXPECT_EQ(esr() & 3, 2u);
    EXPECT_EQ((pe.r[23] >> 10) & 3, 2u);
    EXPECT_EQ(elr(), kData);
}

TEST_F(Memory, InjectedConflictAbortsTheChosenAccess) {
    unsigned asked = 0;
    m.engine[0]->set_conflict_hook(kData, kData + 0x1000, [&](Pe&, u64, Access) { return ++asked == 3; });
    go("mov x0, #0x40200000; ldr x1, [x0]; ldr x1, [x0]; ldr x1, [x0]", 1);
    EXPECT_EQ(asked, 3u);
    EXPECT_EQ(esr() & 0x3f, 0x30u);
    EXPECT_EQ(far(), kData);
    EXPECT_EQ(pe.tlb_conflict_aborts, 1u);
}

}  // namespace
}  // namespace bbmsim::cpu::test
