// SPDX-License-Identifier: Apache-2.0
// No guest may bring the simulator down: random words as code, random system registers, tables overwritten.
#include "tests/engine/machine.hpp"

#include <gtest/gtest.h>

#include <random>

namespace bbmsim::cpu::test {
namespace {

// Runs with a platform that answers everything; events are given freely so that WFE and WFI do not end the run.
void run_anything(Machine& m, u64 cycles) {
    Pe& pe = *m.pe[0];
    const u64 limit = pe.cycles + cycles;
    while (pe.cycles < limit) {
        const Exit why = m.run(0, limit - pe.cycles);
        if (why == Exit::kOff) {
            pe.powered = true;
        } else if (why == Exit::kWfe || why == Exit::kWfi) {
            pe.charge(Cost::kWfe, 10);
        } else {
            ASSERT_EQ(why, Exit::kLimit);
        }
    }
    u64 sum = 0;
    for (const u64 c : pe.costs()) sum += c;
    EXPECT_EQ(sum, pe.cycles);
}

TEST(Robustness, RandomWordsAsCode) {
    for (u64 seed = 1; seed <= 12; ++seed) {
        std::mt19937_64 rng(seed);
        Machine m({.pes = 1 + static_cast<unsigned>(seed % 2), .seed = seed});
        m.build_identity();
        std::vector<u32> words(0x8000);
        for (u32& w : words) {
            w = static_cast<u32>(rng());
            // Half of them from the regions of branches, system instructions, loads and stores, so that more is
            // allocated.
            if (rng() & 1) w = (w & 0xe1ffffff) | (rng() & 1 ? 0x14000000 : rng() & 1 ? 0x08000000 : 0x10000000);
            if (rng() % 16 == 0) w = 0xd5000000 | (w & 0x3fffff);
        }
        m.load(kCode, words);
        m.load(kVectors, std::vector<u32>(words.begin(), words.begin() + 512));
        Pe& pe = *m.pe[0];
        for (unsigned round = 0; round < 30; ++round) {
            m.reset(0, kCode + 4 * (rng() % 4096));
            for (unsigned i = 0; i < 31; ++i) pe.r[i] = rng() & 1 ? kRamBase + (rng() & 0x3fffff) : rng();
            pe.r[kRegSp] = kData + (rng() & 0xfff0);
            pe.sys.vbar = kVectors;
            if (rng() & 1) m.enable_mmu(0);
            pe.irq_line = rng() & 1;
            run_anything(m, 30'000);
        }
    }
}

TEST(Robustness, RandomTranslationRegistersAndTables) {
    for (u64 seed = 1; seed <= 40; ++seed) {
        std::mt19937_64 rng(seed);
        Machine m({.seed = seed});
        m.build_identity();
        m.load(
            kCode,
            "msr tcr_el1, x0; msr ttbr0_el1, x1; msr ttbr1_el1, x2; msr mair_el1, x3; msr sctlr_el1, x4; isb;"
            "1: str x5, [x6]; ldr x7, [x6, #8]; add x6, x6, #4088; at s1e1r, x6; tlbi vmalle1; tlbi vaae1is, x6; b 1b");
        Pe& pe = *m.pe[0];
        m.reset(0, kCode);
        pe.sys.vbar = kCode;
        pe.r[0] = rng();
        pe.r[1] = kTables + (rng() & 0xffff'0000'0000'3fff);
        pe.r[2] = rng();
        pe.r[3] = rng();
        pe.r[4] = rng() | 1;
        pe.r[5] = rng();
        pe.r[6] = kTables;  // it walks over its own tables
        run_anything(m, 100'000);
    }
}

TEST(Robustness, GuestOverwritesTheTablesItRunsOn) {
    Machine m;
    m.build_identity();
    m.load(kCode, "mov x0, #0x40100000; 1: str x1, [x0], #8; b 1b");
    m.reset(0);
    m.pe[0]->sys.vbar = 0x5000'0000;
    m.enable_mmu(0);
    run_anything(m, 500'000);
    EXPECT_GT(m.pe[0]->abort_loop, 100u);
}

TEST(Robustness, StopRequestEndsAnEndlessLoop) {
    Machine m;
    m.load(kCode, "b .");
    EXPECT_EQ(m.run(0, 1000), Exit::kLimit);
    m.pe[0]->stop_requested = true;
    EXPECT_EQ(m.run(0, 1'000'000), Exit::kStop);
}

}  // namespace
}  // namespace bbmsim::cpu::test
