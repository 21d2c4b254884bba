// SPDX-License-Identifier: Apache-2.0
#include "models/board/gic_redistributor.hpp"

#include "models/board/affinity.hpp"
#include "models/board/memory_map.hpp"

#include <bit>

namespace bbmsim::board {

struct GicRedistributorRegisters {
    using R = GicRedistributor;
    using B = GicBank;
    static constexpr u32 kSgi = 0x1'0000;  // the SGI frame follows the RD frame
    // Without LPIs, GICR_CTLR, PROPBASER and PENDBASER are RAZ/WI; with one Security state IGRPMODR and NSACR are.
    static constexpr auto kTable = std::to_array<Register<R>>({
        {.name = "GICR_CTLR", .offset = 0x0, .rule = Rule::kReadOnly},
        {.name = "GICR_IIDR", .offset = 0x4, .rule = Rule::kReadOnly, .reset = 0x43b},
        {.name = "GICR_TYPER", .offset = 0x8, .rule = Rule::kReadOnly, .width = 8, .on_read = &R::read_typer},
        {.name = "GICR_STATUSR", .offset = 0x10, .rule = Rule::kReadOnly},
        {.name = "GICR_WAKER",
         .offset = 0x14,
         .reset = R::kProcessorSleep,
         .write_mask = R::kProcessorSleep,
         .field = &R::waker_,
         .on_read = &R::read_waker,
         .on_write = &R::write_waker},
        {.name = "GICR_PROPBASER", .offset = 0x70, .rule = Rule::kReadOnly, .width = 8},
        {.name = "GICR_PENDBASER", .offset = 0x78, .rule = Rule::kReadOnly, .width = 8},
        {.name = "GICR_PIDR4", .offset = 0xffd0, .rule = Rule::kReadOnly, .reset = 0x44},
        {.name = "GICR_PIDR5", .offset = 0xffd4, .rule = Rule::kReadOnly, .count = 3},
        {.name = "GICR_PIDR0", .offset = 0xffe0, .rule = Rule::kReadOnly, .reset = 0x93},
        {.name = "GICR_PIDR1", .offset = 0xffe4, .rule = Rule::kReadOnly, .reset = 0xb4},
        {.name = "GICR_PIDR2", .offset = 0xffe8, .rule = Rule::kReadOnly, .reset = 0x3b},
        {.name = "GICR_PIDR3", .offset = 0xffec, .rule = Rule::kReadOnly},
        {.name = "GICR_CIDR0", .offset = 0xfff0, .rule = Rule::kReadOnly, .reset = 0x0d},
        {.name = "GICR_CIDR1", .offset = 0xfff4, .rule = Rule::kReadOnly, .reset = 0xf0},
        {.name = "GICR_CIDR2", .offset = 0xfff8, .rule = Rule::kReadOnly, .reset = 0x05},
        {.name = "GICR_CIDR3", .offset = 0xfffc, .rule = Rule::kReadOnly, .reset = 0xb1},
        {.name = "GICR_IGROUPR0",
         .offset = kSgi + 0x80,
         .on_read = &R::read_mask<&B::group1>,
         .on_write = &R::write_group},
        {.name = "GICR_ISENABLER0",
         .offset = kSgi + 0x100,
         .on_read = &R::read_mask<&B::enabled>,
         .on_write = &R::write_mask<&B::enabled, true>},
        {.name = "GICR_ICENABLER0",
         .offset = kSgi + 0x180,
         .on_read = &R::read_mask<&B::enabled>,
         .on_write = &R::write_mask<&B::enabled, false>},
        {.name = "GICR_ISPENDR0",
         .offset = kSgi + 0x200,
         .on_read = &R::read_pending,
         .on_write = &R::write_mask<&B::latched, true>},
        {.name = "GICR_ICPENDR0",
         .offset = kSgi + 0x280,
         .on_read = &R::read_pending,
         .on_write = &R::write_mask<&B::latched, false>},
        {.name = "GICR_ISACTIVER0",
         .offset = kSgi + 0x300,
         .on_read = &R::read_mask<&B::active>,
         .on_write = &R::write_mask<&B::active, true>},
        {.name = "GICR_ICACTIVER0",
         .offset = kSgi + 0x380,
         .on_read = &R::read_mask<&B::active>,
         .on_write = &R::write_mask<&B::active, false>},
        {.name = "GICR_IPRIORITYR",
         .offset = kSgi + 0x400,
         .width = 1,
         .count = 32,
         .write_mask = kPriorityMask,
         .on_read = &R::read_priority,
         .on_write = &R::write_priority},
        {.name = "GICR_ICFGR",
         .offset = kSgi + 0xc00,
         .count = 2,
         .on_read = &R::read_config,
         .on_write = &R::write_config},
        {.name = "GICR_IGRPMODR0", .offset = kSgi + 0xd00, .rule = Rule::kReadOnly},
        {.name = "GICR_NSACR", .offset = kSgi + 0xe00, .rule = Rule::kReadOnly},
    });
    static_assert(well_formed<R>(kTable));
    static_assert(kTable.back().end() <= kGicRedistributorStride);
};

GicRedistributor::GicRedistributor(PeId pe, bool last, Changed changed)
    : pe_(pe), last_(last), changed_(std::move(changed)), regs_("gicr", GicRedistributorRegisters::kTable) {
    regs_.reset(*this);
    bank_.edge = kSgis;  // SGIs are edge-triggered for good
}

void GicRedistributor::set_ppi(unsigned intid, bool level) {
    if (intid < 16 || intid > 31) return;
    bank_.set_line(intid, level);
    changed_(pe_, false);
}

void GicRedistributor::send_sgi(unsigned intid, unsigned group) {
    if ((bank_.group1 >> intid & 1) != group) return;
    bank_.latched |= u32{1} << intid;
    changed_(pe_, false);
}

GicCandidate GicRedistributor::best(u32 groups) const {
    GicCandidate best;
    for (u32 bits = bank_.ready(groups); bits != 0; bits &= bits - 1) {
        const GicCandidate c = bank_.candidate(static_cast<unsigned>(std::countr_zero(bits)), 0);
        if (c.beats(best)) best = c;
    }
    return best;
}

void GicRedistributor::acknowledge(u32 intid) {
    bank_.acknowledge(intid);
    changed_(pe_, false);
}

void GicRedistributor::deactivate(u32 intid) {
    bank_.active &= ~(u32{1} << intid);
    changed_(pe_, false);
}

// Affinity_Value [63:32], Processor_Number [23:8], Last [4].
u64 GicRedistributor::read_typer(unsigned) {
    return affinity_of(pe_) << 32 | u64{pe_} << 8 | (last_ ? u64{1} << 4 : 0);
}

// The interface quiesces at once: ChildrenAsleep follows ProcessorSleep.
u64 GicRedistributor::read_waker(unsigned) { return waker_ | (awake() ? 0 : kChildrenAsleep); }

void GicRedistributor::write_waker(unsigned, u64, u64) { changed_(pe_, true); }

template <u32 GicBank::*Field, bool kSet>
void GicRedistributor::write_mask(unsigned, u64 value, u64) {
    const auto bits = static_cast<u32>(value);
    bank_.*Field = kSet ? bank_.*Field | bits : bank_.*Field & ~bits;
    changed_(pe_, false);
}

void GicRedistributor::write_group(unsigned, u64 value, u64 lanes) {
    bank_.group1 = static_cast<u32>((bank_.group1 & ~lanes) | value);
    changed_(pe_, false);
}

void GicRedistributor::write_priority(unsigned i, u64 value, u64) {
    bank_.priority[i] = static_cast<u8>(value);
    changed_(pe_, false);
}

void GicRedistributor::write_config(unsigned i, u64 value, u64 lanes) {
    if (i == 0) return;  // SGIs
    bank_.set_config(i, static_cast<u32>(value), static_cast<u32>(lanes));
    changed_(pe_, false);
}

GicRedistributors::GicRedistributors(unsigned pes, const GicRedistributor::Changed& changed) {
    frames_.reserve(pes);
    for (unsigned i = 0; i < pes; ++i) frames_.emplace_back(static_cast<PeId>(i), i + 1 == pes, changed);
}

u64 GicRedistributors::read(u64 offset, unsigned size) {
    const u64 pe = offset / kGicRedistributorStride;
    return pe < frames_.size() ? frames_[pe].read(offset % kGicRedistributorStride, size) : 0;
}

void GicRedistributors::write(u64 offset, u64 value, unsigned size) {
    const u64 pe = offset / kGicRedistributorStride;
    if (pe < frames_.size()) frames_[pe].write(offset % kGicRedistributorStride, value, size);
}

}  // namespace bbmsim::board
