// SPDX-License-Identifier: Apache-2.0
// ID registers tell the truth, for every preset, in both directions: where a field has at least the value of a line
// below, the line's instruction executes; where it has less, the instruction is UNDEFINED. Features of which the model
// has nothing (SVE, MTE, ...) are in the list as well: their fields must be 0 everywhere, and what they would bring
// UNDEFINED.
#include "models/cpu/core_config.hpp"
#include "models/cpu/system_registers.hpp"
#include "tests/engine/machine.hpp"

#include <gtest/gtest.h>

namespace bbmsim::cpu::test {
namespace {

struct Line {
    const char* id;  // register
    unsigned lsb;
    u64 least;  // as an unsigned field; 0xf of a signed one is none
    const char* use;
    bool is_signed = false;
};

// .inst where the assembler of Debian 12 needs an extension that others lines' spelling would lose.
constexpr Line kLines[] = {
    {"id_aa64pfr0_el1", 16, 0, "fadd s0, s1, s2", true},
    {"id_aa64pfr0_el1", 16, 1, "fadd h0, h1, h2", true},
    {"id_aa64pfr0_el1", 20, 0, "add v0.4s, v1.4s, v2.4s", true},
    {"id_aa64pfr0_el1", 20, 1, "fadd v0.8h, v1.8h, v2.8h", true},
    {"id_aa64pfr0_el1", 28, 1, "mrs x1, disr_el1"},
    {"id_aa64pfr0_el1", 28, 1, "mrs x1, erridr_el1"},
    {"id_aa64pfr0_el1", 32, 1, "rdvl x0, #1"},            // SVE
    {"id_aa64pfr0_el1", 40, 1, "mrs x1, s3_0_c10_c5_0"},  // MPAM
    {"id_aa64pfr0_el1", 44, 1, "mrs x1, s3_3_c13_c2_0"},  // AMU
    {"id_aa64pfr0_el1", 48, 1, "mrs x1, dit"},
    {"id_aa64pfr0_el1", 48, 1, "msr dit, #1"},
    {"id_aa64pfr1_el1", 4, 2, "mrs x1, ssbs"},
    {"id_aa64pfr1_el1", 4, 2, "msr ssbs, #1"},
    {"id_aa64pfr1_el1", 8, 1, "addg x0, x1, #0, #0"},  // MTE
    {"id_aa64pfr1_el1", 8, 2, "mrs x1, tco"},
    {"id_aa64pfr1_el1", 24, 1, ".inst 0xd503417f"},  // SME: SMSTOP
    {"id_aa64dfr0_el1", 8, 1, "mrs x1, pmccntr_el0"},
    {"id_aa64dfr0_el1", 8, 1, "mrs x1, pmceid1_el0"},
    {"id_aa64dfr0_el1", 8, 4, "mrs x1, s3_0_c9_c14_6"},  // PMMIR_EL1, PMUv3 for Armv8.4 (6)
    {"id_aa64dfr0_el1", 12, 1, "mrs x1, dbgbcr1_el1"},
    {"id_aa64dfr0_el1", 12, 5, "mrs x1, dbgbcr5_el1"},
    {"id_aa64dfr0_el1", 12, 6, "mrs x1, dbgbcr6_el1"},
    {"id_aa64dfr0_el1", 20, 3, "mrs x1, dbgwvr3_el1"},
    {"id_aa64dfr0_el1", 20, 4, "mrs x1, dbgwvr4_el1"},
    {"id_aa64dfr0_el1", 32, 1, "mrs x1, s3_0_c9_c9_0"},   // SPE: PMSCR_EL1
    {"id_aa64dfr0_el1", 40, 1, "mrs x1, s3_0_c1_c2_1"},   // TRF: TRFCR_EL1
    {"id_aa64dfr0_el1", 44, 1, "mrs x1, s3_0_c9_c11_0"},  // TRBE: TRBLIMITR_EL1
    {"id_aa64isar0_el1", 4, 1, "aese v0.16b, v1.16b"},
    {"id_aa64isar0_el1", 4, 2, "pmull v0.1q, v1.1d, v2.1d"},
    {"id_aa64isar0_el1", 8, 1, "sha1h s0, s1"},
    {"id_aa64isar0_el1", 12, 1, "sha256h q0, q1, v2.4s"},
    {"id_aa64isar0_el1", 12, 2, "sha512h q0, q1, v2.2d"},
    {"id_aa64isar0_el1", 16, 1, "crc32cx w0, w1, x2"},
    {"id_aa64isar0_el1", 20, 2, "ldadd x0, x1, [sp]"},
    {"id_aa64isar0_el1", 20, 2, "casp x0, x1, x2, x3, [sp]"},
    {"id_aa64isar0_el1", 24, 1, ".inst 0xd5233060"},  // TME: TSTART
    {"id_aa64isar0_el1", 28, 1, "sqrdmlah v0.4s, v1.4s, v2.4s"},
    {"id_aa64isar0_el1", 32, 1, "eor3 v0.16b, v1.16b, v2.16b, v3.16b"},
    {"id_aa64isar0_el1", 36, 1, ".inst 0xce63c004"},  // SM3: SM3PARTW1
    {"id_aa64isar0_el1", 40, 1, ".inst 0xcec08400"},  // SM4: SM4E
    {"id_aa64isar0_el1", 44, 1, "sdot v0.4s, v1.16b, v2.16b"},
    {"id_aa64isar0_el1", 48, 1, ".inst 0x0e22ec20"},  // FHM: FMLAL
    {"id_aa64isar0_el1", 52, 1, "cfinv"},
    {"id_aa64isar0_el1", 52, 2, "axflag"},
    {"id_aa64isar0_el1", 56, 1, "tlbi vmalle1os"},
    {"id_aa64isar0_el1", 56, 2, "tlbi rvae1is, x1"},
    {"id_aa64isar0_el1", 60, 1, "mrs x1, s3_3_c2_c4_0"},  // RNDR
    {"id_aa64isar1_el1", 0, 1, "dc cvap, x1"},
    {"id_aa64isar1_el1", 0, 2, "dc cvadp, x1"},
    {"id_aa64isar1_el1", 4, 1, "pacia x0, x1"},
    {"id_aa64isar1_el1", 4, 1, "mrs x1, apiakeylo_el1"},
    {"id_aa64isar1_el1", 12, 1, ".inst 0x1e7e0020"},  // FJCVTZS
    {"id_aa64isar1_el1", 16, 1, ".inst 0x6e82c420"},  // FCMA: FCMLA
    {"id_aa64isar1_el1", 20, 1, "ldapr x0, [sp]"},
    {"id_aa64isar1_el1", 20, 2, "stlur x0, [sp]"},
    {"id_aa64isar1_el1", 24, 1, "pacga x0, x1, x2"},
    {"id_aa64isar1_el1", 32, 1, ".inst 0x1e284020"},  // FRINT32Z
    {"id_aa64isar1_el1", 36, 1, "sb"},
    {"id_aa64isar1_el1", 40, 1, "cfp rctx, x1"},
    {"id_aa64isar1_el1", 44, 1, ".inst 0x6e42ec20"},       // BF16: BFMMLA
    {"id_aa64isar1_el1", 52, 1, ".inst 0x4e82a420"},       // I8MM: SMMLA
    {"id_aa64isar1_el1", 56, 1, ".inst 0xd508931f"},       // XS: TLBI VMALLE1ISNXS, 0b1001 for CRn
    {"id_aa64isar1_el1", 60, 1, ".inst 0xf83fd3e0"},       // LS64: LD64B
    {"id_aa64isar2_el1", 0, 2, ".inst 0xd5031000"},        // WFXT: WFET
    {"id_aa64isar2_el1", 16, 1, ".inst 0x19010440"},       // MOPS: CPYFP
    {"id_aa64isar2_el1", 52, 1, ".inst 0xdac02020"},       // CSSC: ABS
    {"id_aa64mmfr0_el1", 60, 1, "mrs x1, s3_3_c14_c0_5"},  // ECV: CNTPCTSS
    {"id_aa64mmfr1_el1", 8, 1, "mrs x1, s3_4_c1_c0_0"},    // no EL2
    {"id_aa64mmfr1_el1", 16, 1, "mrs x1, s3_0_c10_c4_7"},  // LO: LORID_EL1
    {"id_aa64mmfr1_el1", 20, 1, "msr pan, #1"},
    {"id_aa64mmfr1_el1", 20, 2, "at s1e1rp, x1"},
    {"id_aa64mmfr2_el1", 4, 1, "msr uao, #1"},
    {"id_aa64mmfr2_el1", 20, 1, "mrs x1, s3_1_c0_c0_2"},  // CCIDX: CCSIDR2_EL1
    {"id_aa64mmfr3_el1", 0, 1, "mrs x1, s3_0_c2_c0_3"},   // TCRX: TCR2_EL1
    {"id_aa64mmfr3_el1", 8, 1, "mrs x1, s3_0_c10_c2_3"},  // S1PIE: PIR_EL1
};

u64 id_register(const CoreConfig& config, const std::string& name) {
    Machine m({.config = config});
    return m.engine[0]->read_sysreg(*find_system_register(name));
}

bool advertised(const CoreConfig& config, const Line& line) {
    const u64 value = id_register(config, line.id) >> line.lsb & 15;
    return line.is_signed && value == 15 ? false : value >= line.least;
}

std::string text_of(const Line& line) {
    return std::string(".arch armv8.5-a+crypto+sha3+fp16+memtag+sve\n") + line.use + "; svc #0x77";
}

bool executes(const CoreConfig& config, const Line& line) {
    Machine m({.config = config});
    m.load(kCode, text_of(line));
    m.load_stop_vectors();
    Pe& pe = *m.pe[0];
    pe.sys.cpacr = u64{3} << 20;
    pe.r[kRegSp] = kData;
    EXPECT_EQ(m.run(), Exit::kOff) << line.use;
    EXPECT_TRUE(pe.r[20] >> 26 == 0x15 || pe.r[20] >> 26 == 0) << line.use << ": ESR " << std::hex << pe.r[20];
    return pe.r[20] >> 26 == 0x15;
}

TEST(IdRegisters, SayWhatExecutesOnEveryPresetAndNoMore) {
    for (const CoreConfig& config : presets())
        for (const Line& line : kLines)
            EXPECT_EQ(executes(config, line), advertised(config, line))
                << config.name << ": " << line.id << "[" << line.lsb << "] >= " << line.least << ", " << line.use;
}

TEST(IdRegisters, EachFeatureOfTheConfigurationIsSeenByALine) {
    // With one feature off, and what needs it, no line may disagree.
    CoreConfig all;
    visit_fields(all.features, [](const char*, bool& f) { f = true; });
    all.features.fhm = all.features.fcma = false;
    visit_fields(all.features, [&](const char* name, bool&) {
        CoreConfig config = all;
        visit_fields(config.features, [&](const char* other, bool& f) { f = std::string(name) == other ? false : f; });
        if (!config.features.tlbios) config.mmu.tlbirange = config.features.xs = false;
        while (!validate(config).empty()) {  // drops what needs it, one at a time
            const std::string problem = validate(config).front();
            const auto from = problem.find("features.") + 9;
            ASSERT_NE(problem.find("features."), std::string::npos) << problem;
            const std::string dependent = problem.substr(from, problem.find('=') - from);
            visit_fields(config.features, [&](const char* other, bool& f) { f = dependent == other ? false : f; });
        }
        for (const Line& line : kLines)
            EXPECT_EQ(executes(config, line), advertised(config, line)) << "without " << name << ": " << line.use;
    });
}

TEST(IdRegisters, FieldsThatNoLineKnowsAreTheOnesOfTheMmu) {
    // What else is set has its test in tests/mmu or beside its PSTATE field, and is named here.
    const std::map<std::string, u64> others = {
        {"id_aa64pfr0_el1", 0xff00'0000'0f00'00ff},  // EL0, EL1, GIC, CSV2, CSV3
        {"id_aa64pfr1_el1", 0xf},                    // BT
        {"id_aa64dfr0_el1", 0xf000'000f},            // debug architecture, context-aware breakpoints
        {"id_aa64isar1_el1", 0},
        {"id_aa64mmfr0_el1", 0xfff0'00ff},            // PARange, ASIDBits, granules
        {"id_aa64mmfr1_el1", 0xf0'0000'f00f},         // HAFDBS, HPDS, ETS
        {"id_aa64mmfr2_el1", 0xf0ff'0000'0000'000f},  // CnP, TTL, BBM, E0PD
    };
    for (const CoreConfig& config : presets())
        for (const char* id : {"id_aa64pfr0_el1", "id_aa64pfr1_el1", "id_aa64dfr0_el1", "id_aa64isar0_el1",
                               "id_aa64isar1_el1", "id_aa64isar2_el1", "id_aa64mmfr0_el1", "id_aa64mmfr1_el1",
                               "id_aa64mmfr2_el1", "id_aa64mmfr3_el1", "id_aa64zfr0_el1"}) {
            u64 known = 0;
            for (const Line& line : kLines)
                if (std::string(line.id) == id) known |= u64{15} << line.lsb;
            if (const auto found = others.find(id); found != others.end()) known |= found->second;
            EXPECT_EQ(id_register(config, id) & ~known, 0u) << config.name << " " << id;
        }
}

}  // namespace
}  // namespace bbmsim::cpu::test
