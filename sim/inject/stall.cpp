// SPDX-License-Identifier: Apache-2.0
// The PE executes nothing for a time, as one that firmware or a hypervisor took away. It still acknowledges TLBIs. The
// time counts as parked.
#include "models/cpu/pe.hpp"
#include "sim/inject/fault.hpp"
#include "sim/machine.hpp"

#include <stdexcept>

namespace bbmsim::sim {

namespace {

class Stall final : public Fault {
public:
    using Fault::Fault;
    [[nodiscard]] Occasion::Kind occasion() const override { return Occasion::Kind::kMoment; }
    bool act(Occasion&, cpu::Pe& pe, Machine& machine) override {
        machine.cores[pe.id]->stall(spec.value("duration_ps", 0));
        return true;
    }
};

}  // namespace

std::unique_ptr<Fault> make_stall(const Injection& spec) {
    if (spec.value("duration_ps", 0) == 0) throw std::invalid_argument("injection.duration_ps=0: for how long?");
    return std::make_unique<Stall>(spec);
}

}  // namespace bbmsim::sim
