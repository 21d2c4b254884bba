// SPDX-License-Identifier: Apache-2.0
// Hides SystemC's one-context-per-process habits: each Kernel owns a simulation context of its own, any number may be
// alive, and each runs only inside a Scope. Tried with SystemC 2.3.4 (design: mechanism 11):
//   - a context is made current by two global pointers, sc_curr_simcontext and sc_default_global_context;
//   - modules must be destroyed before their context, and while it is current;
//   - the process must end with some context in place: the one that SystemC made at start-up is never touched;
//   - processes stop at sc_pause() only after the evaluation phase is complete, so pausing changes no order.
// Use from one thread at a time. What SystemC itself would print is silenced; its errors throw sc_report.
#pragma once

#include "models/mmu/types.hpp"

#include <algorithm>
#include <memory>
#include <systemc>

namespace bbmsim::sim {

class Kernel {
public:
    Kernel();
    ~Kernel();
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;

    // Makes the kernel's context current for the Scope's lifetime. Scopes nest.
    class Scope {
    public:
        explicit Scope(const Kernel& kernel);
        ~Scope();
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

    private:
        sc_core::sc_simcontext* current_;
        sc_core::sc_simcontext* global_;
    };

    // Completes bindings and lets every process run to its first wait; no time passes. Within a Scope only.
    void elaborate();

    enum class Stopped : u8 { kPaused, kStarved, kTime };
    // Runs until board time `until_ps`, pause(), or nothing is left that could ever happen. Within a Scope only.
    Stopped run(u64 until_ps);
    // Board time becomes `ps`, at once. Only while nothing is due at all. Within a Scope only.
    void advance_to(u64 ps);
    void pause();  // from a process: run() returns once the evaluation phase is complete
    [[nodiscard]] u64 now_ps() const { return std::max(scheduler_ps(), skipped_to_ps_); }

    // From the process that runs: board time becomes `ps`, at once, where SystemC would come back to this very process,
    // then, with nothing else in between. That is to say: nothing else is due now, nor before or at `ps`
    // (`next_due_ps`: when the first of all that waits for a time is), nor does run() end there. False: it isn't so.
    bool skip_to(u64 ps, u64 next_due_ps);
    // Where SystemC's own clock stands, from which it counts delays: at or before now_ps().
    [[nodiscard]] u64 scheduler_ps() const { return context_->time_stamp().value(); }

    // Within a Scope only (sc_time looks at the current context).
    static sc_core::sc_time ps(u64 picoseconds) { return sc_core::sc_time::from_value(picoseconds); }

private:
    std::unique_ptr<sc_core::sc_simcontext> context_;
    bool paused_ = false;
    u64 until_ps_ = 0;  // of run()
    u64 skipped_to_ps_ = 0;
};

}  // namespace bbmsim::sim
