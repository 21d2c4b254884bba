// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/ordering.hpp"

#include <algorithm>
#include <bit>

namespace bbmsim::mmu {

void Ordering::add_pe(PeId pe) {
    if (pes_.size() <= pe) pes_.resize(pe + 1u);
    slots_ = static_cast<unsigned>(pes_.size()) + 1;
    for (State& s : pes_) {
        s.clean.resize(slots_);
        s.issued.resize(slots_);
        for (auto& list : s.outstanding)
            for (Outstanding& o : list) o.ordered.resize(slots_);
    }
}

void Ordering::acquire(PeId pe) { pes_[pe].acquired = tick(); }

void Ordering::dsb(PeId pe, BarrierDomain domain, BarrierType type) {
    const u64 time = tick();
    if (type != BarrierType::kStores && type != BarrierType::kAll) return;
    State& s = pes_[pe];
    for (unsigned width = 0; width < (domain == BarrierDomain::kNon ? 1u : 2u); ++width) {
        s.dsb[width] = time;
        s.chained[width] = s.acquired;
    }
}

u64 Ordering::ordered_until(PeId writer, PeId issuer, unsigned width) const {
    if (writer >= pes_.size()) return now_ + 1;  // the host's and devices' writes are complete when they are made
    // A barrier of another PE must reach the issuer, whatever its TLBI does.
    return std::max(pes_[writer].dsb[writer == issuer ? width : 1], pes_[issuer].chained[width]);
}

bool Ordering::ordered(PeId writer, u64 written, PeId issuer, TlbiScope scope) const {
    return ordered_until(writer, issuer, scope != TlbiScope::kLocal) > written;
}

void Ordering::issue_vmall(PeId issuer, TlbiScope scope, PeMask targets) {
    const unsigned width = scope != TlbiScope::kLocal;
    auto& list = pes_[issuer].outstanding[static_cast<unsigned>(scope)];
    for (Outstanding& earlier : list) earlier.targets &= ~targets;  // this one takes all that they would
    const auto unused = std::find_if(list.begin(), list.end(), [](const Outstanding& o) { return !o.targets; });
    Outstanding& o = unused == list.end() ? list.emplace_back() : *unused;
    o.ordered.resize(slots_);
    o.targets = targets;
    o.issued = tick();
    for (unsigned w = 0; w < slots_; ++w) o.ordered[w] = ordered_until(static_cast<PeId>(w), issuer, width);
    for (PeMask m = targets; m; m &= m - 1) {
        State& s = pes_[static_cast<unsigned>(std::countr_zero(m))];
        s.last_vmall = o.issued;
        for (unsigned w = 0; w < slots_; ++w) s.issued[w] = std::max(s.issued[w], o.ordered[w]);
    }
    if (width == 0) pes_[issuer].last_local_vmall = o.issued;
}

void Ordering::complete(const Outstanding& o) {
    for (PeMask m = o.targets; m; m &= m - 1) {
        State& s = pes_[static_cast<unsigned>(std::countr_zero(m))];
        s.flushed = std::max(s.flushed, o.issued);
        for (unsigned w = 0; w < slots_; ++w) s.clean[w] = std::max(s.clean[w], o.ordered[w]);
    }
}

PeMask Ordering::vmall_cleaned(PeMask pes, PeId writer, u64 written) const {
    PeMask cleaned = 0;
    for (PeMask m = pes; m; m &= m - 1) {
        const auto pe = static_cast<PeId>(std::countr_zero(m));
        if (vmall_cleaned(pe, writer, written)) cleaned |= pe_bit(pe);
    }
    return cleaned;
}

bool Ordering::vmall_elsewhere(PeId pe, PeMask flushers, u64 written) const {
    for (PeMask others = flushers & ~pe_bit(pe); others; others &= others - 1)
        if (pes_[static_cast<unsigned>(std::countr_zero(others))].last_local_vmall > written) return true;
    return false;
}

}  // namespace bbmsim::mmu
