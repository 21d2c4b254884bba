// SPDX-License-Identifier: Apache-2.0
// Moments at which the whole state is wanted: a board time, or the first execution of a symbol by any PE. Looking out
// for them changes nothing of the run. The state is there for the taking at the first moment from then on at which
// nothing is left to do now: at the time exactly, or a picosecond after the symbol's, when every PE stands where its
// quantum ended or where it waits for board time (as at a symbol that a phase, a map or an injection watches).
#pragma once

#include "sim/run_control.hpp"
#include "sim/symbols.hpp"

#include <string>
#include <vector>

namespace bbmsim::sim {

class SavePoints {
public:
    explicit SavePoints(RunControl& control) : control_(control) {}

    u32 add(const std::string& symbol, u64 time_ps);  // symbol empty: at the time
    // Throws std::invalid_argument that names an unknown symbol.
    void resolve(const SymbolTable& symbols);
    [[nodiscard]] std::vector<u64> addresses() const;  // to be marked in the engines

    void reached(u64 va);  // from a PE: pauses the kernel
    [[nodiscard]] bool asked() const { return asked_; }
    [[nodiscard]] u64 next_time_ps() const;  // ~0: none
    // Nothing is left to do now: the points whose moment has come, which are over with this.
    void settled(u64 now_ps);
    std::vector<u32> take() { return std::exchange(due_, {}); }
    [[nodiscard]] bool due() const { return !due_.empty(); }

private:
    struct Point {
        std::string symbol;
        u64 time_ps = 0;
        std::vector<u64> addresses;
        bool reached = false, over = false;
    };
    RunControl& control_;
    std::vector<Point> points_;
    std::vector<u32> due_;
    bool asked_ = false;
};

}  // namespace bbmsim::sim
