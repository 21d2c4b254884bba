// SPDX-License-Identifier: Apache-2.0
#include "models/board/gic_distributor.hpp"

#include "models/board/affinity.hpp"

#include <bit>
#include <stdexcept>

namespace bbmsim::board {
namespace {

constexpr u32 kAre = 1 << 4, kDs = 1 << 6;  // GICD_CTLR: affinity routing, one Security state: both RAO/WI here
constexpr u64 kRouteAny = u64{1} << 31;     // GICD_IROUTER.Interrupt_Routing_Mode

unsigned checked_banks(unsigned pes, unsigned spis) {
    if (pes == 0 || pes > kMaxPes)
        throw std::invalid_argument(fmt::format("gic: {} PEs, right is 1 to {}", pes, kMaxPes));
    if (spis == 0 || spis > 960 || spis % 32 != 0)
        throw std::invalid_argument(fmt::format("gic: spis={} is not a multiple of 32 from 32 to 960", spis));
    return spis / 32;
}

}  // namespace

struct GicDistributorRegisters {
    using D = GicDistributor;
    using B = GicBank;
    // Word 0 of each array belongs to SGIs and PPIs, which are the redistributors': RAZ/WI under affinity routing, as
    // are GICD_ITARGETSR, GICD_SGIR and the SGI pending registers. IGRPMODR and NSACR are RAZ/WI with one Security
    // state.
    static constexpr auto kTable = std::to_array<Register<D>>({
        {.name = "GICD_CTLR", .offset = 0x0, .on_read = &D::read_ctlr, .on_write = &D::write_ctlr},
        {.name = "GICD_TYPER", .offset = 0x4, .rule = Rule::kReadOnly, .on_read = &D::read_typer},
        {.name = "GICD_IIDR", .offset = 0x8, .rule = Rule::kReadOnly, .reset = 0x43b},
        {.name = "GICD_TYPER2", .offset = 0xc, .rule = Rule::kReadOnly},
        {.name = "GICD_STATUSR", .offset = 0x10, .rule = Rule::kReadOnly},
        {.name = "GICD_IGROUPR",
         .offset = 0x80,
         .count = 32,
         .on_read = &D::read_mask<&B::group1>,
         .on_write = &D::write_group},
        {.name = "GICD_ISENABLER",
         .offset = 0x100,
         .count = 32,
         .on_read = &D::read_mask<&B::enabled>,
         .on_write = &D::write_mask<&B::enabled, true>},
        {.name = "GICD_ICENABLER",
         .offset = 0x180,
         .count = 32,
         .on_read = &D::read_mask<&B::enabled>,
         .on_write = &D::write_mask<&B::enabled, false>},
        {.name = "GICD_ISPENDR",
         .offset = 0x200,
         .count = 32,
         .on_read = &D::read_pending,
         .on_write = &D::write_mask<&B::latched, true>},
        {.name = "GICD_ICPENDR",
         .offset = 0x280,
         .count = 32,
         .on_read = &D::read_pending,
         .on_write = &D::write_mask<&B::latched, false>},
        {.name = "GICD_ISACTIVER",
         .offset = 0x300,
         .count = 32,
         .on_read = &D::read_mask<&B::active>,
         .on_write = &D::write_mask<&B::active, true>},
        {.name = "GICD_ICACTIVER",
         .offset = 0x380,
         .count = 32,
         .on_read = &D::read_mask<&B::active>,
         .on_write = &D::write_mask<&B::active, false>},
        {.name = "GICD_IPRIORITYR",
         .offset = 0x400,
         .width = 1,
         .count = 1024,
         .write_mask = kPriorityMask,
         .on_read = &D::read_priority,
         .on_write = &D::write_priority},
        {.name = "GICD_ITARGETSR", .offset = 0x800, .rule = Rule::kReadOnly, .width = 1, .count = 1024},
        {.name = "GICD_ICFGR", .offset = 0xc00, .count = 64, .on_read = &D::read_config, .on_write = &D::write_config},
        {.name = "GICD_IGRPMODR", .offset = 0xd00, .rule = Rule::kReadOnly, .count = 32},
        {.name = "GICD_NSACR", .offset = 0xe00, .rule = Rule::kReadOnly, .count = 64},
        {.name = "GICD_SGIR", .offset = 0xf00, .rule = Rule::kReadOnly},
        {.name = "GICD_CPENDSGIR", .offset = 0xf10, .rule = Rule::kReadOnly, .count = 4},
        {.name = "GICD_SPENDSGIR", .offset = 0xf20, .rule = Rule::kReadOnly, .count = 4},
        {.name = "GICD_IROUTER",
         .offset = 0x6100,
         .width = 8,
         .count = 988,
         .write_mask = kAffinityMask | kRouteAny,
         .on_read = &D::read_route,
         .on_write = &D::write_route},
        {.name = "GICD_PIDR4", .offset = 0xffd0, .rule = Rule::kReadOnly, .reset = 0x44},
        {.name = "GICD_PIDR5", .offset = 0xffd4, .rule = Rule::kReadOnly, .count = 3},
        {.name = "GICD_PIDR0", .offset = 0xffe0, .rule = Rule::kReadOnly, .reset = 0x92},
        {.name = "GICD_PIDR1", .offset = 0xffe4, .rule = Rule::kReadOnly, .reset = 0xb4},
        {.name = "GICD_PIDR2", .offset = 0xffe8, .rule = Rule::kReadOnly, .reset = 0x3b},
        {.name = "GICD_PIDR3", .offset = 0xffec, .rule = Rule::kReadOnly},
        {.name = "GICD_CIDR0", .offset = 0xfff0, .rule = Rule::kReadOnly, .reset = 0x0d},
        {.name = "GICD_CIDR1", .offset = 0xfff4, .rule = Rule::kReadOnly, .reset = 0xf0},
        {.name = "GICD_CIDR2", .offset = 0xfff8, .rule = Rule::kReadOnly, .reset = 0x05},
        {.name = "GICD_CIDR3", .offset = 0xfffc, .rule = Rule::kReadOnly, .reset = 0xb1},
    });
    static_assert(well_formed<D>(kTable));
};

GicDistributor::GicDistributor(unsigned pes, unsigned spis, Changed changed)
    : pes_(pes),
      changed_(std::move(changed)),
      regs_("gicd", GicDistributorRegisters::kTable),
      banks_(checked_banks(pes, spis)),
      route_(spis, 0),
      target_(spis, PeId{0}),
      ready_(spis / 32, 0) {}

void GicDistributor::set_spi(unsigned spi, bool level) {
    const unsigned word = 1 + spi / 32;
    GicBank* b = bank(word);
    if (b == nullptr) return;
    b->set_line(spi % 32, level);
    changed(word, u32{1} << (spi % 32));
}

PeId GicDistributor::target_of(unsigned word, unsigned bit) const {
    const PeId target = target_[(word - 1) * 32 + bit];
    if (target != kAnyPe) return target;
    const PeMask mask = participants_[banks_[word - 1].group1 >> bit & 1];
    return mask != 0 ? static_cast<PeId>(std::countr_zero(mask)) : kNoPe;
}

GicCandidate GicDistributor::best_for(PeId pe, u32 groups) const {
    GicCandidate best;
    for (u32 words = ready_words_; words != 0; words &= words - 1) {
        const auto b = static_cast<unsigned>(std::countr_zero(words));
        for (u32 bits = ready_[b] & banks_[b].ready(groups); bits != 0; bits &= bits - 1) {
            const auto bit = static_cast<unsigned>(std::countr_zero(bits));
            if (target_of(b + 1, bit) != pe) continue;
            const GicCandidate c = banks_[b].candidate(bit, 32 * (b + 1));
            if (c.beats(best)) best = c;
        }
    }
    return best;
}

void GicDistributor::acknowledge(u32 intid) {
    if (!has(intid)) return;
    bank(intid / 32)->acknowledge(intid % 32);
    changed(intid / 32, u32{1} << (intid % 32));
}

void GicDistributor::deactivate(u32 intid) {
    if (!has(intid)) return;
    bank(intid / 32)->active &= ~(u32{1} << (intid % 32));
    changed(intid / 32, u32{1} << (intid % 32));
}

void GicDistributor::set_participants(unsigned group, PeMask mask) {
    participants_[group] = mask;
    if (ready_words_ != 0) changed_(~PeMask{0});
}

void GicDistributor::refresh(unsigned word) {
    const unsigned b = word - 1;
    ready_[b] = banks_[b].ready(groups());
    ready_words_ = ready_[b] != 0 ? ready_words_ | u32{1} << b : ready_words_ & ~(u32{1} << b);
}

void GicDistributor::changed(unsigned word, u32 bits) {
    const u32 before = ready_[word - 1];
    refresh(word);
    PeMask pes = 0;
    // What neither was nor is ready concerns nobody.
    for (bits &= before | ready_[word - 1]; bits != 0; bits &= bits - 1) {
        const PeId target = target_[(word - 1) * 32 + static_cast<unsigned>(std::countr_zero(bits))];
        pes |= target == kAnyPe ? ~PeMask{0} : pe_bit(target);
    }
    if (pes != 0) changed_(pes);
}

void GicDistributor::changed_all() {
    for (unsigned word = 1; word <= banks_.size(); ++word) refresh(word);
    changed_(~PeMask{0});
}

u64 GicDistributor::read_ctlr(unsigned) { return ctlr_ | kAre | kDs; }

void GicDistributor::write_ctlr(unsigned, u64 value, u64 lanes) {
    const u32 m = static_cast<u32>(lanes) & (kGroup0 | kGroup1);
    ctlr_ = (ctlr_ & ~m) | (static_cast<u32>(value) & m);
    changed_all();
}

// ITLinesNumber [4:0], IDbits [23:19] = 16 bits, A3V [24]; no LPIs, one Security state, 1-of-N supported (No1N = 0).
u64 GicDistributor::read_typer(unsigned) { return banks_.size() | 15u << 19 | 1u << 24; }

template <u32 GicBank::*Field>
u64 GicDistributor::read_mask(unsigned i) {
    const GicBank* b = bank(i);
    return b != nullptr ? b->*Field : 0;
}

template <u32 GicBank::*Field, bool kSet>
void GicDistributor::write_mask(unsigned i, u64 value, u64) {
    GicBank* b = bank(i);
    if (b == nullptr) return;
    const auto bits = static_cast<u32>(value);
    b->*Field = kSet ? b->*Field | bits : b->*Field & ~bits;
    changed(i, bits);
}

u64 GicDistributor::read_pending(unsigned i) {
    const GicBank* b = bank(i);
    return b != nullptr ? b->pending() : 0;
}

void GicDistributor::write_group(unsigned i, u64 value, u64 lanes) {
    GicBank* b = bank(i);
    if (b == nullptr) return;
    b->group1 = static_cast<u32>((b->group1 & ~lanes) | value);
    changed(i, static_cast<u32>(lanes));
}

u64 GicDistributor::read_priority(unsigned i) {
    const GicBank* b = bank(i / 32);
    return b != nullptr ? b->priority[i % 32] : 0;
}

void GicDistributor::write_priority(unsigned i, u64 value, u64) {
    GicBank* b = bank(i / 32);
    if (b == nullptr) return;
    b->priority[i % 32] = static_cast<u8>(value);
    changed(i / 32, u32{1} << (i % 32));
}

u64 GicDistributor::read_config(unsigned i) {
    const GicBank* b = bank(i / 2);
    return b != nullptr ? b->config(i % 2) : 0;
}

void GicDistributor::write_config(unsigned i, u64 value, u64 lanes) {
    GicBank* b = bank(i / 2);
    if (b == nullptr) return;
    b->set_config(i % 2, static_cast<u32>(value), static_cast<u32>(lanes));
    changed(i / 2, ~u32{0});
}

u64 GicDistributor::read_route(unsigned i) { return i < route_.size() ? route_[i] : 0; }

void GicDistributor::write_route(unsigned i, u64 value, u64 lanes) {
    if (i >= route_.size()) return;
    const unsigned word = 1 + i / 32;
    const u32 bit = u32{1} << (i % 32);
    route_[i] = (route_[i] & ~lanes) | value;
    const PeId before = target_[i];
    if ((route_[i] & kRouteAny) != 0)
        target_[i] = kAnyPe;
    else
        target_[i] = pe_of_affinity(route_[i] & kAffinityMask, pes_).value_or(kNoPe);
    if ((ready_[word - 1] & bit) != 0)
        changed_(before == kAnyPe || target_[i] == kAnyPe ? ~PeMask{0} : pe_bit(before) | pe_bit(target_[i]));
}

}  // namespace bbmsim::board
