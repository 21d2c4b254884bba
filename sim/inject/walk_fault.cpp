// SPDX-License-Identifier: Apache-2.0
// A table walk that finds nothing: a Translation fault where memory holds a valid descriptor, as a walker that reads
// an old value would report.
#include "models/cpu/pe.hpp"
#include "sim/inject/fault.hpp"
#include "sim/machine.hpp"

namespace bbmsim::sim {

namespace {

class WalkFault final : public Fault {
public:
    using Fault::Fault;
    [[nodiscard]] Occasion::Kind occasion() const override { return Occasion::Kind::kWalk; }
    [[nodiscard]] bool applies(const Occasion& o, const cpu::Pe& pe, Machine& machine) override {
        return !machine.walk(pe.id, o.va).fault;  // one that faults anyway is no occasion
    }
    bool act(Occasion& o, cpu::Pe& pe, Machine& machine) override {
        o.fault = {mmu::FaultType::kTranslation, level_for(spec, machine.walk(pe.id, o.va))};
        return true;
    }
};

}  // namespace

std::unique_ptr<Fault> make_walk_fault(const Injection& spec) { return std::make_unique<WalkFault>(spec); }

}  // namespace bbmsim::sim
