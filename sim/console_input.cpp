// SPDX-License-Identifier: Apache-2.0
#include "sim/console_input.hpp"

#include <fmt/format.h>

namespace bbmsim::sim {

namespace {

// After printing a prompt programs may still discard what was typed ahead: nobody types that fast.
constexpr u64 kReactionPs = 1'000'000'000;

}  // namespace

ConsoleInput::ConsoleInput(Agenda& agenda, const std::string& console, Deliver deliver)
    : console_(console), deliver_(std::move(deliver)), due_(agenda, [this] { answer(); }) {}

void ConsoleInput::expect(std::string prompt, std::string reply, bool virtio) {
    script_.push_back({std::move(prompt), std::move(reply), virtio});
    if (!answering_) look();
}

void ConsoleInput::look() {
    const std::string& prompt = script_.front().prompt;
    // Only what a new byte may have completed need be searched, unless the prompt is new.
    const auto at = console_.find(prompt, matched_);
    if (at == std::string::npos) {
        if (console_.size() >= matched_ + prompt.size()) matched_ = console_.size() - prompt.size() + 1;
        return;
    }
    matched_ = at + prompt.size();
    answering_ = true;
    due_.in(kReactionPs);
}

void ConsoleInput::answer() {
    const Step step = std::move(script_.front());
    script_.pop_front();
    answering_ = false;
    deliver_(step.reply, step.virtio);
    if (!script_.empty()) look();
}

std::string ConsoleInput::note() const {
    if (script_.empty() || answering_) return {};
    return fmt::format("console input: '{}' was expected and not printed; {} answers were not given",
                       script_.front().prompt, script_.size());
}

}  // namespace bbmsim::sim
