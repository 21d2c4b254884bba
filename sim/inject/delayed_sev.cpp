// SPDX-License-Identifier: Apache-2.0
// An event reaches the PE's event register later than the interconnect says: an SEV, or the one that a cleared
// exclusives monitor makes.
#include "sim/inject/fault.hpp"

#include <stdexcept>

namespace bbmsim::sim {

namespace {

class DelayedSev final : public Fault {
public:
    using Fault::Fault;
    [[nodiscard]] Occasion::Kind occasion() const override { return Occasion::Kind::kEvent; }
    bool act(Occasion& o, cpu::Pe&, Machine&) override {
        o.delay_ps += spec.value("delay_ps", 0);
        return true;
    }
};

}  // namespace

std::unique_ptr<Fault> make_delayed_sev(const Injection& spec) {
    if (spec.value("delay_ps", 0) == 0) throw std::invalid_argument("injection.delay_ps=0: late by how much?");
    return std::make_unique<DelayedSev>(spec);
}

}  // namespace bbmsim::sim
