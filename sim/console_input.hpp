// SPDX-License-Identifier: Apache-2.0
// What is typed at the guest's consoles: at once, or by a script that answers prompts. An answer arrives a fixed time
// after its prompt, so that a scripted run is as deterministic as any other.
#pragma once

#include "sim/agenda.hpp"

#include <deque>
#include <functional>
#include <string>
#include <string_view>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

class ConsoleInput {
public:
    using Deliver = std::function<void(std::string_view bytes, bool virtio)>;
    // `console` is everything that was printed; it only grows.
    ConsoleInput(Agenda& agenda, const std::string& console, Deliver deliver);

    // Types `reply` once `prompt` was printed behind what the last prompt matched. In the order of the calls.
    void expect(std::string prompt, std::string reply, bool virtio);
    void printed() {  // the console has grown by a byte
        if (!script_.empty() && !answering_) look();
    }
    [[nodiscard]] std::string note() const;  // the prompt that is still waited for, if any
    void archive(Archive& ar);

private:
    struct Step {
        std::string prompt, reply;
        bool virtio;
        void archive(Archive& ar);
    };
    void look();
    void answer();

    const std::string& console_;
    Deliver deliver_;
    std::deque<Step> script_;
    std::size_t matched_ = 0;  // how much of the console belongs to prompts that were answered
    bool answering_ = false;
    Alarm due_;
};

}  // namespace bbmsim::sim
