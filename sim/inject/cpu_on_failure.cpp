// SPDX-License-Identifier: Apache-2.0
// PSCI CPU_ON for the PE fails, with INTERNAL_FAILURE or the result that is set; the PE stays off.
#include "sim/inject/fault.hpp"

#include <fmt/format.h>
#include <stdexcept>

namespace bbmsim::sim {

namespace {

constexpr u64 kInternalFailure = 6, kLast = 9;

class CpuOnFailure final : public Fault {
public:
    using Fault::Fault;
    [[nodiscard]] Occasion::Kind occasion() const override { return Occasion::Kind::kPowerOn; }
    bool act(Occasion& o, cpu::Pe&, Machine&) override {
        o.psci_result = -static_cast<i64>(spec.value("error", kInternalFailure));
        return o.taken = true;
    }
};

}  // namespace

std::unique_ptr<Fault> make_cpu_on_failure(const Injection& spec) {
    const u64 error = spec.value("error", kInternalFailure);
    if (error == 0 || error > kLast)
        throw std::invalid_argument(fmt::format("injection.error={} is not in 1..{}", error, kLast));
    return std::make_unique<CpuOnFailure>(spec);
}

}  // namespace bbmsim::sim
