// SPDX-License-Identifier: Apache-2.0
// Hardware breakpoints and watchpoints that a guest sets: where each condition lets them through, what the exception
// reports, and that nothing else changes. tests/python/test_self_hosted_debug.py compares a whole guest with QEMU.
#include "tests/engine/machine.hpp"

#include <gtest/gtest.h>

namespace bbmsim::cpu::test {
namespace {

constexpr u64 kMde = 1 << 15, kKde = 1 << 13;
constexpr u64 kEl1Only = 1 << 1, kEl0Only = 2 << 1, kLoads = 1 << 3, kStores = 2 << 3, kAllBytes = 0xff << 5;

struct SelfHostedDebug : testing::Test {
    Machine m;
    Pe& pe = *m.pe[0];
    u64 mdscr = kMde | kKde;
    bool os_lock = false;

    // Runs `program` at EL1 with D clear, the points as the test set them in pe.sys before; X1 holds kData. The first
    // exception ends it. True: a debug exception.
    bool stops(const std::string& program, const std::function<void(SysRegs&)>& points, bool mmu = false) {
        m.load(kCode, "isb; msr daifclr, #8; " + program + "; hvc #99");
        m.reset(0);
        m.load_stop_vectors();
        if (mmu) {
            m.build_identity();
            m.enable_mmu(0);
        }
        pe.sys.mdscr = mdscr;
        pe.sys.os_locked = os_lock;
        points(pe.sys);
        pe.r[1] = kData;
        pe.r[20] = pe.r[25] = 0;
        EXPECT_EQ(m.run(), Exit::kOff) << program;
        const u64 ec = pe.r[20] >> 26;
        EXPECT_TRUE(pe.r[25] == 0 || (ec & ~u64{5}) == 0x30) << program << ": ESR " << std::hex << pe.r[20];
        return pe.r[25] != 0;
    }
    u64 iss() const { return pe.r[20] & 0x1ffffff; }
    u64 far() const { return pe.r[21]; }
    u64 elr() const { return pe.r[22]; }
};

constexpr u64 kBody = kCode + 8;

auto breakpoint(u64 va, u64 control, unsigned n = 0) {
    return [=](SysRegs& sys) {
        sys.dbgbvr[n] = va;
        sys.dbgbcr[n] = control | 1;
    };
}
auto watchpoint(u64 va, u64 control, unsigned n = 0) {
    return [=](SysRegs& sys) {
        sys.dbgwvr[n] = va;
        sys.dbgwcr[n] = control | 1;
    };
}

TEST_F(SelfHostedDebug, ABreakpointStopsBeforeItsInstructionInTheMiddleOfABlock) {
    EXPECT_TRUE(stops("add x2, x2, #1; add x2, x2, #1; add x2, x2, #1", breakpoint(kBody + 8, kEl1Only)));
    EXPECT_EQ(pe.r[20] >> 26, 0x31u);
    EXPECT_EQ(iss(), 0x22u);
    EXPECT_EQ(elr(), kBody + 8);
    EXPECT_EQ(pe.r[2], 2u);
    for (unsigned n = 0; n < 6; ++n) EXPECT_TRUE(stops("nop; nop", breakpoint(kBody + 4, kEl1Only, n))) << n;
}

TEST_F(SelfHostedDebug, ABreakpointAtABranchTargetInALoop) {
    EXPECT_TRUE(stops("mov x2, #0; 1: add x2, x2, #1; cmp x2, #5; b.ne 1b; nop", breakpoint(kBody + 16, kEl1Only)));
    EXPECT_EQ(pe.r[2], 5u);
    EXPECT_TRUE(stops("mov x2, #0; 1: add x2, x2, #1; cmp x2, #5; b.ne 1b; nop", breakpoint(kBody + 4, kEl1Only)));
    EXPECT_EQ(pe.r[2], 0u);
}

TEST_F(SelfHostedDebug, ConditionsOfBreakpoints) {
    const std::string body = "nop; nop";
    EXPECT_FALSE(stops(body, breakpoint(kBody, kEl0Only)));
    EXPECT_TRUE(stops(body, breakpoint(kBody, kEl0Only | kEl1Only)));
    EXPECT_FALSE(stops(body, breakpoint(kBody, 0))) << "PMC 0 is AArch32's";
    EXPECT_FALSE(stops(body, breakpoint(kBody, kEl1Only | 1 << 13))) << "HMC";
    EXPECT_FALSE(stops(body, breakpoint(kBody, kEl1Only | 1 << 14))) << "SSC";
    EXPECT_FALSE(stops(body, breakpoint(kBody, kEl1Only | 4 << 20))) << "a reserved type";
    EXPECT_FALSE(stops(body, [](SysRegs& sys) { sys.dbgbvr[0] = kBody; })) << "not enabled";
    EXPECT_FALSE(stops("msr daifset, #8; nop", breakpoint(kBody + 4, kEl1Only))) << "D";
    os_lock = true;
    EXPECT_FALSE(stops(body, breakpoint(kBody, kEl1Only)));
    os_lock = false;
    EXPECT_FALSE(stops(body, [](SysRegs& sys) {
        breakpoint(kBody, kEl1Only)(sys);
        sys.osdlr = 1;
    }));
    mdscr = kMde;
    EXPECT_FALSE(stops(body, breakpoint(kBody, kEl1Only))) << "without KDE";
    mdscr = kKde;
    EXPECT_FALSE(stops(body, breakpoint(kBody, kEl1Only))) << "without MDE";
}

TEST_F(SelfHostedDebug, ContextBreakpoints) {
    const auto context = [](unsigned n, u64 type, u64 current) {
        return [=](SysRegs& sys) {
            breakpoint(77, kEl1Only | type << 20, n)(sys);
            sys.contextidr = current;
        };
    };
    for (const unsigned n : {4u, 5u}) EXPECT_TRUE(stops("nop", context(n, 2, 77)));
    EXPECT_FALSE(stops("nop", context(5, 2, 78)));
    EXPECT_FALSE(stops("nop", context(3, 2, 77))) << "not context-aware";
    EXPECT_FALSE(stops("nop", context(5, 3, 77))) << "only for links";
    const auto linked = [&](unsigned to, u64 current) {
        return [=](SysRegs& sys) {
            context(to, 3, current)(sys);
            breakpoint(kBody + 4, kEl1Only | 1 << 20 | u64{to} << 16)(sys);
        };
    };
    EXPECT_TRUE(stops("nop; nop", linked(4, 77)));
    EXPECT_EQ(elr(), kBody + 4);
    EXPECT_FALSE(stops("nop; nop", linked(4, 78)));
    EXPECT_FALSE(stops("nop; nop", linked(2, 77)));
}

TEST_F(SelfHostedDebug, AWatchpointReportsAddressAndDirection) {
    for (const bool mmu : {false, true}) {
        EXPECT_TRUE(stops("str x2, [x1]", watchpoint(kData, kEl1Only | kStores | kAllBytes), mmu));
        EXPECT_EQ(pe.r[20] >> 26, 0x35u);
        EXPECT_EQ(iss(), 0x62u);
        EXPECT_EQ(far(), kData);
        EXPECT_EQ(elr(), kBody);
        EXPECT_FALSE(stops("ldr x2, [x1]", watchpoint(kData, kEl1Only | kStores | kAllBytes), mmu));
        EXPECT_TRUE(stops("ldrb w2, [x1, #3]", watchpoint(kData, kEl1Only | kLoads | kAllBytes), mmu));
        EXPECT_EQ(iss(), 0x22u);
        EXPECT_EQ(far(), kData + 3);
        EXPECT_FALSE(stops("str x2, [x1]", watchpoint(kData, kEl1Only | kLoads | kAllBytes), mmu));
    }
}

TEST_F(SelfHostedDebug, ThePageIsWatchedThoughTheFilterHeldIt) {
    // The loop's accesses are the filter's when the guest sets the watchpoint; X3 = control, X4 = address.
    const std::string program =
        "mov x5, #100; 1: str x5, [x1]; ldr x6, [x1, #8]; subs x5, x5, #1; b.ne 1b; ldr x3, =0x1ffb; "
        "msr dbgwvr0_el1, x1; msr dbgwcr0_el1, x3; isb; ldr x6, [x1, #8]; str x6, [x1]; hvc #99; .ltorg";
    EXPECT_TRUE(stops(
        program, [](SysRegs&) {}, true));
    EXPECT_EQ(far(), kData);
    EXPECT_EQ(m.read64(kData), 1u) << "the store that stopped was not made";
}

TEST_F(SelfHostedDebug, BytesAndMasks) {
    const auto at = [](u64 va, u64 control) { return watchpoint(va, kEl1Only | kLoads | kStores | control); };
    EXPECT_FALSE(stops("ldr w2, [x1, #4]", at(kData, 0x0f << 5)));
    EXPECT_TRUE(stops("ldr x2, [x1]", at(kData, 0xf0 << 5)));
    EXPECT_EQ(far(), kData + 4);
    EXPECT_TRUE(stops("ldrb w2, [x1, #7]", at(kData + 4, 0x08 << 5))) << "a word's address";
    EXPECT_FALSE(stops("ldrb w2, [x1, #3]", at(kData + 4, 0x08 << 5)));
    EXPECT_FALSE(stops("ldr x2, [x1]", at(kData, 0x81 << 5))) << "bytes that are not adjacent";
    EXPECT_TRUE(stops("ldrb w2, [x1, #0xff]", at(kData, kAllBytes | 8 << 24)));
    EXPECT_FALSE(stops("ldrb w2, [x1, #0x100]", at(kData, kAllBytes | 8 << 24)));
    EXPECT_FALSE(stops("ldrb w2, [x1]", at(kData, 0x0f << 5 | 8 << 24))) << "a mask needs all bytes";
    EXPECT_FALSE(stops("ldrb w2, [x1]", at(kData, kAllBytes | 2 << 24))) << "a reserved mask";
    EXPECT_TRUE(stops("stp x2, x3, [x1, #-8]", at(kData, kAllBytes)));
    EXPECT_EQ(far(), kData);
    EXPECT_TRUE(stops("dc zva, x1", at(kData + 56, kAllBytes), true));
    EXPECT_EQ(iss(), 0x62u);
    EXPECT_EQ(far(), kData + 56);
    EXPECT_FALSE(stops("dc civac, x1", at(kData, kAllBytes), true));
}

TEST_F(SelfHostedDebug, AtomicsExclusivesAndUnprivilegedAccesses) {
    const auto on = [](u64 control) { return watchpoint(kData, kAllBytes | control); };
    EXPECT_TRUE(stops("ldadd x2, x3, [x1]", on(kEl1Only | kLoads | kStores), true));
    EXPECT_EQ(iss(), 0x22u) << "a read would have matched";
    EXPECT_TRUE(stops("ldadd x2, x3, [x1]", on(kEl1Only | kStores), true));
    EXPECT_EQ(iss(), 0x62u);
    EXPECT_TRUE(stops("ldxr x2, [x1]; stxr w3, x2, [x1]", on(kEl1Only | kStores), true));
    EXPECT_EQ(elr(), kBody + 4);
    EXPECT_FALSE(stops("clrex; stxr w3, x2, [x1]", on(kEl1Only | kStores), true)) << "no access";
    EXPECT_TRUE(stops("ldtr x2, [x1]", on(kEl0Only | kLoads)));
    EXPECT_FALSE(stops("ldr x2, [x1]", on(kEl0Only | kLoads)));
    EXPECT_FALSE(stops("ldtr x2, [x1]", on(kEl1Only | kLoads)));
}

TEST_F(SelfHostedDebug, AFaultComesBeforeAWatchpoint) {
    m.load(kCode, "isb; msr daifclr, #8; str x2, [x1]");
    m.reset(0);
    m.load_stop_vectors();
    m.build_identity();
    m.enable_mmu(0);
    m.map(kData, kData, kKernelPage | kReadOnly);
    pe.sys.mdscr = kMde | kKde;
    pe.sys.os_locked = 0;
    watchpoint(kData, kEl1Only | kStores | kAllBytes)(pe.sys);
    pe.r[1] = kData;
    ASSERT_EQ(m.run(), Exit::kOff);
    EXPECT_EQ(pe.r[20] >> 26, 0x25u);
}

TEST_F(SelfHostedDebug, ADebuggerStepsOverItsBreakpoint) {
    // As ptrace does: on EC 0x30 the handler disables the point and steps; on EC 0x32 it enables it again. X4 counts.
    m.load(kCode,
           "adr x9, 1f; msr vbar_el1, x9; mov x9, #0x8000; msr mdscr_el1, x9; msr oslar_el1, xzr; adr x9, 3f; "
           "msr dbgbvr0_el1, x9; mov x10, #0x1e5; msr dbgbcr0_el1, x10; adr x9, 2f; msr elr_el1, x9; "
           "msr spsr_el1, xzr; mov x2, #0; mov x4, #0; eret; "
           "2: add x2, x2, #1; 3: cmp x2, #10; b.ne 2b; svc #0; .balign 2048; 1: .skip 1024; "
           "mrs x9, esr_el1; lsr x9, x9, #26; mrs x11, spsr_el1; mrs x12, mdscr_el1; "
           "cmp x9, #0x32; b.eq 4f; cmp x9, #0x30; b.ne 5f; "
           "add x4, x4, #1; msr dbgbcr0_el1, xzr; orr x11, x11, #0x200000; msr spsr_el1, x11; orr x12, x12, #1; "
           "msr mdscr_el1, x12; eret; "
           "4: msr dbgbcr0_el1, x10; and x12, x12, #~1; msr mdscr_el1, x12; eret; 5: hvc #99");
    ASSERT_EQ(m.run(), Exit::kOff);
    EXPECT_EQ(pe.r[2], 10u);
    EXPECT_EQ(pe.r[4], 10u);
}

TEST_F(SelfHostedDebug, APointThatNeverMatchesChangesNoFigure) {
    const std::string loop = "mov x2, #500; 1: str x2, [x1]; ldr x3, [x1, #8]; subs x2, x2, #1; b.ne 1b";
    const auto figures = [&](const std::function<void(SysRegs&)>& points) {
        Machine fresh;
        fresh.load(kCode, "isb; msr daifclr, #8; " + loop + "; hvc #99");
        fresh.load_stop_vectors();
        fresh.build_identity();
        fresh.enable_mmu(0);
        Pe& p = *fresh.pe[0];
        p.sys.mdscr = kMde | kKde;
        p.sys.os_locked = 0;
        points(p.sys);
        p.r[1] = kData;
        EXPECT_EQ(fresh.run(), Exit::kOff);
        const auto& tlb = fresh.mmu[0]->stats;
        return std::vector<u64>{p.cycles,
                                p.instructions,
                                p.loads,
                                p.stores,
                                tlb.l1d_accesses + p.filter_data_hits,
                                tlb.l1i_accesses + p.filter_fetch_hits,
                                tlb.l2_accesses};
    };
    const auto none = figures([](SysRegs&) {});
    EXPECT_EQ(figures(breakpoint(kCode + 0x4000, kEl1Only)), none);
    EXPECT_EQ(figures(watchpoint(kData + 64, kEl1Only | kLoads | kStores | kAllBytes)), none);
}

}  // namespace
}  // namespace bbmsim::cpu::test
