// SPDX-License-Identifier: Apache-2.0
// What stands behind Session. The kernel outlives the machine, and the machine is made and destroyed within its Scope.
#pragma once

#include "models/board/device_tree.hpp"
#include "sim/machine.hpp"

#include <optional>

namespace bbmsim::sim {

struct Session::Impl {
    Impl(const BoardConfig& board, u64 seed);
    Impl(const BoardConfig& board, Archive& state, u64 seed);
    ~Impl();

    Kernel::Stopped run_until(u64 ps);
    bool settle();  // until nothing is left to do at the present; false: the run has ended
    void archive(Archive& ar);
    void make(const BoardConfig& board, Archive* state);
    void start();  // at the first run(): device tree, probes, power
    [[nodiscard]] std::vector<u8> device_tree() const;
    [[nodiscard]] u64 place_dtb(u64 bytes) const;
    void note_loaded(u64 pa, u64 bytes);

    u64 seed;
    Kernel kernel;
    std::unique_ptr<Machine> machine;
    std::unique_ptr<Subscriptions> subscriptions;
    std::unique_ptr<TraceRecorder> trace;

    std::optional<u64> entry;
    std::string bootargs;
    u64 saved_ps = 0;  // board time of the state that it was made of
    std::optional<std::vector<u8>> dtb;
    std::optional<board::InitrdRange> initrd;
    struct Extent {
        u64 lo, hi;
    };
    std::vector<Extent> loaded;
    bool settled = false;  // nothing is left to do now
    bool started = false, finished = false, running = false;
    bool probes_stale = false;     // symbols or arming symbols were added since the probes were resolved
    std::string transient_detail;  // of an outcome that is not final: deadlock, timeout

    // The checker's lists with symbols added; rebuilt when asked for.
    std::vector<mmu::Violation> violations;
    std::vector<mmu::Hazard> hazards;
    std::vector<mmu::Note> notes;
};

}  // namespace bbmsim::sim
