// SPDX-License-Identifier: Apache-2.0
// A synchronous External abort on a table walk: a descriptor can't be read. Reported at the level at which the walk
// would have ended, or at the one that is set.
#include "models/cpu/pe.hpp"
#include "sim/inject/fault.hpp"
#include "sim/machine.hpp"

namespace bbmsim::sim {

namespace {

class WalkAbort final : public Fault {
public:
    using Fault::Fault;
    [[nodiscard]] Occasion::Kind occasion() const override { return Occasion::Kind::kWalk; }
    bool act(Occasion& o, cpu::Pe& pe, Machine& machine) override {
        o.fault = {mmu::FaultType::kExternalOnWalk, level_for(spec, machine.walk(pe.id, o.va))};
        return true;
    }
};

}  // namespace

std::unique_ptr<Fault> make_walk_abort(const Injection& spec) { return std::make_unique<WalkAbort>(spec); }

}  // namespace bbmsim::sim
