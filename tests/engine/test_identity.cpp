// SPDX-License-Identifier: Apache-2.0
// The filter changes no figure: random guest programs, run with it and without, end in the same state to the cycle.
#include "models/memory/private_caches.hpp"
#include "tests/engine/machine.hpp"

#include <gtest/gtest.h>

#include <random>

namespace bbmsim::cpu::test {
namespace {

// Loads, stores, atomics, exclusives, ZVA, table changes, TLBIs and branches over a few dozen pages of mixed kinds, at
// EL1, with vectors that step over what faults.
std::vector<u32> random_program(u64 seed, unsigned blocks) {
    std::mt19937_64 rng(seed);
    const auto pick = [&](unsigned n) { return static_cast<unsigned>(rng() % n); };
    std::string text = "mov x28, #0x40200000; ldr x26, =0x9e3779b97f4a7c15; mov x27, #12345; mov x29, #" +
                       std::to_string(40 + pick(40)) + "\n1:\n";
    for (unsigned i = 0; i < blocks; ++i) {
        // x10: an address in one of 64 pages; x11: data
        text += "mul x27, x27, x26; add x27, x27, #1; lsr x10, x27, #46; add x10, x28, x10";
        if (pick(4)) text += "; and x10, x10, #~63";
        text += "\n";
        switch (pick(16)) {
            case 0:
            case 1: text += "ldr x11, [x10]\n"; break;
            case 2:
            case 3: text += "str x11, [x10]\n"; break;
            case 4: text += "ldp x11, x12, [x10]\n"; break;
            case 5: text += "stp x11, x27, [x10]\n"; break;
            case 6: text += "ldrb w11, [x10]; strh w11, [x10]\n"; break;
            case 7: text += "ldadd x27, x11, [x10]\n"; break;
            case 8: text += "ldxr x11, [x10]; stxr w12, x27, [x10]\n"; break;
            case 9: text += "dc zva, x10\n"; break;
            case 10: text += "ldtr x11, [x10]; sttr x11, [x10]\n"; break;
            case 11: text += "lsr x12, x10, #12; tlbi vaae1, x12; dsb nsh; isb\n"; break;
            case 12:  // flip the read-only bit of a page, without a TLBI: stale entries stay in use
                text +=
                    "ubfx x12, x10, #12, #6; add x12, x20, x12, lsl #3; ldr x13, [x12]; eor x13, x13, #0x80; str x13, "
                    "[x12]\n";
                break;
            case 13: text += pick(2) ? "msr pan, #1\n" : "msr pan, #0\n"; break;
            case 14: text += "add x13, x10, #4090; ldr x11, [x13]; str x11, [x13]\n"; break;
            case 15: text += "tbz x27, #40, 9f; add x14, x14, #1; 9:\n"; break;
        }
    }
    text += "subs x29, x29, #1; b.eq 8f; b 1b\n8: hvc #99\n";
    return assemble(text);
}

struct Figures {
    std::array<u64, 34> r{};
    u64 pc = 0, cycles = 0, instructions = 0, loads = 0, stores = 0, exceptions = 0, l1_misses = 0, l2_misses = 0;
    std::array<u64, 6> cost{};
    std::vector<u64> tlb;
    u64 memory = 0, violations = 0, hazards = 0;
    bool operator==(const Figures&) const = default;
};

Figures run(const std::vector<u32>& program, bool filter, mmu::Policy policy, unsigned pes) {
    Options options{.pes = pes, .filter = filter};
    options.config.mmu.l1d_tlb = {8, 8, policy, 0, 48};
    options.config.mmu.l1i_tlb = {4, 4, policy, 0, 48};
    options.config.mmu.l2_tlb = {32, 4, policy, 5, 48};
    options.config.cache.l1d_bytes = 4096;
    options.config.cache.l2_bytes = 16384;
    Machine m(options);
    m.build_identity();
    for (u64 i = 0; i < 64; ++i)
        m.map(kData + i * kPageBytes, kData + i * kPageBytes,
              kKernelPage | kPxn | kUxn | (i % 3 == 0 ? kUser : 0) | (i % 5 == 0 ? kReadOnly : 0) |
                  (i % 7 == 0 ? kNotGlobal : 0));
    m.load(kCode, program);
    // Vectors: step over the instruction that faulted.
    for (unsigned i = 0; i < 16; ++i)
        m.load(kVectors + 0x80 * i,
               "mrs x15, elr_el1; add x15, x15, #4; msr elr_el1, x15; mrs x15, esr_el1; eor x16, x16, x15; eret");
    Pe& pe = *m.pe[0];
    pe.sys.vbar = kVectors;
    pe.r[20] = m.descriptor_pa(kData);
    m.enable_mmu(0);
    EXPECT_EQ(m.run(0, 50'000'000), Exit::kOff);
    if (filter)
        EXPECT_GT(pe.filter_data_hits, 0u);
    else
        EXPECT_EQ(pe.filter_data_hits + pe.filter_fetch_hits, 0u);

    Figures f;
    f.r = pe.r;
    f.pc = pe.pc;
    f.cycles = pe.cycles;
    f.instructions = pe.instructions;
    f.loads = pe.loads;
    f.stores = pe.stores;
    f.exceptions = pe.exceptions;
    f.cost = pe.costs();
    f.l1_misses = m.engine[0]->caches().l1_misses;
    f.l2_misses = m.engine[0]->caches().l2_misses;
    const mmu::MmuStats& s = m.mmu[0]->stats;
    f.tlb = {s.l1i_accesses + pe.filter_fetch_hits,
             s.l1i_misses,
             s.l1d_accesses + pe.filter_data_hits,
             s.l1d_misses,
             s.l2_accesses,
             s.l2_misses,
             s.walk_cache_hits,
             s.walks,
             s.walk_reads,
             s.walk_cycles,
             s.fills,
             s.evictions,
             s.conflicts,
             s.stale_uses,
             s.hw_af_updates,
             s.hw_dirty_updates,
             s.entries_invalidated};
    for (u64 at = kData; at < kData + 65 * kPageBytes; at += 8) f.memory = f.memory * 31 + m.read64(at);
    f.violations = m.checker->violations().size();
    f.hazards = m.checker->hazards().size();
    u64 sum = 0;
    for (const u64 c : f.cost) sum += c;
    EXPECT_EQ(sum, f.cycles);
    return f;
}

TEST(FilterIdentity, RandomProgramsGiveEqualFiguresUnderEveryPolicy) {
    const mmu::Policy policies[] = {mmu::Policy::kFifo, mmu::Policy::kRandom, mmu::Policy::kNru, mmu::Policy::kPlru,
                                    mmu::Policy::kLru};
    for (u64 seed = 1; seed <= 20; ++seed) {
        const auto program = random_program(seed, 120);
        const mmu::Policy policy = policies[seed % 5];
        const Figures with = run(program, true, policy, 1 + seed % 2);
        const Figures without = run(program, false, policy, 1 + seed % 2);
        EXPECT_EQ(with.r, without.r) << "seed " << seed;
        EXPECT_EQ(with.cycles, without.cycles) << "seed " << seed;
        EXPECT_EQ(with.tlb, without.tlb) << "seed " << seed;
        EXPECT_EQ(with.l1_misses, without.l1_misses) << "seed " << seed;
        ASSERT_TRUE(with == without) << "seed " << seed;
        EXPECT_GT(with.exceptions, 0u);
    }
}

TEST(FilterIdentity, SameSeedSameRun) {
    const auto program = random_program(99, 150);
    EXPECT_TRUE(run(program, true, mmu::Policy::kRandom, 1) == run(program, true, mmu::Policy::kRandom, 1));
}

}  // namespace
}  // namespace bbmsim::cpu::test
