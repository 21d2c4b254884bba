// SPDX-License-Identifier: Apache-2.0
// A TLB entry that no walk of the moment would make is put in by force: the translation as the tables gave it at the
// symbol `taken`, or as they give it now, with another output address if `oa` is set. What the tables say since then
// does not touch it; a TLBI that covers it removes it.
#include "models/cpu/pe.hpp"
#include "models/mmu/regime.hpp"
#include "models/mmu/snapshot/archive.hpp"
#include "sim/inject/fault.hpp"
#include "sim/machine.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <optional>
#include <stdexcept>

namespace bbmsim::sim {

namespace {

class StaleEntry final : public Fault {
public:
    explicit StaleEntry(const Injection& spec) : Fault(spec), structure_(structure_of(spec, mmu::Structure::kL1D)) {}
    [[nodiscard]] Occasion::Kind occasion() const override { return Occasion::Kind::kMoment; }
    [[nodiscard]] std::string looks_at() const override { return spec.name("taken"); }
    void look(const cpu::Pe& pe, Machine& machine) override {
        if (!taken_) taken_ = entry_of(pe, machine);
    }
    bool act(Occasion& o, cpu::Pe& pe, Machine& machine) override {
        std::optional<mmu::TlbEntry> entry = spec.name("taken").empty() ? entry_of(pe, machine) : taken_;
        if (!entry) return false;
        if (spec.values.contains("oa")) entry->pa_base = spec.value("oa", 0) & ~entry->va_mask;
        entry->asid = machine.cores[pe.id]->mmu->context().asid(machine.config.cores[pe.id].mmu.asid_bits);
        entry->origin.filled_ps = pe.now_ps;
        const mmu::Origin& origin = entry->origin;
        for (unsigned i = 0; i < origin.depth; ++i)
            entry->stale |= machine.ram.view().read64(PhysAddr(origin.desc_pa[i])) != origin.desc_value[i];
        o.va = spec.va_lo;
        return machine.cores[pe.id]->mmu->plant(structure_, *entry);
    }
    void archive(Archive& ar) override { ar(taken_); }

private:
    [[nodiscard]] std::optional<mmu::TlbEntry> entry_of(const cpu::Pe& pe, Machine& machine) const {
        const mmu::Mmu& mmu = *machine.cores[pe.id]->mmu;
        const mmu::WalkResult walk = machine.walk(pe.id, spec.va_lo);
        if (walk.fault || walk.steps.empty() || !mmu.context().mmu_on()) return std::nullopt;
        const mmu::Regime regime = mmu::decode_regime(mmu.context(), mmu.config);
        const unsigned half = (spec.va_lo >> 55) & 1;
        mmu::TlbEntry e;
        e.va_mask = walk.span_bytes - 1;
        e.va_base = mmu::canonical(spec.va_lo, regime.half[half].tbi[0]) & ~e.va_mask;
        e.pa_base = walk.pa & ~e.va_mask;
        e.asid = regime.asid;
        e.global = walk.global;
        e.level = walk.level;
        e.granule = regime.half[half].granule;
        e.upper_half = static_cast<u8>(half);
        e.attr = walk.attr;
        e.perms = walk.perms;
        for (const mmu::WalkStep& step : walk.steps) {
            if (e.origin.depth == e.origin.desc_pa.size()) break;
            e.origin.desc_pa[e.origin.depth] = step.pa;
            e.origin.desc_value[e.origin.depth++] = step.value;
            machine.domain.flag_page(PhysAddr(step.pa), kWatched);  // as a walk does: later changes make it stale
        }
        return e;
    }
    const mmu::Structure structure_;
    std::optional<mmu::TlbEntry> taken_;
};

}  // namespace

std::unique_ptr<Fault> make_stale_entry(const Injection& spec) {
    if (spec.va_lo == 0 && spec.va_hi == ~u64{0}) throw std::invalid_argument("injection.va: of which address?");
    return std::make_unique<StaleEntry>(spec);
}

}  // namespace bbmsim::sim
