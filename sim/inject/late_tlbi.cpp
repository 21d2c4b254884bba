// SPDX-License-Identifier: Apache-2.0
// A TLBI that the PE acknowledges at once and performs later: the issuer's DSB completes though entries are left, the
// class of CVE-2025-10263.
#include "models/cpu/pe.hpp"
#include "models/mmu/snapshot/archive.hpp"
#include "sim/inject/fault.hpp"
#include "sim/machine.hpp"

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <utility>

namespace bbmsim::sim {

namespace {

class LateTlbi final : public Fault {
public:
    using Fault::Fault;
    [[nodiscard]] Occasion::Kind occasion() const override { return Occasion::Kind::kTlbi; }
    bool act(Occasion& o, cpu::Pe& pe, Machine& machine) override {
        late_.emplace_back(std::max(pe.now_ps, machine.now_ps()) + spec.value("delay_ps", 0), *o.tlbi);
        return o.taken = true;
    }
    [[nodiscard]] u64 due_ps() const override { return late_.empty() ? ~u64{0} : late_.front().first; }
    void do_due(u64 now_ps, Machine& machine) override {
        while (!late_.empty() && late_.front().first <= now_ps) {
            const mmu::Tlbi op = late_.front().second;
            late_.pop_front();
            machine.injector.perform(spec.core, op);
        }
    }

    void archive(Archive& ar) override { ar(late_); }

private:
    std::deque<std::pair<u64, mmu::Tlbi>> late_;  // in order: the delay is one
};

}  // namespace

std::unique_ptr<Fault> make_late_tlbi(const Injection& spec) {
    if (spec.value("delay_ps", 0) == 0) throw std::invalid_argument("injection.delay_ps=0: late by how much?");
    return std::make_unique<LateTlbi>(spec);
}

}  // namespace bbmsim::sim
