// SPDX-License-Identifier: Apache-2.0
// One bit of a TLB entry's output address turns over, or with `tag` of the address that it answers, just before an
// access that the entry would answer: an error in the array. Memory is right, and a walk would be.
#include "models/cpu/pe.hpp"
#include "sim/inject/fault.hpp"
#include "sim/machine.hpp"

#include <fmt/format.h>
#include <stdexcept>

namespace bbmsim::sim {

namespace {

constexpr u64 kLowest = 12, kHighest = 47;

class TlbFlip final : public Fault {
public:
    explicit TlbFlip(const Injection& spec) : Fault(spec), structure_(structure_of(spec, mmu::Structure::kL1D)) {}
    [[nodiscard]] Occasion::Kind occasion() const override { return Occasion::Kind::kAccess; }
    [[nodiscard]] bool applies(const Occasion& o, const cpu::Pe& pe, Machine& machine) override {
        if ((o.access == Access::kFetch) != (structure_ == mmu::Structure::kL1I) && structure_ != mmu::Structure::kL2)
            return false;
        return machine.cores[pe.id]->mmu->flip(structure_, o.va, 0, 0);
    }
    bool act(Occasion& o, cpu::Pe& pe, Machine& machine) override {
        const u64 mask = u64{1} << spec.value("bit", 0);
        const bool tag = spec.value("tag", 0) != 0;
        return machine.cores[pe.id]->mmu->flip(structure_, o.va, tag ? 0 : mask, tag ? mask : 0);
    }

private:
    const mmu::Structure structure_;
};

}  // namespace

std::unique_ptr<Fault> make_tlb_flip(const Injection& spec) {
    const u64 bit = spec.value("bit", 0);
    if (bit < kLowest || bit > kHighest)
        throw std::invalid_argument(fmt::format("injection.bit={} is not in {}..{}", bit, kLowest, kHighest));
    return std::make_unique<TlbFlip>(spec);
}

}  // namespace bbmsim::sim
