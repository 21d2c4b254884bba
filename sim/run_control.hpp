// SPDX-License-Identifier: Apache-2.0
// Why and when a run comes to an end or a pause. Pausing never changes what is simulated: SystemC completes the
// evaluation phase first, so the order of processes is the same whether a run was paused or not.
#pragma once

#include "sim/kernel.hpp"
#include "sim/session.hpp"

#include <chrono>
#include <exception>
#include <string>
#include <utility>

namespace bbmsim::sim {

class RunControl {
public:
    explicit RunControl(Kernel& kernel) : kernel_(kernel) {}

    void begin(double host_seconds) {
        deadline_ = std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                                           std::chrono::duration<double>(host_seconds));
        stop_ = false;
    }
    // From processes, at each activation: pauses when the host's time is up.
    void poll() {
        if (std::chrono::steady_clock::now() >= deadline_) kernel_.pause();
    }
    void pause() { kernel_.pause(); }
    void stop() {
        stop_ = true;
        kernel_.pause();
    }
    [[nodiscard]] bool stop_requested() const { return stop_; }

    // A terminal outcome; the first one stands.
    void end(Outcome outcome, std::string detail) {
        if (ended()) return;
        outcome_ = outcome;
        detail_ = std::move(detail);
        kernel_.pause();
    }
    [[nodiscard]] bool ended() const { return outcome_ != Outcome::kRunning; }
    [[nodiscard]] Outcome outcome() const { return outcome_; }
    [[nodiscard]] const std::string& detail() const { return detail_; }

    // An exception of an event callback: kept until SystemC is left (it must not cross a process), then rethrown.
    void defer(std::exception_ptr error) {
        if (!error_) error_ = std::move(error);
        stop();
    }
    void rethrow() {
        if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    }

private:
    Kernel& kernel_;
    std::chrono::steady_clock::time_point deadline_;
    bool stop_ = false;
    Outcome outcome_ = Outcome::kRunning;
    std::string detail_;
    std::exception_ptr error_;
};

}  // namespace bbmsim::sim
