// SPDX-License-Identifier: Apache-2.0
// A few PEs with real MMUs over a vector of RAM, and the words in which scenarios are told.
#pragma once

#include "models/mmu/checker/bbm_checker.hpp"
#include "models/mmu/checker/descriptor.hpp"
#include "models/mmu/event.hpp"
#include "models/mmu/inner_domain.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

namespace bbmsim::mmu {

struct PeSpec {
    u32 bbml = 0;
    bool conflict_free = false;
};

class World {
public:
    static constexpr u64 kBase = 0x4000'0000;
    static constexpr u64 kBlock = kBase;                         // what blocks map
    static constexpr u64 kLinear = 0xffff'0000'0000'0000;        // VA of entry 0 of the TTBR1 root
    static constexpr u64 kAttributes = kDescAf | (u64{3} << 8);  // Normal write-back, Inner Shareable, writable, global

    explicit World(std::initializer_list<PeSpec> specs, u64 bytes = 64 << 20, Granule granule = Granule::k4K)
        : granule(granule),
          host_(static_cast<u8*>(std::calloc(bytes, 1)), &std::free),
          flags_(bytes >> kPageShift),
          domain(RamView{host_.get(), flags_.data(), kBase, bytes, true}, bus),
          checker(domain) {
        PeId id = 0;
        for (const PeSpec& s : specs) {
            MmuConfig config;
            config.bbml = s.bbml;
            config.conflict_free = s.conflict_free;
            config.conflict = ConflictBehaviour::kFirst;
            mmus.push_back(std::make_unique<Mmu>(id, config, domain.ram, bus, 1));
            domain.add(mmus.back().get());
            checker.add_pe(id, {s.bbml, s.conflict_free, 16});
            ++id;
        }
        domain.checker = &checker;
        next_ = kBase + bytes / 2;
    }

    // --- tables
    u64 page() { return next_ += u64{1} << granule_shift(granule); }  // a fresh, zeroed table page
    [[nodiscard]] static u64 table(u64 pa) { return pa | 3; }
    [[nodiscard]] u64 block(u64 pa, u64 extra = 0) const { return pa | kAttributes | extra | 1; }
    [[nodiscard]] u64 leaf(u64 pa, u64 extra = 0) const { return pa | kAttributes | extra | 3; }
    u64 split(u64 value, unsigned level = 2) {  // a fresh table that maps what the block maps
        const u64 pa = page();
        for (u64 i = 0; i < u64{1} << index_bits(granule); ++i) poke(pa + 8 * i, desc_split(value, level, granule, i));
        return pa;
    }
    void poke(u64 pa, u64 value) { domain.write(kNoPe, PhysAddr(pa), &value, 8); }
    [[nodiscard]] u64 peek(u64 pa) const { return domain.ram.read64(PhysAddr(pa)); }

    // --- what PEs do
    void write(PeId pe, u64 pa, u64 value, u64 pc = 0x1000) { domain.store(pe, PhysAddr(pa), &value, 8, pc); }
    void dsb(PeId pe, BarrierDomain d = BarrierDomain::kInner, BarrierType t = BarrierType::kAll) {
        checker.on_dsb(pe, d, t);
    }
    void dsb_ishst(PeId pe) { dsb(pe, BarrierDomain::kInner, BarrierType::kStores); }
    void dsb_nsh(PeId pe) { dsb(pe, BarrierDomain::kNon); }
    void tlbi(PeId pe, TlbiKind kind, TlbiScope scope, u64 va = 0, u16 asid = 0, unsigned ttl = 0) {
        const Tlbi op{.kind = kind,
                      .scope = scope,
                      .operand = (u64{asid} << 48) | (u64{ttl} << 44) | ((va >> 12) & ((u64{1} << 44) - 1))};
        mmus[pe]->invalidate(op);
        checker.on_tlbi(pe, op);
        if (op.broadcast())
            for (PeId q = 0; q < mmus.size(); ++q)
                if (q != pe && !(off_ >> q & 1)) mmus[q]->invalidate(op);
    }
    void vmall_is(PeId pe) { tlbi(pe, TlbiKind::kVmall, TlbiScope::kInner); }
    void vmall(PeId pe) { tlbi(pe, TlbiKind::kVmall, TlbiScope::kLocal); }
    void flush_all(PeId pe) {
        dsb_ishst(pe);
        vmall_is(pe);
        dsb(pe);
    }
    void flush(PeId pe, u64 va) {
        dsb_ishst(pe);
        tlbi(pe, TlbiKind::kVaa, TlbiScope::kInner, va);
        dsb(pe);
    }
    void flush_local(PeId pe) {
        dsb_nsh(pe);
        vmall(pe);
        dsb_nsh(pe);
    }

    // 48-bit VAs in both halves, ASID from TTBR0 with A1=0; ttbr 0 means: that half is disabled (EPD).
    [[nodiscard]] Context context(u64 ttbr0, u64 ttbr1, u16 asid = 0, u64 tcr_extra = 0) const {
        Context c;
        c.sctlr = 1;
        const u64 tg0 = granule == Granule::k4K ? 0 : granule == Granule::k64K ? 1 : 2;
        const u64 tg1 = granule == Granule::k4K ? 2 : granule == Granule::k64K ? 3 : 1;
        c.tcr = 16 | (u64{16} << 16) | (tg0 << 14) | (tg1 << 30) | (u64{5} << 32) | (u64{1} << 36) | tcr_extra;
        if (!ttbr0) c.tcr |= u64{1} << 7;
        if (!ttbr1) c.tcr |= u64{1} << 23;
        c.ttbr0 = ttbr0 | (u64{asid} << 48);
        c.ttbr1 = ttbr1;
        c.mair =
            0xff | (u64{0x44} << 8) | (u64{0x00} << 16) | (u64{0x04} << 24) | (u64{0xbb} << 32) | (u64{0xee} << 40);
        return c;
    }
    void enter(PeId pe, const Context& c) {
        mmus[pe]->set_context(c);
        checker.on_context_sync(pe, c, 0);
    }
    void enter1(PeId pe, u64 ttbr1) { enter(pe, context(0, ttbr1)); }
    void mmu_off(PeId pe) { enter(pe, Context{}); }
    void power(PeId pe, bool on) {
        off_ = on ? off_ & ~pe_bit(pe) : off_ | pe_bit(pe);
        checker.on_power(pe, on);
    }
    Outcome read(PeId pe, u64 va) { return mmus[pe]->translate({.va = va}); }

    // --- what was found
    [[nodiscard]] std::vector<std::string> rules() const {
        std::vector<std::string> ids;
        for (const Violation& v : checker.violations()) ids.push_back(rule_info(v.rule).id);
        return ids;
    }
    [[nodiscard]] bool silent() const {
        return checker.violations().empty() && checker.hazards().empty() && checker.notes().empty();
    }
    [[nodiscard]] PeMask holders(std::size_t i = 0) const {
        PeMask m = 0;
        for (const Holder& h : checker.violations().at(i).holders) m |= pe_bit(h.pe);
        return m;
    }

    Granule granule;

private:
    std::unique_ptr<u8, void (*)(void*)> host_;
    std::vector<u8> flags_;
    u64 next_ = 0;
    PeMask off_ = 0;

public:
    EventBus bus;
    InnerDomain domain;
    BbmChecker checker;
    std::vector<std::unique_ptr<Mmu>> mmus;
};

using Ids = std::vector<std::string>;

// A 4K linear map in TTBR1: L0 -> L1 -> L2, whose entry 0 is a 2 MiB block; entry 1 points to a table of pages.
struct LinearMap {
    explicit LinearMap(World& w)
        : l0(w.page()),
          l1(w.page()),
          l2(w.page()),
          l3(w.split(w.block(World::kBase + (2 << 20)))),
          block_desc(l2),
          table_desc(l2 + 8),
          page_desc(l3),
          block(w.block(World::kBlock)) {
        w.poke(l0, World::table(l1));
        w.poke(l1, World::table(l2));
        w.poke(block_desc, block);
        w.poke(table_desc, World::table(l3));
    }
    u64 l0, l1, l2, l3;
    u64 block_desc, table_desc, page_desc;
    u64 block;
    static constexpr u64 block_va = World::kLinear, table_va = World::kLinear + (2 << 20);
};

}  // namespace bbmsim::mmu
