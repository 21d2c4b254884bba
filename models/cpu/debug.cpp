// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/debug.hpp"

#include "models/cpu/engine_impl.hpp"

#include <algorithm>

namespace bbmsim::cpu {

namespace {

// Tags do not take part in the comparison.
u64 canonical(u64 va) { return static_cast<u64>(static_cast<i64>(va << 8) >> 8); }

}  // namespace

void DebugPort::update() {
    active_ = armed_ != Armed::kNo || !breakpoints_.empty() || !watchpoints_.empty();
    pe_.attend();  // blocks in flight come back to Engine::run, which looks at it
}

void DebugPort::set_breakpoints(std::span<const u64> addresses) {
    breakpoints_ = {addresses.begin(), addresses.end()};
    offsets_.reset();
    for (const u64 va : addresses) offsets_.set((va & kPageMask) >> 2);
    update();
}

void DebugPort::set_watchpoints(std::span<const Watchpoint> watchpoints) {
    watchpoints_.clear();
    for (const Watchpoint& w : watchpoints)
        watchpoints_.push_back({canonical(w.lo), canonical(w.last), w.on_read, w.on_write});
    pe_.mmu->filter.clear();  // pages that are watched now must not stay there
    update();
}

bool DebugPort::watches_page(u64 va) const {
    const u64 page = canonical(va) & ~kPageMask;
    return std::ranges::any_of(watchpoints_,
                               [&](const Watchpoint& w) { return w.lo <= (page | kPageMask) && page <= w.last; });
}

void DebugPort::arm(Armed armed) {
    armed_ = armed;
    armed_instructions_ = pe_.instructions;
    armed_exceptions_ = pe_.exceptions;
    update();
}

void DebugPort::halt() { arm(Armed::kHalt); }
void DebugPort::step() { arm(Armed::kStep); }
void DebugPort::step_and_leave() { arm(Armed::kLeave); }
void DebugPort::disarm() { arm(Armed::kNo); }

bool DebugPort::done(u64 instructions) const {
    switch (armed_) {
        case Armed::kNo: return false;
        case Armed::kHalt: return true;
        case Armed::kStep:
        case Armed::kLeave: break;
    }
    return instructions != armed_instructions_ || pe_.exceptions != armed_exceptions_;
}

bool DebugPort::step_complete() const { return armed_ == Armed::kStep && done(pe_.instructions); }

void DebugPort::report_step() {
    reported_break_ = {pe_.pc, pe_.instructions};
    disarm();
    if (handler_) handler_({StopReason::kStep, pe_.pc, {}});
}

u64 DebugPort::retired_before(const Op* op) const {
    const Block* block = pe_.fast.block;
    return block ? pe_.instructions - (block->count - op->index) : pe_.instructions;
}

bool DebugPort::look(const Op* op, u64 va) {
    const Moment moment{va, retired_before(op)};
    const bool stepped = done(moment.instructions);
    if (armed_ == Armed::kLeave) {
        if (stepped) leave_for(pe_, op, Exit::kStop);
        return stepped;
    }
    const bool broken = moment != reported_break_ && breakpoints_.contains(va);
    if (!stepped && !broken) return false;
    reported_break_ = moment;
    return stop(op, {broken ? StopReason::kBreakpoint : StopReason::kStep, va, {}});
}

bool DebugPort::access(const Op* op, u64 va, u64 bytes, bool read, bool write) {
    if (armed_ == Armed::kLeave) return false;
    const u64 lo = canonical(va), last = lo + (bytes - 1);
    for (const Watchpoint& w : watchpoints_) {
        if (w.lo > last || lo > w.last || !((read && w.on_read) || (write && w.on_write))) continue;
        const Moment moment{pe_.pc_of(op), retired_before(op)};
        if (moment == reported_watch_) return false;
        reported_watch_ = moment;
        return stop(op, {StopReason::kWatchpoint, std::max(lo, w.lo), w});
    }
    return false;
}

// Shows the PE as it is before `op`, with exactly what has retired, and puts everything back.
bool DebugPort::stop(const Op* op, const DebugStop& why) {
    if (!handler_) return false;
    Pe& pe = pe_;
    Engine::Impl& impl = impl_of(pe);
    disarm();
    const u64 retired = retired_before(op);
    const u64 ahead = pe.fast.block ? pe.fast.block->cycles - op->cycles_before : 0;
    const u64 ahead_instructions = pe.instructions - retired;
    const u64 pc = pe.pc, slow_pc = pe.slow_pc, now_ps = pe.now_ps;
    const u8 btype = pe.ps.btype;
    pe.cycles -= ahead;
    pe.instructions = retired;
    if (op->index == 0) pe.ps.btype = pe.entry_btype;
    pe.pc = pe.slow_pc = pe.pc_of(op);
    pe.update_now();
    if (handler_(why)) {
        pe.fast.block = nullptr;
        impl.drop_pending();
        pe.attend();
        return true;
    }
    pe.cycles += ahead;
    pe.instructions += ahead_instructions;
    pe.ps.btype = btype;
    pe.pc = pc;
    pe.slow_pc = slow_pc;
    pe.now_ps = now_ps;
    return false;
}

}  // namespace bbmsim::cpu
