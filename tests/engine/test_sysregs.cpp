// SPDX-License-Identifier: Apache-2.0
// System registers: access rules, traps of EL0, ID registers against the configuration, timers, PMU, probes, trace.
#include "models/cpu/system_registers.hpp"
#include "tests/engine/machine.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace bbmsim::cpu::test {
namespace {

u64 run_and_read(const std::string& program, const CoreConfig& config = {}, unsigned reg = 1) {
    Machine m({.config = config});
    m.load(kCode, program + "; hvc #99");
    m.load_stop_vectors();
    EXPECT_EQ(m.run(), Exit::kOff) << program;
    EXPECT_EQ(m.pe[0]->r[25], 0u) << program << " took an exception, ESR " << std::hex << m.pe[0]->r[20];
    return m.pe[0]->r[reg];
}

// ESR of the one exception that the program takes at EL0 (with the given SCTLR bits set) or at EL1.
u64 esr_of(const std::string& body, bool el0, u64 sctlr = 0, const CoreConfig& config = {}) {
    Machine m({.config = config});
    m.load(kCode, (el0 ? "adr x0, 1f; msr elr_el1, x0; msr spsr_el1, xzr; eret\n1: " : "") + body + "; svc #0x77");
    m.load_stop_vectors();
    m.pe[0]->sys.sctlr |= sctlr;
    EXPECT_EQ(m.run(), Exit::kOff) << body;
    return m.pe[0]->r[20];
}
bool passes(u64 esr) { return (esr & 0xffff) == 0x77 && esr >> 26 == 0x15; }
bool undefined(u64 esr) { return esr >> 26 == 0; }
bool trapped(u64 esr) { return esr >> 26 == 0x18; }

TEST(SystemRegisters, EveryEncodingIsDeclaredOnceAndReadBackFollowsTheTable) {
    std::set<u32> seen;
    for (const SystemRegister& r : system_registers()) EXPECT_TRUE(seen.insert(r.id).second) << r.name;
    EXPECT_EQ(find_system_register("ttbr1_el1"), Engine::sysreg_id(3, 0, 2, 0, 1));
    EXPECT_FALSE(find_system_register("ttbr2_el1"));
}

TEST(SystemRegisters, EveryReadableRegisterReadsAtEl1AndNoOtherExists) {
    // All 2^15 MRS encodings with op0 = 2, 3: exactly the declared ones and the reserved ID space do not fault.
    Machine m;
    m.load_stop_vectors();
    Pe& pe = *m.pe[0];
    for (u32 id = 2 << 14; id < 4u << 14; ++id) {
        const SystemRegister* r = find_system_register(id);
        if (r && (r->flags & kGic)) continue;
        m.load(kCode, std::vector<u32>{0xd5200001u | id << 5, 0xd4000c62});  // mrs x1, ...; hvc #99
        m.reset(0);
        pe.sys.vbar = kVectors;
        pe.sys.cpacr = u64{3} << 20;
        ASSERT_EQ(m.run(), Exit::kOff);
        const bool exists = r ? (r->el1 & kReadable) && !(r->feature && !(m.engine[0]->config().features.*r->feature))
                              : reserved_id_space(id);
        ASSERT_EQ(pe.r[25] == 0, exists) << (r ? r->name : "unnamed") << " id " << std::hex << id;
    }
}

TEST(SystemRegisters, IdRegistersSayWhatTheConfigurationSays) {
    CoreConfig c;
    c.mmu.bbml = 2;
    c.mmu.pa_bits = 44;
    c.mmu.granule_16k = false;
    EXPECT_EQ((run_and_read("mrs x1, id_aa64mmfr2_el1", c) >> 52) & 0xf, 2u);
    const u64 mmfr0 = run_and_read("mrs x1, id_aa64mmfr0_el1", c);
    EXPECT_EQ(mmfr0 & 0xf, 4u);
    EXPECT_EQ((mmfr0 >> 4) & 0xf, 2u);
    EXPECT_EQ((mmfr0 >> 20) & 0xf, 0u);
    EXPECT_EQ((mmfr0 >> 28) & 0xf, 0u);
    EXPECT_EQ((run_and_read("mrs x1, id_aa64pfr0_el1", c) >> 16) & 0xff, 0x11u);  // FP and Advanced SIMD with halves
    EXPECT_EQ((run_and_read("mrs x1, id_aa64isar0_el1", c) >> 56) & 0xf, 2u);
    EXPECT_EQ(run_and_read("mrs x1, id_pfr0_el1", c), 0u);   // no AArch32
    EXPECT_EQ(run_and_read("mrs x1, s3_0_c0_c7_6", c), 0u);  // reserved
}

TEST(SystemRegisters, AFeatureThatIsNotAdvertisedIsNotThere) {
    CoreConfig c;
    visit_fields(c.features, [](const char*, bool& f) { f = false; });
    c.mmu.tlbirange = c.mmu.hafdbs_af = c.mmu.hafdbs_dirty = false;
    EXPECT_EQ(run_and_read("mrs x1, id_aa64mmfr1_el1", c), 0x1000u);  // HPDS alone
    EXPECT_EQ(run_and_read("mrs x1, id_aa64isar0_el1", c), 0u);
    EXPECT_EQ(run_and_read("mrs x1, id_aa64isar1_el1", c), 0u);
    EXPECT_EQ(run_and_read("mrs x1, id_aa64mmfr2_el1", c), 0u);
    for (const char* gone : {"mrs x1, apiakeylo_el1", "mrs x1, pan", "mrs x1, uao", "mrs x1, dit", "mrs x1, ssbs",
                             "msr pan, #1", "msr uao, #1", "msr dit, #1", "msr ssbs, #1", "sb", "casal x1, x2, [sp]",
                             "tlbi vmalle1os", "tlbi rvae1is, x1", "dc cvap, x1", "cfp rctx, x1", "at s1e1rp, x1"})
        EXPECT_TRUE(undefined(esr_of(gone, false, 0, c))) << gone;
    EXPECT_TRUE(passes(esr_of("bti c; paciasp; csdb; hint #77", false, 0, c)));
}

TEST(SystemRegisters, MidrMpidrAndCacheGeometry) {
    const CoreConfig& x4 = *find_preset("cortex-x4");
    EXPECT_EQ(run_and_read("mrs x1, midr_el1", x4), 0x410fd823u);
    EXPECT_EQ(run_and_read("mrs x1, mpidr_el1", x4), 0x80000000u);
    EXPECT_EQ(run_and_read("mrs x1, dczid_el0", x4), 4u);
    EXPECT_EQ((run_and_read("mrs x1, ctr_el0", x4) >> 16) & 0xf, 4u);
    EXPECT_EQ(run_and_read("mov x0, #2; msr csselr_el1, x0; isb; mrs x1, ccsidr_el1", x4),
              2u | (8 - 1) << 3 | (2048 * 1024 / 64 / 8 - 1) << 13);
}

TEST(SystemRegisters, El0IsKeptOutOfEl1sRegisters) {
    for (const char* access :
         {"mrs x1, ttbr0_el1", "msr vbar_el1, x1", "mrs x1, midr_el1", "mrs x1, id_aa64isar0_el1", "msr spsel, #1",
          "msr pan, #1", "tlbi vmalle1", "at s1e1r, x1", "ic iallu", "dc ivac, x1", "dc isw, x1", "eret", "hvc #0",
          "smc #0", "mrs x1, icc_iar1_el1", "msr tpidrro_el0, x1"})
        EXPECT_TRUE(undefined(esr_of(access, true))) << access;
    for (const char* access :
         {"mrs x1, tpidr_el0; msr tpidr_el0, x1", "mrs x1, tpidrro_el0", "mrs x1, nzcv", "mrs x1, dczid_el0"})
        EXPECT_TRUE(passes(esr_of(access, true))) << access;
}

TEST(SystemRegisters, TrapsOfEl0FollowTheirEnableBits) {
    struct Case {
        const char* text;
        u64 enable;
    };
    for (const Case& c : {Case{"mrs x3, ctr_el0", u64{1} << 15}, Case{"mrs x3, daif", u64{1} << 9},
                          Case{"msr daifset, #2", u64{1} << 9}, Case{"adr x3, .; dc cvac, x3", u64{1} << 26},
                          Case{"adr x3, .; dc civac, x3", u64{1} << 26}, Case{"adr x3, .; ic ivau, x3", u64{1} << 26},
                          Case{"cfp rctx, x3", u64{1} << 10}}) {
        CoreConfig with;
        with.features.specres = true;
        EXPECT_TRUE(trapped(esr_of(c.text, true, 0, with))) << c.text;
        EXPECT_TRUE(passes(esr_of(c.text, true, c.enable, with))) << c.text;
    }
}

TEST(SystemRegisters, TrapIssNamesTheAccess) {
    const u64 esr = esr_of("mrs x7, ctr_el0", true);
    EXPECT_EQ(esr & 0x1ffffff, 3u << 20 | 1u << 17 | 3u << 14 | 0u << 10 | 7u << 5 | 0u << 1 | 1u);
}

TEST(SystemRegisters, WfeAndWfiTrapAtEl0) {
    EXPECT_EQ(esr_of("wfi", true) & 0xfe000003, (u64{1} << 26) | (1 << 25));
    EXPECT_EQ(esr_of("wfe", true) & 0xfe000003, (u64{1} << 26) | (1 << 25) | 1);
    EXPECT_TRUE(passes(esr_of("sevl; wfe", true)));
}

TEST(SystemRegisters, TimerAccessAtEl0) {
    EXPECT_TRUE(trapped(esr_of("mrs x1, cntvct_el0", true)));
    EXPECT_TRUE(passes(esr_of(
        "mov x0, #2; msr cntkctl_el1, x0; adr x0, 1f; msr elr_el1, x0; msr spsr_el1, xzr; eret; 1: mrs x1, cntvct_el0",
        false)));
    EXPECT_TRUE(
        trapped(esr_of("mov x0, #2; msr cntkctl_el1, x0; adr x0, 1f; msr elr_el1, x0; msr spsr_el1, xzr; eret; 1: mrs "
                       "x1, cntv_ctl_el0",
                       false)));
}

TEST(SystemRegisters, EachTimerRegisterHasItsBitOfCntkctl) {
    constexpr const char* kAtEl0 = "msr cntkctl_el1, x0; adr x0, 1f; msr elr_el1, x0; msr spsr_el1, xzr; eret; 1: ";
    const std::vector<std::pair<unsigned, std::vector<std::string>>> bits = {
        {0x001, {"mrs x1, cntpct_el0"}},
        {0x002, {"mrs x1, cntvct_el0"}},
        {0x003, {"mrs x1, cntfrq_el0"}},
        {0x100, {"mrs x1, cntv_ctl_el0", "msr cntv_ctl_el0, xzr", "mrs x1, cntv_cval_el0", "msr cntv_tval_el0, xzr"}},
        {0x200, {"mrs x1, cntp_ctl_el0", "msr cntp_ctl_el0, xzr", "mrs x1, cntp_cval_el0", "msr cntp_tval_el0, xzr"}}};
    for (const auto& [bit, accesses] : bits) {
        for (const std::string& access : accesses) {
            const auto with = [&](unsigned value) {
                return esr_of("mov x0, #" + std::to_string(value) + "; " + kAtEl0 + access, false);
            };
            EXPECT_TRUE(passes(with(bit))) << access;
            EXPECT_TRUE(trapped(with(0x303 & ~bit))) << access;
        }
    }
}

TEST(SystemRegisters, TimersTellThePlatformAndComputeTheirStatus) {
    Machine m;
    m.load(kCode,
           "mov x0, #1000; 1: subs x0, x0, #1; b.ne 1b; mov x0, #1; msr cntv_ctl_el0, x0; mov x0, #-5; msr "
           "cntv_tval_el0, x0; mrs x1, cntv_ctl_el0;"
           "mov x0, #0x7000; msr cntv_tval_el0, x0; mrs x2, cntv_ctl_el0; mrs x3, cntv_tval_el0; hvc #99");
    ASSERT_EQ(m.run(), Exit::kOff);
    EXPECT_EQ(m.platform->timer_writes, 3u);
    EXPECT_EQ(m.pe[0]->r[1], 5u);
    EXPECT_EQ(m.pe[0]->r[2], 1u);
    EXPECT_NEAR(static_cast<double>(m.pe[0]->r[3]), 0x7000, 16);
    EXPECT_FALSE(m.platform->unsynced_call);
}

TEST(SystemRegisters, GicRegistersAreForwarded) {
    Machine m;
    m.platform->icc[Engine::sysreg_id(3, 0, 4, 6, 0)] = 0;
    m.load(kCode, "mov x0, #0xf0; msr icc_pmr_el1, x0; mrs x1, icc_pmr_el1; mrs x2, icc_ap1r3_el1; hvc #99");
    m.load_stop_vectors();
    ASSERT_EQ(m.run(), Exit::kOff);
    EXPECT_EQ(m.pe[0]->r[1], 0xf0u);
    EXPECT_EQ(m.pe[0]->r[25], 1u);  // the platform does not know the last one
    EXPECT_FALSE(m.platform->unsynced_call);
}

TEST(SystemRegisters, CycleCounterCountsWhileEnabled) {
    const char* text =
        "mov x0, #0x80000000; msr pmcntenset_el0, x0; mov x0, #5; msr pmcr_el0, x0; isb; mrs x2, pmccntr_el0;"
        "mov x3, #100; 1: subs x3, x3, #1; b.ne 1b; mrs x4, pmccntr_el0; msr pmcr_el0, xzr; mrs x5, pmccntr_el0;"
        "nop; nop; nop; nop; nop; nop; nop; nop; mrs x6, pmccntr_el0; sub x1, x4, x2; sub x7, x6, x5";
    EXPECT_GE(run_and_read(text), 100u);
    EXPECT_EQ(run_and_read(text, {}, 7), 0u);
}

TEST(SystemRegisters, DebugRegistersAreStorage) {
    EXPECT_EQ(run_and_read("mov x0, #0x1234; msr dbgbvr5_el1, x0; msr dbgwvr3_el1, xzr; mrs x1, dbgbvr5_el1"), 0x1234u);
    EXPECT_TRUE(undefined(esr_of("mrs x1, dbgbvr6_el1", false)));
    EXPECT_EQ(run_and_read("msr oslar_el1, xzr; mrs x1, oslsr_el1"), 8u);
}

TEST(SystemRegisters, SpEl0IsUndefinedWhileInUse) {
    EXPECT_TRUE(undefined(esr_of("msr spsel, #0; mrs x1, sp_el0", false)));
    EXPECT_EQ(run_and_read("mov x0, #0x40; msr sp_el0, x0; mrs x1, sp_el0"), 0x40u);
}

TEST(Probes, AreToldBeforeTheInstructionWithExactCounts) {
    Machine m;
    m.load(kCode, "mov x1, #1; mov x2, #2; mov x3, #3; 1: add x1, x1, #1; cmp x1, #4; b.ne 1b; hvc #99");
    const u64 probes[] = {kCode + 8, kCode + 12};
    m.engine[0]->set_probes(probes);
    ASSERT_EQ(m.run(), Exit::kOff);
    const std::vector<std::pair<u64, u64>> expected = {
        {kCode + 8, 2}, {kCode + 12, 3}, {kCode + 12, 6}, {kCode + 12, 9}};
    EXPECT_EQ(m.platform->probes, expected);
    EXPECT_EQ(m.pe[0]->r[3], 3u);
    EXPECT_EQ(m.pe[0]->instructions, 3u + 9u + 1u);
}

TEST(Probes, AtAnInstructionThatWaitsAreToldOnce) {
    Machine m;
    m.platform->deliver_tlbis = false;
    m.load(kCode, "tlbi vmalle1is; dsb ish; hvc #99");
    const u64 probes[] = {kCode + 4};
    m.engine[0]->set_probes(probes);
    ASSERT_EQ(m.run(), Exit::kOff);
    EXPECT_EQ(m.platform->probes.size(), 1u);
}

TEST(Trace, EmitsEveryInstructionAndChangesNoFigure) {
    const char* text =
        "mov x0, #20; mov x3, #0x40200000; 1: str x0, [x3]; ldr x1, [x3], #8; subs x0, x0, #1; b.ne 1b; hvc #99";
    Machine plain, traced;
    Recorder recorder;
    traced.bus.attach(&recorder, u64{1} << static_cast<unsigned>(EventKind::kInstruction));
    traced.engine[0]->set_trace(true);
    for (Machine* m : {&plain, &traced}) {
        m->load(kCode, text);
        ASSERT_EQ(m->run(), Exit::kOff);
    }
    EXPECT_EQ(plain.pe[0]->cycles, traced.pe[0]->cycles);
    EXPECT_EQ(plain.pe[0]->instructions, traced.pe[0]->instructions);
    // The HVC leaves for board time once and is seen twice.
    ASSERT_EQ(recorder.events.size(), traced.pe[0]->instructions + 1);
    EXPECT_EQ(recorder.events[2].pc, kCode + 8);
    EXPECT_EQ(recorder.events[2].a, 0xf9000060u);
}

TEST(Presets, AreSoundAndDistinct) {
    std::set<std::string> names;
    std::set<u64> midrs;
    for (const CoreConfig& c : presets()) {
        EXPECT_TRUE(names.insert(c.name).second) << c.name;
        EXPECT_TRUE(midrs.insert(c.midr).second) << c.name;
        EXPECT_FALSE(c.source.empty()) << c.name;
        for (const std::string& line : validate(c)) ADD_FAILURE() << c.name << ": " << line;
    }
    EXPECT_GE(names.size(), 18u);
    EXPECT_EQ(find_preset("cortex-x4")->mmu.bbml, 2u);
    EXPECT_TRUE(find_preset("cortex-x4")->mmu.conflict_free);
    EXPECT_EQ(find_preset("cortex-a720")->mmu.bbml, 0u);
    EXPECT_EQ(find_preset("cortex-x1000"), nullptr);
}

TEST(Presets, ValidationNamesTheField) {
    CoreConfig c;
    c.timing.load = -1;
    c.mmu.l2_tlb.ways = 5;
    c.cache.l1d_ways = 3;
    c.features.xs = true;
    c.features.tlbios = false;
    const auto lines = validate(c);
    const auto has = [&](const std::string& text) {
        for (const auto& l : lines)
            if (l.find(text) != std::string::npos) return true;
        return false;
    };
    EXPECT_TRUE(has("timing.load=-1"));
    EXPECT_TRUE(has("mmu.l2_tlb.ways=5"));
    EXPECT_TRUE(has("cache.l1d_ways=3"));
    EXPECT_TRUE(has("features.tlbios"));
}

}  // namespace
}  // namespace bbmsim::cpu::test
