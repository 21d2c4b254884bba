// SPDX-License-Identifier: Apache-2.0
// PMUv3: what counters count, filters, overflow, access from EL0.
#include "models/cpu/system_registers.hpp"
#include "tests/engine/machine.hpp"

#include <gtest/gtest.h>

#include <bit>

namespace bbmsim::cpu::test {
namespace {

// Counter 0 counts `event` over `body`, which starts with X9..X12 free; the result is in X1.
u64 count(unsigned event, const std::string& body, bool mmu = false, const std::string& before = "nop") {
    Machine m;
    m.load(kCode,
           before + "; mov x0, #" + std::to_string(event) +
               "; msr pmevtyper0_el0, x0; mov x0, #1; msr pmcntenset_el0, x0; mov x0, #3; msr pmcr_el0, x0; isb; " +
               body + "; mrs x1, pmevcntr0_el0; hvc #99");
    m.load_stop_vectors();
    if (mmu) {
        m.build_identity();
        m.enable_mmu(0);
    }
    EXPECT_EQ(m.run(), Exit::kOff) << body;
    EXPECT_EQ(m.pe[0]->r[25], 0u) << body << " took an exception, ESR " << std::hex << m.pe[0]->r[20];
    return m.pe[0]->r[1];
}

TEST(Pmu, InstructionsAreCountedExactly) {
    // From behind the MSR that enables to the MRS that reads: ISB, the body, and the MRS itself.
    EXPECT_EQ(count(0x08, "nop"), 3u);
    EXPECT_EQ(count(0x08, "nop; nop; nop"), 5u);
    EXPECT_EQ(count(0x08, "mov x9, #100; 1: subs x9, x9, #1; b.ne 1b"), 2u + 1 + 200);
}

TEST(Pmu, LoadsStoresAndCacheRefills) {
    const std::string loop = "mov x9, #0x40200000; mov x10, #64; 1: ldr x11, [x9], #64; subs x10, x10, #1; b.ne 1b";
    EXPECT_EQ(count(0x04, loop, true), 64u);
    EXPECT_EQ(count(0x13, "mov x9, #0x40200000; str x9, [x9]; ldr x9, [x9]", true), 2u);
    EXPECT_EQ(count(0x03, loop, true), 64u);
    EXPECT_EQ(count(0x16, loop, true), 64u);
    EXPECT_EQ(count(0x03, "mov x9, #0x40200000; ldr x10, [x9]; ldr x10, [x9, #8]", true), 1u);
}

TEST(Pmu, TlbRefillsAndWalks) {
    // 16 pages, each touched twice.
    const std::string pages =
        "mov x9, #0x40200000; mov x10, #16; 1: ldr x11, [x9]; ldr x11, [x9, #8]; add x9, x9, #0x1000; "
        "subs x10, x10, #1; b.ne 1b";
    EXPECT_EQ(count(0x25, pages, true), 32u);
    EXPECT_EQ(count(0x05, pages, true), 16u);
    EXPECT_EQ(count(0x2d, pages, true), 16u);
    EXPECT_EQ(count(0x34, pages, true), 16u);
    EXPECT_EQ(count(0x2f, pages, true), 16u);
    EXPECT_EQ(count(0x35, pages, true), 0u);
    EXPECT_EQ(count(0x35, "tlbi vmalle1; dsb ish; isb; nop", true), 1u);
    EXPECT_EQ(count(0x02, "tlbi vmalle1; dsb ish; isb; nop", true), 1u);
    EXPECT_GT(count(0x26, pages, true), 16u);
}

TEST(Pmu, ExceptionsTaken) {
    const std::string vectors =
        "adr x9, 1f; msr vbar_el1, x9; b 2f; .balign 2048; 1: .skip 512; eret; .balign 2048; 2: nop";
    EXPECT_EQ(count(0x09, "svc #0; svc #0; nop", false, vectors), 2u);
}

TEST(Pmu, SoftwareIncrementAndSelector) {
    EXPECT_EQ(count(0, "mov x9, #1; msr pmswinc_el0, x9; msr pmswinc_el0, x9; mov x9, #2; msr pmswinc_el0, x9"), 2u);
    EXPECT_EQ(count(0, "mov x9, #0; msr pmselr_el0, x9; mov x9, #77; msr pmxevcntr_el0, x9"), 77u);
    EXPECT_EQ(count(0x08, "msr pmcntenclr_el0, x0; nop; nop"), 2u);  // ISB, MSR
}

TEST(Pmu, TheEventsOfPmceidAreTheOnesThatCount) {
    Machine m;
    m.load(kCode, "mrs x1, pmceid0_el0; mrs x2, pmceid1_el0; mrs x3, pmcr_el0; mrs x4, id_aa64dfr0_el1; hvc #99");
    ASSERT_EQ(m.run(), Exit::kOff);
    const Pe& pe = *m.pe[0];
    for (const unsigned e : {0x00, 0x02, 0x03, 0x04, 0x05, 0x08, 0x09, 0x11, 0x13, 0x16, 0x17, 0x1e})
        EXPECT_TRUE(pe.r[1] >> e & 1) << e;
    for (const unsigned e : {0x25, 0x26, 0x2d, 0x2f, 0x34, 0x35}) EXPECT_TRUE(pe.r[2] >> (e - 32) & 1) << e;
    EXPECT_EQ(std::popcount(pe.r[1]) + std::popcount(pe.r[2]), 18);
    EXPECT_EQ(pe.r[3] >> 11 & 31, Pmu::kEventCounters);
    EXPECT_EQ(pe.r[4] >> 8 & 15, 1u);
}

TEST(Pmu, FiltersByExceptionLevel) {
    // EL0 executes 1 (nothing but SVC) + 10; counter 0 counts EL1 only, counter 1 EL0 only.
    Machine m;
    m.load(kCode,
           "adr x9, 1f; msr vbar_el1, x9; ldr x0, =0x40000008; msr pmevtyper0_el0, x0; movz x0, #0x8000, lsl #16; "
           "orr x0, x0, #8; msr pmevtyper1_el0, x0; adr x0, 3f; msr elr_el1, x0; msr spsr_el1, xzr; mov x0, #3; "
           "msr pmcntenset_el0, x0; msr pmcr_el0, x0; eret; 3: .rept 10; nop; .endr; svc #0; .balign 2048; "
           "1: .skip 1024; mrs x1, pmevcntr0_el0; mrs x2, pmevcntr1_el0; hvc #99; .ltorg");
    ASSERT_EQ(m.run(), Exit::kOff);
    EXPECT_EQ(m.pe[0]->r[1], 2u);   // ERET, MRS
    EXPECT_EQ(m.pe[0]->r[2], 11u);  // NOPs, SVC
}

TEST(Pmu, OverflowRaisesTheLineUntilItIsCleared) {
    Machine m;
    m.load(kCode,
           "ldr x0, =0x80000001; msr pmintenset_el1, x0; msr pmcntenset_el0, x0; mov x0, #8; msr pmevtyper0_el0, x0; "
           "mov w0, #-20; msr pmevcntr0_el0, x0; mov x0, #1; msr pmcr_el0, x0; mrs x1, pmovsset_el0; "
           ".rept 20; nop; .endr; mrs x2, pmovsset_el0; mrs x3, pmevcntr0_el0; hvc #1; msr pmovsclr_el0, x2; hvc #99");
    m.load_stop_vectors();
    ASSERT_EQ(m.run(), Exit::kOff);
    EXPECT_EQ(m.pe[0]->r[1], 0u);
    EXPECT_EQ(m.pe[0]->r[2], 1u);
    EXPECT_EQ(m.pe[0]->r[3], 3u);  // 20 + the two MRS behind the first, + this one
    EXPECT_FALSE(m.pe[0]->sys.pmu.line);
}

// A counter of `event` is `left` short of its overflow, with its interrupt enabled, when `body` begins; the handler
// leaves the interrupted pc, from the body's start, in X2.
u64 interrupted_at(unsigned event, unsigned left, const std::string& body, bool cycle_counter = false) {
    Machine m;
    m.overflow_interrupts = true;
    const std::string counter = cycle_counter ? "31" : "0", value = "mov w0, #-" + std::to_string(left) + "; ";
    m.load(kCode, "adr x9, 8f; msr vbar_el1, x9; mov x0, #" + counter + "; msr pmselr_el0, x0; isb; mov x0, #" +
                      std::to_string(cycle_counter ? 0 : event) + "; msr pmxevtyper_el0, x0; " + value +
                      (cycle_counter ? "msr pmccntr_el0, x0; " : "msr pmxevcntr_el0, x0; ") +
                      "mov w0, #1; lsl w0, w0, #" + counter +
                      "; msr pmintenset_el1, x0; msr pmcntenset_el0, x0; msr daifclr, #2; mov x9, #0x40200000; "
                      "mov x10, #4000; adr x12, 2f; mov x0, #1; msr pmcr_el0, x0; 2: " +
                      body +
                      "; mov x2, #-1; hvc #99; .balign 2048; 8: .skip 0x280; mrs x2, elr_el1; sub x2, x2, x12; "
                      "hvc #99");
    m.build_identity();
    m.enable_mmu(0);
    EXPECT_EQ(m.run(0, 100'000'000), Exit::kOff) << body;
    return m.pe[0]->r[2];
}

TEST(Pmu, TheOverflowInterruptArrivesBehindItsInstruction) {
    const std::string nops = ".rept 200; nop; .endr";
    for (const unsigned left : {1u, 2u, 17u, 64u, 65u, 130u})
        EXPECT_EQ(interrupted_at(0x08, left, nops), 4u * left) << left;
    // Three instructions a round, from far away: rounds 1 .. 4000 are instructions 3 * (n - 1) .. 3 * n - 1.
    const std::string loop = "1: add x11, x11, #1; subs x10, x10, #1; b.ne 1b";
    EXPECT_EQ(interrupted_at(0x08, 9000, loop), 0u);
    EXPECT_EQ(interrupted_at(0x08, 9001, loop), 4u);
    EXPECT_EQ(interrupted_at(0x08, 9002, loop), 8u);
    EXPECT_EQ(interrupted_at(0x08, 13000, loop), ~u64{0}) << "it never overflows";
}

TEST(Pmu, CyclesInterruptAtTheFirstInstructionThatReachesThem) {
    const std::string nops = ".rept 2000; nop; .endr";  // half a cycle each
    for (const bool counter : {false, true})
        for (const unsigned left : {100u, 400u, 900u}) {
            const u64 at = interrupted_at(0x11, left, nops, counter) / 4;
            EXPECT_GE(at, 2 * (left - 40)) << left;  // blocks are charged whole cycles, and fetches walk
            EXPECT_LE(at, 2 * left + 1) << left;
        }
}

TEST(Pmu, OtherEventsInterruptAtTheEndOfTheirBlock) {
    // A store to another page each round: L1D TLB refills. The block is the round.
    const std::string loop = "1: str x10, [x9]; add x9, x9, #0x1000; subs x10, x10, #1; b.ne 1b";
    EXPECT_EQ(interrupted_at(0x05, 300, loop), 0u);
    EXPECT_EQ(interrupted_at(0x04, 3000, "1: str x10, [x9]; subs x10, x10, #1; b.ne 1b"), 0u);
}

TEST(Pmu, TheCycleCounterOverflowsAt32Or64Bits) {
    const auto overflow = [](u64 control) {
        Machine m;
        m.load(kCode,
               "mov x0, #0xfffffff0; msr pmccntr_el0, x0; movz x0, #0x8000, lsl #16; msr pmcntenset_el0, x0; "
               "msr pmintenset_el1, x0; mov x0, #" +
                   std::to_string(control) +
                   "; msr pmcr_el0, x0; mov x9, #100; 1: subs x9, x9, #1; b.ne 1b; mrs x1, pmovsclr_el0; "
                   "mrs x2, pmccntr_el0; hvc #99");
        EXPECT_EQ(m.run(), Exit::kOff);
        EXPECT_GT(m.pe[0]->r[2], u64{1} << 32);
        EXPECT_EQ(m.pe[0]->sys.pmu.line, m.pe[0]->r[1] != 0);
        return m.pe[0]->r[1];
    };
    EXPECT_EQ(overflow(1), u64{1} << 31);
    EXPECT_EQ(overflow(0x41), 0u);  // LC
}

TEST(Pmu, AnOddCounterChainsToTheEvenOneBelow) {
    EXPECT_EQ(count(0x08,
                    "mov x9, #0x1e; msr pmevtyper1_el0, x9; mov w9, #-4; msr pmevcntr0_el0, x9; mov x9, #2; "
                    "msr pmcntenset_el0, x9; nop; nop; nop; mrs x1, pmevcntr1_el0; msr pmevcntr0_el0, x1"),
              2u);  // 1 from the chain, and the MRS
}

TEST(Pmu, UserAccessByPmuserenr) {
    struct Case {
        const char* text;
        u64 allows;
    };
    for (const Case& c :
         {Case{"mrs x1, pmccntr_el0", 1 | 4}, Case{"msr pmccntr_el0, x1", 1}, Case{"mrs x1, pmevcntr0_el0", 1 | 8},
          Case{"msr pmevcntr0_el0, x1", 1}, Case{"mrs x1, pmcr_el0", 1}, Case{"msr pmswinc_el0, x1", 1 | 2},
          Case{"msr pmselr_el0, x1", 1 | 8}, Case{"mrs x1, pmevtyper0_el0", 1}})
        for (u64 user = 0; user < 16; ++user) {
            Machine m;
            m.load(kCode, "msr pmuserenr_el0, x0; adr x0, 1f; msr elr_el1, x0; msr spsr_el1, xzr; eret; 1: " +
                              std::string(c.text) + "; svc #0");
            m.load_stop_vectors();
            m.pe[0]->r[0] = user;
            ASSERT_EQ(m.run(), Exit::kOff);
            EXPECT_EQ(m.pe[0]->r[20] >> 26, user & c.allows ? 0x15u : 0x18u) << c.text << " PMUSERENR " << user;
        }
}

TEST(Pmu, WithoutItItsRegistersAreUndefined) {
    CoreConfig c;
    c.features.pmu = false;
    for (const char* text : {"mrs x1, pmcr_el0", "mrs x1, pmccntr_el0", "msr pmevtyper5_el0, x1"}) {
        Machine m({.config = c});
        m.load(kCode, text);
        m.load_stop_vectors();
        ASSERT_EQ(m.run(), Exit::kOff);
        EXPECT_EQ(m.pe[0]->r[20] >> 26, 0u) << text;
    }
}

}  // namespace
}  // namespace bbmsim::cpu::test
