// SPDX-License-Identifier: Apache-2.0
#include "sim/inject/fault.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace bbmsim::sim {

namespace {

constexpr std::array kMakers{
    std::pair{"tlb-conflict", &make_tlb_conflict},
    std::pair{"lost-tlbi", &make_lost_tlbi},
    std::pair{"late-tlbi", &make_late_tlbi},
    std::pair{"stale-entry", &make_stale_entry},
    std::pair{"walk-abort", &make_walk_abort},
    std::pair{"walk-fault", &make_walk_fault},
    std::pair{"descriptor-flip", &make_descriptor_flip},
    std::pair{"tlb-flip", &make_tlb_flip},
    std::pair{"delayed-sev", &make_delayed_sev},
    std::pair{"spurious-wake", &make_spurious_wake},
    std::pair{"stall", &make_stall},
    std::pair{"cpu-on-failure", &make_cpu_on_failure},
};

}  // namespace

std::unique_ptr<Fault> make_fault(const Injection& spec) {
    for (const auto& [kind, make] : kMakers)
        if (spec.kind == kind) return make(spec);
    throw std::invalid_argument(fmt::format("injection.kind={}: no such kind", spec.kind));
}

mmu::Structure structure_of(const Injection& spec, mmu::Structure otherwise) {
    const std::string name = spec.name("structure");
    if (name.empty()) return otherwise;
    if (name == "l1i") return mmu::Structure::kL1I;
    if (name == "l1d") return mmu::Structure::kL1D;
    if (name == "l2") return mmu::Structure::kL2;
    throw std::invalid_argument(fmt::format("injection.structure={}: one of l1i, l1d, l2", name));
}

u8 level_for(const Injection& spec, const mmu::WalkResult& walk) {
    return static_cast<u8>(std::min<u64>(spec.value("level", walk.level), 3));
}

}  // namespace bbmsim::sim
