// SPDX-License-Identifier: Apache-2.0
#include "models/board/gic_cpu_interface.hpp"

#include "models/board/affinity.hpp"
#include "models/board/gicv3.hpp"

#include <algorithm>
#include <bit>

namespace bbmsim::board {

void GicCpuInterface::reset() {
    GicCpuInterface fresh(pe_, *gic_);
    fresh.irq_ = irq_;  // levels that the PE was told: refresh() tells it of changes
    fresh.fiq_ = fiq_;
    *this = fresh;
    gic_->participation_changed(pe_);
}

void GicCpuInterface::refresh() {
    pending_ = {};
    const GicRedistributor& redistributor = gic_->redistributors_.of(pe_);
    const u32 groups = igrpen_ & gic_->distributor_.groups();
    if (groups != 0 && redistributor.awake()) {
        pending_ = redistributor.best(groups);
        if (const GicCandidate spi = gic_->distributor_.best_for(pe_, groups); spi.beats(pending_)) pending_ = spi;
    }
    const bool signal = can_signal();
    const bool irq = signal && pending_.group == 1, fiq = signal && pending_.group == 0;
    if (irq != irq_) gic_->set_irq(pe_, irq_ = irq);
    if (fiq != fiq_) gic_->set_fiq(pe_, fiq_ = fiq);
}

// Group priority of the highest priority active interrupt.
u8 GicCpuInterface::running_priority() const {
    const u32 active = active_[0] | active_[1];
    return active == 0 ? kIdlePriority : static_cast<u8>(std::countr_zero(active) << (8 - kPriorityBits));
}

// The binary point splits a priority into group priority, which decides preemption, and subpriority. ICC_BPR1_EL1 is
// the Non-secure form: its value n gives group priority [7:n], where that of BPR0 gives [7:n+1].
u8 GicCpuInterface::group_priority_mask(unsigned group) const {
    const unsigned low = group == 1 && !common_bpr_ ? bpr1_ : bpr0_ + 1u;
    return static_cast<u8>(0xff << low);
}

bool GicCpuInterface::can_signal() const {
    if (pending_.intid == kSpurious || pending_.priority >= pmr_) return false;
    return (pending_.priority & group_priority_mask(pending_.group)) < running_priority();
}

u32 GicCpuInterface::acknowledge(unsigned group) {
    if (!can_signal() || pending_.group != group) return kSpurious;
    const GicCandidate taken = pending_;
    active_[group] |= u32{1} << ((taken.priority & group_priority_mask(group)) >> (8 - kPriorityBits));
    if (taken.intid < 32)
        gic_->redistributors_.of(pe_).acknowledge(taken.intid);
    else
        gic_->distributor_.acknowledge(taken.intid);
    refresh();
    return taken.intid;
}

void GicCpuInterface::end_of_interrupt(unsigned group, u32 intid) {
    if (intid >= 1020) return;
    // Priority drop: of the highest priority active interrupt, which must be of this group.
    const u32 lowest = (active_[0] | active_[1]) & (0u - (active_[0] | active_[1]));
    if ((active_[group] & lowest) == 0) return;
    active_[group] &= ~lowest;
    if (!split_eoi_) deactivate(intid);
    refresh();
}

void GicCpuInterface::deactivate(u32 intid) {
    if (intid < 32)
        gic_->redistributors_.of(pe_).deactivate(intid);
    else
        gic_->distributor_.deactivate(intid);
}

// Aff3 [55:48], RS [47:44], IRM [40], Aff2 [39:32], INTID [27:24], Aff1 [23:16], target list [15:0] of Aff0.
void GicCpuInterface::send_sgi(unsigned group, u64 value) {
    const unsigned intid = value >> 24 & 0xf;
    if ((value >> 40 & 1) != 0) {
        for (unsigned pe = 0; pe < gic_->pes(); ++pe)
            if (pe != pe_) gic_->redistributors_.of(static_cast<PeId>(pe)).send_sgi(intid, group);
        return;
    }
    if ((value >> 44 & 0xf) != 0) return;  // no Aff0 above 15 here
    const u64 above = (value >> 48 & 0xff) << 32 | (value >> 32 & 0xff) << 16 | (value >> 16 & 0xff) << 8;
    for (unsigned aff0 = 0; aff0 < 16; ++aff0) {
        if ((value >> aff0 & 1) == 0) continue;
        if (const auto target = pe_of_affinity(above | aff0, gic_->pes()))
            gic_->redistributors_.of(*target).send_sgi(intid, group);
    }
}

// With CBPR, ICC_BPR1_EL1 reads as ICC_BPR0_EL1 + 1, saturated.
u8 GicCpuInterface::bpr1() const { return common_bpr_ ? static_cast<u8>(std::min(bpr0_ + 1, 7)) : bpr1_; }

void GicCpuInterface::set_groups(u32 groups) {
    if (groups == igrpen_) return;
    igrpen_ = groups;
    gic_->participation_changed(pe_);
}

bool GicCpuInterface::read(u32 encoding, u64& value) {
    switch (encoding) {
        case icc::kPmr: value = pmr_; return true;
        case icc::kIar0: value = acknowledge(0); return true;
        case icc::kIar1: value = acknowledge(1); return true;
        case icc::kHppir0: value = pending_.group == 0 ? pending_.intid : kSpurious; return true;
        case icc::kHppir1: value = pending_.group == 1 ? pending_.intid : kSpurious; return true;
        case icc::kBpr0: value = bpr0_; return true;
        case icc::kBpr1: value = bpr1(); return true;
        case icc::kAp0r0: value = active_[0]; return true;
        case icc::kAp1r0: value = active_[1]; return true;
        case icc::kRpr: value = running_priority(); return true;
        // A3V [15], IDbits [13:11] = 0: 16 bits, PRIbits [10:8], EOImode [1], CBPR [0].
        case icc::kCtlr:
            value = 1u << 15 | (kPriorityBits - 1) << 8 | u32{split_eoi_} << 1 | u32{common_bpr_};
            return true;
        case icc::kSre: value = 7; return true;  // system registers only, no bypass: RAO/WI
        case icc::kIgrpen0: value = igrpen_ & kGroup0; return true;
        case icc::kIgrpen1: value = igrpen_ >> 1 & 1; return true;
        default: return false;
    }
}

bool GicCpuInterface::write(u32 encoding, u64 value) {
    switch (encoding) {
        case icc::kPmr: pmr_ = value & kPriorityMask; break;
        case icc::kEoir0: end_of_interrupt(0, value & 0xff'ffff); return true;
        case icc::kEoir1: end_of_interrupt(1, value & 0xff'ffff); return true;
        case icc::kBpr0: bpr0_ = std::max<u8>(value & 7, kMinimumBpr0); break;
        case icc::kBpr1:
            if (!common_bpr_) bpr1_ = std::max<u8>(value & 7, kMinimumBpr0 + 1);
            break;
        case icc::kAp0r0: active_[0] = static_cast<u32>(value); break;
        case icc::kAp1r0: active_[1] = static_cast<u32>(value); break;
        case icc::kDir:
            if (split_eoi_ && (value & 0xff'ffff) < 1020) deactivate(value & 0xff'ffff);
            break;
        case icc::kSgi0r: send_sgi(0, value); return true;
        case icc::kSgi1r: send_sgi(1, value); return true;
        case icc::kAsgi1r: return true;  // of the other Security state, which does not exist
        case icc::kCtlr:
            common_bpr_ = (value & 1) != 0;
            split_eoi_ = (value & 2) != 0;
            break;
        case icc::kSre: return true;
        case icc::kIgrpen0: set_groups((igrpen_ & kGroup1) | (value & 1 ? kGroup0 : 0)); return true;
        case icc::kIgrpen1: set_groups((igrpen_ & kGroup0) | (value & 1 ? kGroup1 : 0)); return true;
        default: return false;
    }
    refresh();
    return true;
}

}  // namespace bbmsim::board
