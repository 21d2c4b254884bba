// SPDX-License-Identifier: Apache-2.0
// One bit of a descriptor turns over in memory, just before a walk reads it: an error that ECC did not catch. The
// checker sees a write by nobody.
#include "models/cpu/pe.hpp"
#include "sim/inject/fault.hpp"
#include "sim/machine.hpp"

#include <fmt/format.h>
#include <stdexcept>

namespace bbmsim::sim {

namespace {

class DescriptorFlip final : public Fault {
public:
    using Fault::Fault;
    [[nodiscard]] Occasion::Kind occasion() const override { return Occasion::Kind::kWalk; }
    [[nodiscard]] bool applies(const Occasion& o, const cpu::Pe& pe, Machine& machine) override {
        return step(machine.walk(pe.id, o.va)) != nullptr;
    }
    bool act(Occasion& o, cpu::Pe& pe, Machine& machine) override {
        const mmu::WalkResult walk = machine.walk(pe.id, o.va);
        const mmu::WalkStep* found = step(walk);
        const u64 value = found->value ^ (u64{1} << spec.value("bit", 0));
        // One bit turns over, the others stay whatever hardware makes of them meanwhile.
        machine.domain.store(kNoPe, PhysAddr(found->pa), &value, sizeof value, 0, StoreKind::kAtomic);
        return true;
    }

private:
    [[nodiscard]] const mmu::WalkStep* step(const mmu::WalkResult& walk) const {
        if (walk.fault || walk.steps.empty()) return nullptr;
        if (!spec.values.contains("level")) return &walk.steps.back();
        for (const mmu::WalkStep& s : walk.steps)
            if (s.level == spec.value("level", 3)) return &s;
        return nullptr;
    }
};

}  // namespace

std::unique_ptr<Fault> make_descriptor_flip(const Injection& spec) {
    if (spec.value("bit", 64) > 63)
        throw std::invalid_argument(fmt::format("injection.bit={} is not in 0..63", spec.value("bit", 64)));
    return std::make_unique<DescriptorFlip>(spec);
}

}  // namespace bbmsim::sim
