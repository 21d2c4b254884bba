// SPDX-License-Identifier: Apache-2.0
// What a debugger outside wants of one PE: breakpoints, watchpoints, a single step. Architectural debug (DBGBVR and
// its kin, software step) is something else: self_hosted_debug.hpp, software_step.hpp.
//
// A stop is a call of the handler in the middle of the run: the world stands still until it returns, and goes on in the
// same block at the same instruction. So figures are the same with and without stops, however many. Only a
// handler that says it changed something makes the PE leave the block and begin anew at Pe::pc.
//
// Stops are before the instruction: at a breakpoint, at an access that a watchpoint covers (by virtual address, any
// address space; fetches, walks and other agents don't count), and after a step. Costs nothing while nothing is set.
#pragma once

#include "models/cpu/pe.hpp"
#include "models/mmu/types.hpp"

#include <bitset>
#include <functional>
#include <span>
#include <unordered_set>
#include <vector>

namespace bbmsim::cpu {

struct Watchpoint {
    u64 lo = 0, last = 0;  // both inclusive; canonical addresses
    bool on_read = false, on_write = true;
    bool operator==(const Watchpoint&) const = default;
};

enum class StopReason : u8 { kBreakpoint, kWatchpoint, kStep };

struct DebugStop {
    StopReason reason = StopReason::kStep;
    u64 address = 0;   // of the instruction, or the first watched byte that is accessed
    Watchpoint watch;  // the one that was hit
};

class DebugPort {
public:
    explicit DebugPort(Pe& pe) : pe_(pe) {}

    using Handler = std::function<bool(const DebugStop&)>;  // true: registers or memory were changed
    void set_handler(Handler handler) { handler_ = std::move(handler); }
    void set_breakpoints(std::span<const u64> addresses);
    void set_watchpoints(std::span<const Watchpoint> watchpoints);

    void halt();            // stop before whatever executes next
    void step();            // stop after the next instruction, or at the vector of the exception it takes instead
    void step_and_leave();  // likewise, but leave the engine with kStop and call nobody; ignores break- and watchpoints
    void disarm();
    [[nodiscard]] bool step_complete() const;  // for a PE outside of its engine
    void report_step();                        // the stop of a step that completed with the engine being left

    // --- the engine's
    [[nodiscard]] bool active() const { return active_; }
    [[nodiscard]] bool watching() const { return !watchpoints_.empty(); }
    [[nodiscard]] bool watches_page(u64 va) const;
    // Before an instruction of a block. True: the block is left, pe.pc is where to go on.
    bool before(const Op* op) {
        const u64 va = pe_.pc_of(op);
        return (armed_ != Armed::kNo || offsets_[(va & kPageMask) >> 2]) && look(op, va);
    }
    // Before an access to [va, va + bytes), which has had no effect yet. True: as above, the instruction is dropped.
    bool access(const Op* op, u64 va, u64 bytes, bool read, bool write);

private:
    enum class Armed : u8 { kNo, kHalt, kStep, kLeave };
    struct Moment {  // of one execution of one instruction
        u64 pc = ~u64{0}, instructions = 0;
        bool operator==(const Moment&) const = default;
    };
    void arm(Armed armed);
    void update();
    bool look(const Op* op, u64 va);
    bool stop(const Op* op, const DebugStop& why);
    [[nodiscard]] u64 retired_before(const Op* op) const;
    [[nodiscard]] bool done(u64 instructions) const;

    Pe& pe_;
    Handler handler_;
    std::unordered_set<u64> breakpoints_;
    std::bitset<1024> offsets_;  // of instructions within a 4 KiB page
    std::vector<Watchpoint> watchpoints_;
    bool active_ = false;
    Armed armed_ = Armed::kNo;
    u64 armed_instructions_ = 0, armed_exceptions_ = 0;
    Moment reported_break_, reported_watch_;  // an instruction that has to begin twice stops once
};

}  // namespace bbmsim::cpu
