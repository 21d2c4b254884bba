// SPDX-License-Identifier: Apache-2.0
// A WFE ends without an event: the architecture lets it end for any reason, so that software must look again.
#include "sim/inject/fault.hpp"

namespace bbmsim::sim {

namespace {

class SpuriousWake final : public Fault {
public:
    using Fault::Fault;
    [[nodiscard]] Occasion::Kind occasion() const override { return Occasion::Kind::kWfe; }
    bool act(Occasion& o, cpu::Pe&, Machine&) override {
        o.delay_ps = spec.value("delay_ps", 0);
        return o.taken = true;
    }
};

}  // namespace

std::unique_ptr<Fault> make_spurious_wake(const Injection& spec) { return std::make_unique<SpuriousWake>(spec); }

}  // namespace bbmsim::sim
