// SPDX-License-Identifier: Apache-2.0
#include "sim/kernel.hpp"

#include <algorithm>

// SystemC's library refers to sc_main even where it never calls it; without this an extension that is linked BIND_NOW
// can't be loaded.
extern "C" __attribute__((visibility("default"))) int sc_main(int, char**) { return 0; }

namespace bbmsim::sim {

namespace {

void silence_reports() {
    using sc_core::sc_report_handler;
    sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
    sc_report_handler::set_actions(sc_core::SC_WARNING, sc_core::SC_DO_NOTHING);
    sc_report_handler::set_actions(sc_core::SC_ERROR, sc_core::SC_THROW);
    sc_report_handler::set_actions(sc_core::SC_FATAL, sc_core::SC_THROW);
}

}  // namespace

Kernel::Scope::Scope(const Kernel& kernel)
    : current_(sc_core::sc_curr_simcontext), global_(sc_core::sc_default_global_context) {
    sc_core::sc_curr_simcontext = kernel.context_.get();
    sc_core::sc_default_global_context = kernel.context_.get();
}

Kernel::Scope::~Scope() {
    sc_core::sc_curr_simcontext = current_;
    sc_core::sc_default_global_context = global_;
}

Kernel::Kernel() {
    sc_core::sc_get_curr_simcontext();  // the process's own, left in place for the end
    silence_reports();
    context_ = std::make_unique<sc_core::sc_simcontext>();
}

Kernel::~Kernel() {
    const Scope scope(*this);  // the destructor of a context looks at the current one
    context_.reset();
}

void Kernel::elaborate() { sc_core::sc_start(sc_core::SC_ZERO_TIME); }

void Kernel::pause() {
    paused_ = true;
    sc_core::sc_pause();
}

bool Kernel::skip_to(u64 time_ps, u64 next_due_ps) {
    if (time_ps >= next_due_ps || time_ps >= until_ps_ || paused_) return false;
    if (sc_core::sc_pending_activity_at_current_time(context_.get())) return false;
    skipped_to_ps_ = time_ps;
    return true;
}

void Kernel::advance_to(u64 time_ps) {
    if (time_ps > now_ps()) sc_core::sc_start(ps(time_ps - scheduler_ps()), sc_core::SC_RUN_TO_TIME);
}

Kernel::Stopped Kernel::run(u64 until_ps) {
    const u64 now = now_ps();
    if (until_ps <= now) return Stopped::kTime;
    const u64 longest = context_->max_time().value() - scheduler_ps();
    paused_ = false;
    until_ps_ = until_ps;
    sc_core::sc_start(ps(std::min(until_ps - scheduler_ps(), longest)), sc_core::SC_EXIT_ON_STARVATION);
    if (paused_) return Stopped::kPaused;
    if (!sc_core::sc_pending_activity()) return Stopped::kStarved;
    if (now_ps() < until_ps) sc_core::sc_start(ps(until_ps - scheduler_ps()));  // nothing happens until then
    return Stopped::kTime;
}

}  // namespace bbmsim::sim
