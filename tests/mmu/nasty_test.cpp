// SPDX-License-Identifier: Apache-2.0
// The nasty TLB: each power does what it says, and none of them leaves what the architecture permits. The last test
// holds every answer against an independent statement of that: the values which a descriptor had since it was last
// clean.
#include "models/mmu/event.hpp"
#include "models/mmu/inner_domain.hpp"
#include "models/mmu/mmu.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>
#include <set>
#include <vector>

namespace bbmsim::mmu {
namespace {

constexpr u64 kBase = 0x4000'0000, kRam = 32 << 20;
constexpr u64 kLinear = 0xffff'0000'0000'0000;
constexpr u64 kAf = 1 << 10;
constexpr u64 kAttributes = kAf | (3 << 8);  // AF, Inner Shareable, Normal (MAIR index 0)

// TTBR1: L0 -> L1 -> L2: entry 0 a block of 2 MiB, entry 1 a table of pages. As many PEs as configurations.
struct Machine {
    explicit Machine(const std::vector<MmuConfig>& configs, u64 seed = 1)
        : host(static_cast<u8*>(std::calloc(kRam, 1)), &std::free),
          flags(kRam >> kPageShift),
          domain(RamView{host.get(), flags.data(), kBase, kRam, true}, bus) {
        put(l0, l1 | 3);
        put(l1, l2 | 3);
        put(l2, (kBase + (8 << 20)) | kAttributes | 1);
        put(l2 + 8, l3 | 3);
        for (u64 i = 0; i < 512; ++i) put(l3 + 8 * i, page(i));
        Context c;
        c.sctlr = 1;
        c.tcr = 16 | (u64{16} << 16) | (u64{2} << 30) | (u64{5} << 32) | (u64{1} << 36) | (1 << 7);
        c.ttbr1 = l0;
        c.mair = 0xff;
        for (std::size_t i = 0; i < configs.size(); ++i) {
            pes.push_back(std::make_unique<Mmu>(static_cast<PeId>(i), configs[i], domain.ram, bus, seed + i));
            pes.back()->now_ps = &now;
            domain.add(pes.back().get());
            pes.back()->set_context(c);
        }
    }
    static u64 block(u64 i) { return (u64{0x8000'0000} + (i << 21)) | kAttributes | 1; }
    static u64 page(u64 i) { return (kBase + (16 << 20) + (i << 12)) | kAttributes | 3; }
    void put(u64 pa, u64 value) { domain.write(kNoPe, PhysAddr(pa), &value, 8); }
    void store(PeId pe, u64 pa, u64 value) { domain.store(pe, PhysAddr(pa), &value, 8, 0); }
    Outcome read(PeId pe, u64 va) { return pes[pe]->translate({.va = va}); }
    void hardware_updates(PeId pe, bool on) {  // TCR.HA, TCR.HD
        Context c = pes[pe]->context();
        c.tcr = on ? c.tcr | u64{3} << 39 : c.tcr & ~(u64{3} << 39);
        pes[pe]->set_context(c);
    }
    void tlbi_all(PeId pe) { pes[pe]->invalidate({.kind = TlbiKind::kVmall, .scope = TlbiScope::kInner}); }
    std::vector<TlbEntry> held(PeId pe) const {
        std::vector<TlbEntry> all;
        for (const Structure s : {Structure::kL1I, Structure::kL1D, Structure::kL2, Structure::kWalkCache})
            for (const TlbEntry& e : pes[pe]->entries(s)) all.push_back(e);
        return all;
    }

    static constexpr u64 l0 = kBase + 0x1000, l1 = kBase + 0x2000, l2 = kBase + 0x3000, l3 = kBase + 0x4000;
    static constexpr u64 block_va = kLinear, page_va = kLinear + (2 << 20);
    std::unique_ptr<u8, void (*)(void*)> host;
    std::vector<u8> flags;
    EventBus bus;
    InnerDomain domain;
    u64 now = 0;
    std::vector<std::unique_ptr<Mmu>> pes;
};

MmuConfig with(bool NastyConfig::*power) {
    MmuConfig c;
    c.nasty.*power = true;
    return c;
}

TEST(Nasty, SpeculationCachesWhatIsMappedAndNothingElse) {
    MmuConfig c = with(&NastyConfig::speculate);
    Machine m({c});
    for (u64 i = 100; i < 512; ++i) m.put(m.l3 + 8 * i, i % 2 ? 0 : Machine::page(i) & ~u64{1 << 10});  // invalid, AF=0
    for (int i = 0; i < 4000; ++i) m.pes[0]->disturb();
    EXPECT_GT(m.pes[0]->stats.speculative_walks, 500u);
    EXPECT_EQ(m.pes[0]->stats.walks, 0u) << "they are nobody's accesses";
    const auto held = m.held(0);
    EXPECT_GT(held.size(), 50u);
    for (const TlbEntry& e : held) {
        if (e.table) continue;
        const WalkResult w = inspect_walk(m.domain.ram, m.pes[0]->context(), m.pes[0]->config, e.va_base);
        EXPECT_FALSE(w.fault);
        EXPECT_EQ(w.pa, e.pa_base);
        const u64 index = (e.va_base - m.page_va) >> 12;
        EXPECT_TRUE(e.va_base < m.page_va || index < 100) << index;  // R_XCLRD: faulting entries are never cached
    }
    EXPECT_EQ(m.domain.ram.read64(PhysAddr(m.l3 + 8 * 102)) & (1 << 10), 0u) << "no descriptor is updated";
}

// R_LHQRX: permitted, not required; where an access would be translated, with TCR.HA=1.
TEST(Nasty, SpeculationSetsTheAccessFlagOfWhatCouldBeAccessed) {
    constexpr u64 kNever = u64{3} << 53, kDbm = u64{1} << 51;
    for (const bool ha : {false, true}) {
        for (const bool cached : {false, true}) {
            MmuConfig c = with(&NastyConfig::access_flags);
            c.nasty.speculate = cached;
            Machine m({c});
            m.hardware_updates(0, ha);
            const auto value = [](u64 i) {
                if (i < 100) return Machine::page(i) & ~kAf;
                return i < 200 ? Machine::page(i) & ~kAf & ~u64{1} : (Machine::page(i) & ~kAf) | kDbm | 1 << 7;
            };
            for (u64 i = 0; i < 512; ++i) m.put(m.l3 + 8 * i, value(i));
            for (int i = 0; i < 3000; ++i) m.pes[0]->disturb();
            u64 set = 0;
            for (u64 i = 0; i < 512; ++i) {
                const u64 now = m.domain.ram.read64(PhysAddr(m.l3 + 8 * i));
                EXPECT_TRUE(now == value(i) || (now == (value(i) | kAf) && (now & 1))) << i;
                set += now != value(i);
            }
            EXPECT_EQ(set > 50, ha);
            EXPECT_EQ(m.pes[0]->stats.hw_af_updates, set);
            EXPECT_EQ(m.pes[0]->stats.hw_dirty_updates, 0u) << "R_DYCFD";
            EXPECT_EQ(m.held(0).empty(), !cached) << "the power alone holds nothing";
            // What nobody may read or execute is not translated: fetches of it set nothing.
            for (u64 i = 0; i < 512; ++i) m.put(m.l3 + 8 * i, (Machine::page(i) & ~kAf) | kNever);
            m.tlbi_all(0);
            const u64 before = m.pes[0]->stats.hw_af_updates;
            const auto speculate = [&](Access access) {
                for (int i = 0; i < 20; ++i)
                    (void)m.pes[0]->translate(
                        {.va = m.page_va, .access = access, .maintenance = true, .speculative = true});
                return m.pes[0]->stats.hw_af_updates - before;
            };
            EXPECT_EQ(speculate(Access::kFetch), 0u);
            EXPECT_EQ(speculate(Access::kRead), ha);
        }
    }
}

TEST(Nasty, ASpeculativeUpdateNeverBringsAFormerDescriptorBack) {
    MmuConfig c = with(&NastyConfig::access_flags);
    c.nasty.late_walk = true;
    Machine m({MmuConfig{}, c});
    m.domain.late.window_ps = 1'000'000;
    m.hardware_updates(1, true);
    for (u64 i = 1; i < 512; ++i) m.put(m.l3 + 8 * i, 0);
    m.put(m.l2, 0);
    m.read(0, m.page_va);
    u64 set = 0;
    for (int i = 0; i < 500; ++i) {
        m.store(0, m.l3, Machine::page(0) & ~kAf);
        m.domain.late.ordered(0);
        if (i % 2) m.store(0, m.l3, 0);
        m.pes[1]->disturb();
        const u64 now = m.domain.ram.read64(PhysAddr(m.l3));
        EXPECT_TRUE(i % 2 ? now == 0 : (now | kAf) == Machine::page(0));
        set += now == Machine::page(0);
    }
    EXPECT_GT(set, 20u);
}

TEST(Nasty, RetainedEntriesLeaveByTlbiOnly) {
    MmuConfig plain;
    plain.l1d_tlb.entries = plain.l1d_tlb.ways = 4;
    plain.l2_tlb = {8, 2, Policy::kLru, 5, 48};
    MmuConfig retaining = plain;
    retaining.nasty.retain = true;
    Machine m({plain, retaining});
    for (const PeId pe : {PeId{0}, PeId{1}}) {
        for (u64 i = 0; i < 512; ++i) m.read(pe, m.page_va + (i << 12));
        const u64 walks = m.pes[pe]->stats.walks;
        for (u64 i = 0; i < 512; ++i) m.read(pe, m.page_va + (i << 12));
        EXPECT_EQ(m.pes[pe]->stats.walks == walks, pe == 1);
    }
    m.tlbi_all(1);
    EXPECT_TRUE(m.held(1).empty());
}

TEST(Nasty, SplintersGoTogether) {
    Machine m({with(&NastyConfig::splinter)});
    std::set<u64> sizes;
    for (int i = 0; i < 64; ++i) {
        m.tlbi_all(0);
        m.read(0, m.block_va + (u64(i) << 15));
        for (const TlbEntry& e : m.pes[0]->entries(Structure::kL1D)) sizes.insert(e.va_mask + 1);
    }
    EXPECT_GT(sizes.size(), 3u);
    m.pes[0]->invalidate({.kind = TlbiKind::kVaal,
                          .scope = TlbiScope::kInner,
                          .operand = ((m.block_va + 0x5000) >> 12) & ((u64{1} << 44) - 1)});
    EXPECT_TRUE(m.pes[0]->entries(Structure::kL1D).empty()) << "R_LGSCG";
}

TEST(Nasty, NeighboursAreHeldAsOneAndGoTogether) {
    Machine m({with(&NastyConfig::coalesce)});
    const auto l1 = [&] { return m.pes[0]->entries(Structure::kL1D); };
    std::set<u64> sizes;
    for (int i = 0; i < 64; ++i) {
        m.tlbi_all(0);
        m.read(0, m.page_va + 0x5000);
        ASSERT_EQ(l1().size(), 1u);
        const TlbEntry e = l1()[0];
        sizes.insert(e.va_mask + 1);
        EXPECT_EQ(e.translate(m.page_va + 0x5000), Machine::page(5) & 0xffff'ffff'f000);
        const u64 walks = m.pes[0]->stats.walks;
        for (u64 va = e.va_base; va < e.va_base + e.va_mask; va += 0x1000)
            EXPECT_EQ(m.read(0, va).pa, (Machine::page((va - m.page_va) >> 12) & 0xffff'ffff'f000));
        EXPECT_EQ(m.pes[0]->stats.walks, walks) << "the neighbours were held";
        m.pes[0]->invalidate({.kind = TlbiKind::kVaal,
                              .scope = TlbiScope::kInner,
                              .operand = ((m.page_va + 0x4000) >> 12) & ((u64{1} << 44) - 1)});
        EXPECT_EQ(l1().size(), sizes.size() && e.va_mask == 0xfff ? 1u : 0u) << "a TLBI of one member removes all";
    }
    EXPECT_EQ(sizes, (std::set<u64>{0x1000, 0x2000, 0x4000}));
    // Neighbours that differ in any way stay apart.
    for (const u64 other : {u64{0}, Machine::page(4) ^ (u64{1} << 10), Machine::page(4) | 1 << 11, Machine::page(100),
                            Machine::page(4) | u64{1} << 52}) {
        m.put(m.l3 + 8 * 4, other);
        for (int i = 0; i < 32; ++i) {
            m.tlbi_all(0);
            m.read(0, m.page_va + 0x5000);
            EXPECT_EQ(l1().at(0).va_mask, 0xfffu);
        }
    }
}

TEST(Nasty, AChangeOfAnyMemberMakesTheWideEntryStale) {
    Machine m({with(&NastyConfig::coalesce)});
    do {
        m.tlbi_all(0);
        m.read(0, m.page_va);
    } while (m.pes[0]->entries(Structure::kL1D)[0].va_mask != 0x3fff);
    EXPECT_TRUE(m.pes[0]->holds_origin(m.l3 + 8 * 3));
    EXPECT_FALSE(m.pes[0]->holds_origin(m.l3 + 8 * 4));
    m.store(0, m.l3 + 8 * 3, 0);
    EXPECT_TRUE(m.pes[0]->entries(Structure::kL1D)[0].stale);
    const u64 before = m.pes[0]->stats.stale_uses;
    EXPECT_EQ(m.read(0, m.page_va + 0x3000).pa, (Machine::page(3) & 0xffff'ffff'f000)) << "until its TLBI";
    EXPECT_GT(m.pes[0]->stats.stale_uses, before);
}

TEST(Nasty, NeighbouringBlocksAreHeldAsOneAndGoTogether) {
    Machine m({with(&NastyConfig::coalesce)});
    for (u64 i = 4; i < 12; ++i) m.put(m.l2 + 8 * i, Machine::block(i));
    const auto va = [](u64 i) { return kLinear + (i << 21); };
    std::set<u64> first, second;
    for (int round = 0; round < 200; ++round) {
        m.tlbi_all(0);
        for (u64 i = 4; i < 8; ++i) EXPECT_EQ(m.read(0, va(i) + 0x5000).pa, (8ull << 28) + (i << 21) + 0x5000);
        for (const TlbEntry& e : m.pes[0]->entries(Structure::kL1D)) first.insert(e.va_mask + 1);
        for (const TlbEntry& e : m.pes[0]->entries(Structure::kL2)) second.insert(e.va_mask + 1);
        const u64 conflicts = m.pes[0]->stats.conflicts, walks = m.pes[0]->stats.walks;
        for (u64 i = 4; i < 8; ++i) m.read(0, va(i));
        EXPECT_EQ(m.pes[0]->stats.conflicts, conflicts);
        EXPECT_EQ(m.pes[0]->stats.walks, walks);
        m.pes[0]->invalidate(
            {.kind = TlbiKind::kVaal, .scope = TlbiScope::kInner, .operand = (va(6) >> 12) & ((u64{1} << 44) - 1)});
        for (const TlbEntry& e : m.held(0)) EXPECT_FALSE(!e.table && ((e.va_base ^ va(6)) & ~e.va_mask) == 0);
    }
    const std::set<u64> sizes{2 << 20, 4 << 20, 8 << 20};
    EXPECT_EQ(first, sizes);
    EXPECT_EQ(second, sizes);
    // nT=1, and a block of another output address, stay apart.
    for (const u64 other : {Machine::block(5) | 1 << 16, Machine::block(9)}) {
        m.put(m.l2 + 8 * 5, other);
        for (int round = 0; round < 50; ++round) {
            m.tlbi_all(0);
            for (u64 i = 4; i < 6; ++i) (void)m.read(0, va(i));
            for (const TlbEntry& e : m.held(0)) EXPECT_TRUE(e.table || e.va_mask == (2 << 20) - 1);
        }
    }
}

TEST(Nasty, WhatL2HoldsAsOneAnswersForEachMemberFromItsOwnDescriptor) {
    MmuConfig c = with(&NastyConfig::coalesce);
    c.l1d_tlb.entries = c.l1d_tlb.ways = 4;
    Machine m({c});
    const auto l2 = [&] { return m.pes[0]->entries(Structure::kL2); };
    do {
        m.tlbi_all(0);
        m.read(0, m.page_va);
    } while (l2()[0].va_mask != 0x3fff);
    for (u64 i = 8; i < 40; ++i) m.read(0, m.page_va + (i << 12));  // out of L1
    const u64 walks = m.pes[0]->stats.walks;
    EXPECT_EQ(m.read(0, m.page_va + 0x2000).pa, Machine::page(2) & 0xffff'ffff'f000);
    EXPECT_EQ(m.pes[0]->stats.walks, walks);
    bool found = false;
    for (const TlbEntry& e : m.pes[0]->entries(Structure::kL1D))
        if (((e.va_base ^ (m.page_va + 0x2000)) & ~e.va_mask) == 0) {
            found = true;
            EXPECT_EQ(e.origin.desc_value[e.origin.depth - 1u] - Machine::page(0),
                      (e.origin.desc_pa[e.origin.depth - 1u] - m.l3) / 8 * 0x1000);
            EXPECT_TRUE(e.va_mask != 0xfff || e.origin.leaf_is(m.l3 + 8 * 2));
        }
    EXPECT_TRUE(found);
    m.store(0, m.l3 + 8 * 2, 0);
    const u64 stale = m.pes[0]->stats.stale_uses;
    (void)m.read(0, m.page_va + 0x2000);
    EXPECT_GT(m.pes[0]->stats.stale_uses, stale);
}

TEST(Nasty, TlbiTakesEffectAtTheDsb) {
    Machine m({with(&NastyConfig::late_tlbi)});
    m.read(0, m.page_va);
    m.tlbi_all(0);
    EXPECT_FALSE(m.held(0).empty());
    m.pes[0]->complete_maintenance();
    EXPECT_TRUE(m.held(0).empty());
}

TEST(Nasty, WalksMayReadTheFormerValueUntilTheDsb) {
    Machine m({MmuConfig{}, with(&NastyConfig::late_walk)});
    m.domain.late.window_ps = 1000;
    m.read(0, m.page_va);  // the table is watched from now on
    const auto seen = [&](u64 now) {
        std::set<bool> faults;
        m.now = now;
        for (int i = 0; i < 100; ++i) {
            m.tlbi_all(1);
            faults.insert(static_cast<bool>(m.read(1, m.page_va).fault));
        }
        return faults;
    };
    m.store(0, m.l3, 0);
    EXPECT_EQ(seen(500), (std::set<bool>{false, true}));
    EXPECT_EQ(seen(1500), std::set<bool>{true}) << "a bounded time";
    m.now = 2000;
    m.store(0, m.l3, Machine::page(0));
    EXPECT_EQ(seen(2100), (std::set<bool>{false, true}));
    m.domain.late.ordered(0);
    EXPECT_EQ(seen(2200), std::set<bool>{false});
}

TEST(Nasty, WhoeverMayHaveObservedAWriteAndSaysSoSeesItInItsWalks) {
    Machine m({MmuConfig{}, with(&NastyConfig::late_walk), with(&NastyConfig::late_walk)});
    m.domain.late.window_ps = 1000;
    m.read(0, m.page_va);
    const auto seen = [&](PeId pe) {
        std::set<bool> faults;
        for (int i = 0; i < 100; ++i) {
            m.tlbi_all(pe);
            faults.insert(static_cast<bool>(m.read(pe, m.page_va).fault));
        }
        return faults;
    };
    const std::set<bool> either{false, true}, only_new{true};
    m.store(0, m.l3, 0);
    m.domain.late.observed(1);  // PE 1's DSB or context synchronization
    EXPECT_EQ(seen(1), only_new);
    EXPECT_EQ(seen(2), either);
    m.domain.late.invalidating(0);  // the writer's TLBI, without a DSB in between: R_TGVWD
    EXPECT_EQ(seen(2), either);
    m.domain.late.invalidating(1);  // the TLBI of one that may have seen the write
    EXPECT_EQ(seen(2), only_new);
}

TEST(Nasty, AHardwareUpdateBringsNoFormerDescriptorBack) {
    Machine m({MmuConfig{}, with(&NastyConfig::late_walk)});
    m.domain.late.window_ps = 1000;
    Context context = m.pes[1]->context();
    context.tcr |= u64{1} << 39;  // HA
    m.pes[1]->set_context(context);
    m.read(0, m.page_va);
    for (int i = 0; i < 50; ++i) {
        m.store(0, m.l3, Machine::page(0) & ~u64{1 << 10});
        m.domain.late.ordered(0);
        m.store(0, m.l3, 0);
        (void)m.read(1, m.page_va);
        EXPECT_EQ(m.domain.ram.read64(PhysAddr(m.l3)), 0U);
        m.tlbi_all(1);
    }
}

TEST(Nasty, ConflictsEndInEveryPermittedWay) {
    MmuConfig c = with(&NastyConfig::conflicts);
    Machine m({c});
    std::set<int> ways;
    for (int i = 0; i < 200; ++i) {
        m.tlbi_all(0);
        m.read(0, m.page_va);
        TlbEntry other = m.pes[0]->entries(Structure::kL1D).at(0);
        other.pa_base += 1 << 20;
        ASSERT_TRUE(m.pes[0]->plant(Structure::kL1D, other));
        const Outcome o = m.read(0, m.page_va);
        ways.insert(o.fault.type == FaultType::kTlbConflict ? 0 : o.pa == other.pa_base ? 1 : 2);
    }
    EXPECT_EQ(ways, (std::set<int>{0, 1, 2}));
}

// Eight pages and eight blocks, two PEs. PE 0 stores descriptors, flushes some or all, and completes; both access;
// anything may happen to the TLBs. Stated without them: an access is answered by a value that its descriptor had since
// it was last clean; a conflict needs two of those that say different things (permissions alone make none, R_GPPYH).
// Nobody writes through these pages, so memory holds what PE 0 stored, but for Access flags that were 0 in valid
// descriptors, and those only if some PE has TCR.HA=1; what a TLB holds had AF=1 (R_LHQRX, R_DYCFD, R_XCLRD).
TEST(Nasty, NothingOutsideTheArchitecture) {
    u64 aborts = 0, faults = 0, answers = 0, wide_blocks = 0, wide_pages = 0, flags_set = 0, flag_faults = 0;
    constexpr u64 kReadOnly = 1 << 7, kClean = u64{1} << 51 | kReadOnly;
    for (u64 seed = 1; seed <= 12; ++seed) {
        MmuConfig c;
        c.nasty = {true, true, true, true, true, true, true, true, 500, 2000};
        c.invalidation = InvalidationPolicy::kMinimal;
        c.l1d_tlb.entries = c.l1d_tlb.ways = 4;
        Machine m({c, c}, seed);
        m.domain.late.window_ps = 500;
        for (const PeId each : {PeId{0}, PeId{1}}) m.hardware_updates(each, seed >> each & 1);
        std::mt19937_64 random(seed);
        const auto desc = [&](u64 i) { return i < 8 ? m.l3 + 8 * i : m.l2 + 8 * i; };
        const auto va = [&](u64 i) { return i < 8 ? m.page_va + (i << 12) : kLinear + (i << 21); };
        const auto value = [&](u64 k, u64 i) { return i < 8 ? Machine::page(64 * k + i) : Machine::block(64 * k + i); };
        const auto output = [](u64 v) { return v & 0xffff'ffff'f000; };
        std::vector<std::set<u64>> since(16);  // values since the entry was last clean
        std::vector<u64> stored(16);           // the last of them
        const auto store = [&](u64 i, u64 v) {
            m.store(0, desc(i), v);
            since[i].insert(v);
            stored[i] = v;
        };
        for (u64 i = 0; i < 16; ++i) store(i, value(0, i));
        const auto complete = [&](auto&& flush) {  // DSB; TLBI; DSB
            m.domain.late.ordered(0);
            m.domain.late.invalidating(0);  // Access flags that PE 1 set
            for (const PeId each : {PeId{0}, PeId{1}}) flush(each);
            for (const auto& mmu : m.pes) mmu->complete_maintenance();
        };
        for (int step = 0; step < 20000; ++step) {
            m.now += 20;
            const u64 i = random() % 16;
            const PeId pe = random() % 2;
            switch (random() % 32) {
                case 0: {
                    const u64 flags = random() % 3 ? 0 : random() % 2 ? kReadOnly : kClean;
                    const u64 v = (value(random() % 4, i) | flags) & ~(random() % 3 ? 0 : kAf);
                    store(i, random() % 3 ? v : 0);
                    break;
                }
                case 1: {
                    const u64 v = m.domain.ram.read64(PhysAddr(desc(i))) ^ kReadOnly;
                    if (!(v & 1)) break;
                    store(i, v);
                    break;
                }
                case 2: {
                    if (const u64 k = random() % 4; random() % 2)  // all neighbours alike again
                        for (u64 j = 0; j < 16; ++j) m.put(desc(j), stored[j] = value(k, j));
                    complete([&](PeId each) { m.tlbi_all(each); });
                    for (u64 j = 0; j < 16; ++j) since[j] = {m.domain.ram.read64(PhysAddr(desc(j)))};
                    break;
                }
                case 3: {  // one, and what it was coalesced with: that may be filled again at once
                    const Tlbi op{.kind = random() % 2 ? TlbiKind::kVaal : TlbiKind::kVaa,
                                  .scope = TlbiScope::kInner,
                                  .operand = (va(i) >> 12) & ((u64{1} << 44) - 1)};
                    complete([&](PeId each) { m.pes[each]->invalidate(op); });
                    since[i] = {m.domain.ram.read64(PhysAddr(desc(i)))};
                    break;
                }
                case 4:
                case 5:
                case 6:
                case 7: m.pes[pe]->disturb(); break;
                default: {
                    const u64 inside = i < 8 ? 0x123 : random() % (2 << 20);
                    const Outcome o = m.read(pe, va(i) + inside);
                    std::set<u64> outputs;
                    for (const u64 v : since[i])
                        if (v & 1) outputs.insert(output(v));
                    if (o.fault.type == FaultType::kTlbConflict) {
                        ++aborts;
                        ASSERT_GE(outputs.size(), 2u) << "seed " << seed << " step " << step << " entry " << i;
                    } else if (o.fault) {
                        const bool flag = o.fault.type == FaultType::kAccessFlag;
                        const bool may = flag ? !(seed >> pe & 1) &&
                                                    std::ranges::any_of(since[i], [](u64 v) { return v && !(v & kAf); })
                                              : since[i].contains(0);
                        ++(flag ? flag_faults : faults);
                        ASSERT_TRUE(may) << "seed " << seed << " step " << step << " entry " << i;
                    } else {
                        ++answers;
                        ASSERT_TRUE(outputs.contains(o.pa - inside) || i < 8) << "seed " << seed << " step " << step;
                        ASSERT_TRUE(outputs.contains(o.pa & ~u64{0xfff}) || i >= 8) << "seed " << seed << " " << step;
                    }
                }
            }
            for (u64 j = 0; j < 16; ++j) {
                const u64 now = m.domain.ram.read64(PhysAddr(desc(j)));
                if (now == stored[j]) continue;
                ASSERT_TRUE(now == (stored[j] | kAf) && (now & 1) && seed & 3) << "seed " << seed << " step " << step;
                ++flags_set;
                since[j].insert(stored[j] = now);
            }
            if (step % 512 == 0)
                for (const TlbEntry& e : m.held(pe)) {
                    for (u64 j = 0; j < 16 && !e.table; ++j)
                        ASSERT_TRUE(!e.origin.leaf_is(desc(j)) ||
                                    std::ranges::any_of(since[j], [](u64 v) { return v & 1 && v & kAf; }));
                    wide_blocks += !e.table && e.va_mask > (2 << 20) - 1;
                    wide_pages += !e.table && e.level == 3 && e.va_mask > 0xfff;
                }
        }
    }
    EXPECT_GT(aborts, 20u);
    EXPECT_GT(faults, 1000u);
    EXPECT_GT(answers, 50000u);
    EXPECT_GT(wide_blocks, 20u);
    EXPECT_GT(wide_pages, 20u);
    EXPECT_GT(flags_set, 500u);
    EXPECT_GT(flag_faults, 500u);
}

}  // namespace
}  // namespace bbmsim::mmu
