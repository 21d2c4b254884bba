// SPDX-License-Identifier: Apache-2.0
// The checker over a trace: PEs with modelled TLBs (for `read` and `fetch`), no CPU, no time. Findings carry the line
// as their time (first_ps), and as their pc where the trace gives none.
#pragma once

#include "models/mmu/checker/bbm_checker.hpp"
#include "models/mmu/event.hpp"
#include "models/mmu/inner_domain.hpp"
#include "models/mmu/trace/trace.hpp"

#include <memory>
#include <vector>

namespace bbmsim::mmu::trace {

class Run {
public:
    // `ram` covers the trace's RAM and reads zero where nothing was written.
    Run(const Trace& trace, const RamView& ram);
    void all();  // every event, and the end of the run
    [[nodiscard]] const BbmChecker& checker() const { return checker_; }

private:
    void apply(const Event& event);

    const Trace& trace_;
    EventBus bus_;
    InnerDomain domain_;
    BbmChecker checker_;
    std::vector<std::unique_ptr<Mmu>> mmus_;
    std::vector<Context> written_;  // registers as written, in force from the next synchronization
    std::vector<bool> on_;
    u64 line_ = 0;  // the time and the pc of what the TLBs report
};

}  // namespace bbmsim::mmu::trace
