// SPDX-License-Identifier: Apache-2.0
// Blocks that follow one another without coming back to Engine::run: what must end a link, and that nothing nests.
#include "tests/engine/machine.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <string>
#include <vector>

namespace bbmsim::cpu::test {
namespace {

struct Chain : testing::Test {
    Machine m;
    Pe& pe = *m.pe[0];
    void SetUp() override {
        m.build_identity();
        m.load_stop_vectors();
    }
    void go() {
        m.enable_mmu(0);
        ASSERT_EQ(m.run(), Exit::kOff);
        ASSERT_EQ(pe.r[25], 0u);
    }
    // Calls the function at kCode + 0x1000, which adds to X1, ten times; does `change`; calls it ten times more.
    static std::string calls(const std::string& change) {
        const std::string ten = "mov x9, #10; 1: bl . + 0x1000 - (. - start); subs x9, x9, #1; b.ne 1b;";
        return "start: ldr x2, =0x40001000; ldr x3, =0x11002821; ldr x4, =0x40002000;" + ten + change + ten + "hvc #99";
    }
};

// ADD W1, W1, #1; RET, and at the next page ADD W1, W1, #10; RET.
const std::vector<u32> kAddOne = {0x11000421, 0xd65f03c0}, kAddTen = {0x11002821, 0xd65f03c0};

TEST_F(Chain, CodeThatWasWrittenIsNotReachedByAnOldLink) {
    m.load(kCode, calls("str w3, [x2]; dc cvau, x2; dsb ish; ic ivau, x2; dsb ish; isb;"));
    m.load(kCode + 0x1000, kAddOne);
    go();
    EXPECT_EQ(pe.r[1], 110u);
}

TEST_F(Chain, APageThatIsMappedElsewhereIsNotReachedByAnOldLink) {
    const u64 descriptor = m.descriptor_pa(kCode + 0x1000);
    m.load(kCode,
           calls("ldr x5, =" + std::to_string(descriptor) +
                 "; ldr x6, [x5]; str xzr, [x5]; dsb ish; tlbi vmalle1is; dsb ish; isb; and x7, x6, #0xfff; and x6, "
                 "x6, #0xffff000000000000; orr x7, x7, x4; orr x7, x7, x6; str x7, [x5]; dsb ish; isb;"));
    m.load(kCode + 0x1000, kAddOne);
    m.load(kCode + 0x2000, kAddTen);
    go();
    EXPECT_EQ(pe.r[1], 110u);
}

TEST_F(Chain, TheLimitOfCyclesHoldsInALoopOfLinks) {
    m.load(kCode, "1: add x1, x1, #1; b 1b");
    m.enable_mmu(0);
    ASSERT_EQ(m.run(0, 10'000), Exit::kLimit);
    const u64 first = pe.cycles;
    EXPECT_GE(first, 10'000u);
    EXPECT_LT(first, 11'000u);
    ASSERT_EQ(m.run(0, 100'000), Exit::kLimit);
    EXPECT_LT(pe.cycles, first + 101'000u);
}

TEST(PacMemo, KnowsItsKey) {
    Options options;
    options.config.features.pauth = true;
    Machine m(options);
    m.load_stop_vectors();
    m.build_identity();
    m.load(
        kCode,
        "mrs x0, sctlr_el1; orr x0, x0, #0x80000000; msr sctlr_el1, x0; isb; ldr x9, =0x40201230; mov x10, #5\n"
        "mov x11, #1; mov x12, #2; msr apiakeylo_el1, x11; msr apiakeyhi_el1, x11; isb; mov x1, x9; pacia x1, x10\n"
        "msr apiakeylo_el1, x12; isb; mov x2, x9; pacia x2, x10; mov x3, x1; autia x3, x10; mov x4, x2; autia x4, x10\n"
        "msr apiakeylo_el1, x11; isb; mov x5, x9; pacia x5, x10; mov x6, x1; autia x6, x10; hvc #99");
    m.enable_mmu(0);
    ASSERT_EQ(m.run(), Exit::kOff);
    const Pe& pe = *m.pe[0];
    EXPECT_NE(pe.r[1], pe.r[9]);
    EXPECT_NE(pe.r[2], pe.r[1]);
    EXPECT_NE(pe.r[3], pe.r[9]);  // signed with the other key
    EXPECT_EQ(pe.r[4], pe.r[9]);
    EXPECT_EQ(pe.r[5], pe.r[1]);
    EXPECT_EQ(pe.r[6], pe.r[9]);
}

// Every hot handler goes on by a jump: millions of them run on a stack that some thousand calls would overflow.
TEST_F(Chain, HandlersDoNotNest) {
    m.load(kCode,
           "ldr x28, =0x40200000; mov sp, x28; add x20, x28, #256; ldr x27, =400000\n"
           "1: add x1, x1, #3; sub w2, w1, #1; adds x3, x1, x2; subs w4, w3, w2; ands x5, x4, x3; orr x6, x5, x4; eor "
           "w7, w6, "
           "w5; mov x8, x7; movz x9, #5; movk x9, #7, lsl #16; lsl x10, x9, #3; ubfx x11, x10, #2, #9; sbfx w12, w10, "
           "#1, #4; "
           "bfi x13, x12, #4, #8; madd x14, x1, x2, x3; udiv x15, x14, x9; csel x16, x1, x2, ne; ccmp x1, x2, #4, eq; "
           "rev x17, x16; clz x18, x17; adr x19, 1b; lslv x21, x1, x2; extr x22, x1, x2, #7; adc x23, x1, x2\n"
           "str x1, [x20]; ldr x2, [x20]; strb w1, [x20, #8]; ldrb w3, [x20, #8]; strh w1, [x20, #10]; ldrsh x4, [x20, "
           "#10]; "
           "ldrsw x5, [x20]; stp x1, x2, [x20, #16]; ldp x3, x4, [x20, #16]; str x1, [sp, #-16]!; ldr x2, [sp], #16; "
           "stp x1, x2, [sp, #-16]!; ldp x3, x4, [sp], #16; mov x5, #8; ldr x6, [x20, x5]; ldr w7, [x20, w5, uxtw]; "
           "stlr x1, [x20]; ldar x2, [x20]; ldr x3, 4f; prfm pldl1keep, [x20]; nop; dmb ish; mrs x6, tpidr_el1; "
           "msr tpidr_el0, x6; mrs x7, sp_el0; paciasp; autiasp; bti c\n"
           "cbz xzr, 2f; nop; 2: tbz x1, #63, 3f; nop; 3: bl 5f; adr x24, 6f; blr x24; adr x24, 7f; br x24; nop\n"
           "7: subs x27, x27, #1; b.ne 1b; hvc #99\n"
           ".balign 8; 4: .quad 5; 5: ret; 6: ret");
    m.enable_mmu(0);
    struct Job {
        Machine& machine;
        Exit exit;
    } job{m, Exit::kNone};
    pthread_attr_t attributes;
    ASSERT_EQ(pthread_attr_init(&attributes), 0);
    ASSERT_EQ(pthread_attr_setstacksize(&attributes, 256 << 10), 0);
    pthread_t thread{};
    const auto body = [](void* argument) -> void* {
        auto* mine = static_cast<Job*>(argument);
        mine->machine.engine[0]->run(~u64{0});
        mine->exit = mine->machine.pe[0]->exit;
        return nullptr;
    };
    ASSERT_EQ(pthread_create(&thread, &attributes, body, &job), 0);
    ASSERT_EQ(pthread_join(thread, nullptr), 0);
    pthread_attr_destroy(&attributes);
    EXPECT_EQ(job.exit, Exit::kSync);  // the HVC
    EXPECT_GT(pe.instructions, 20'000'000u);
    EXPECT_EQ(pe.r[25], 0u);
}

}  // namespace
}  // namespace bbmsim::cpu::test
