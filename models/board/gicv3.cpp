// SPDX-License-Identifier: Apache-2.0
#include "models/board/gicv3.hpp"

#include <bit>

namespace bbmsim::board {

GicV3::GicV3(unsigned pes, Line irq, Line fiq, unsigned spis)
    : pes_(pes),
      irq_(std::move(irq)),
      fiq_(std::move(fiq)),
      distributor_(pes, spis, [this](PeMask mask) { refresh(mask); }),
      redistributors_(pes, [this](PeId pe, bool participation) {
          if (participation)
              participation_changed(pe);
          else
              interfaces_[pe].refresh();
      }) {
    interfaces_.reserve(pes);
    for (unsigned i = 0; i < pes; ++i) interfaces_.emplace_back(static_cast<PeId>(i), *this);
}

void GicV3::reset_cpu_interface(PeId pe) { interfaces_[pe].reset(); }

void GicV3::refresh(PeMask pes) {
    if (pes_ < kMaxPes) pes &= pe_bit(static_cast<PeId>(pes_)) - 1;
    for (; pes != 0; pes &= pes - 1) interfaces_[static_cast<unsigned>(std::countr_zero(pes))].refresh();
}

void GicV3::participation_changed(PeId pe) {
    const u32 groups = redistributors_.of(pe).awake() ? interfaces_[pe].groups() : 0;
    for (unsigned group = 0; group < 2; ++group) {
        const PeMask before = participants_[group];
        participants_[group] = (groups >> group & 1) != 0 ? before | pe_bit(pe) : before & ~pe_bit(pe);
        if (participants_[group] != before) distributor_.set_participants(group, participants_[group]);
    }
    interfaces_[pe].refresh();
}

std::vector<std::string> GicV3::notes() const {
    std::vector<std::string> notes;
    if (auto n = distributor_.note(); !n.empty()) notes.push_back(std::move(n));
    for (unsigned pe = 0; pe < pes_; ++pe)
        if (auto n = redistributors_.of(static_cast<PeId>(pe)).note(); !n.empty())
            notes.push_back(fmt::format("PE {}: {}", pe, n));
    return notes;
}

}  // namespace bbmsim::board
