// SPDX-License-Identifier: Apache-2.0
// A virtio-mmio device in board time: what a notification asks for is served after the device's latency, one chain at a
// time.
#pragma once

#include "models/board/virtio_mmio.hpp"
#include "sim/agenda.hpp"

#include <memory>
#include <string>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

class VirtioModule final : public sc_core::sc_module {
public:
    VirtioModule(const sc_core::sc_module_name& name, Agenda& agenda, std::unique_ptr<board::VirtioDevice> device,
                 board::Dma dma, board::VirtioMmio::Line line)
        : sc_module(name),
          virtio_(std::move(device), std::move(dma), std::move(line)),
          due_(agenda, [this] { due(); }) {}

    u64 read(u64 offset, unsigned size) { return virtio_.read(offset, size); }
    void write(u64 offset, u64 value, unsigned size) {
        virtio_.write(offset, value, size);
        schedule();
    }
    void kick(unsigned queue) {
        virtio_.kick(queue);
        schedule();
    }
    [[nodiscard]] std::string note() const { return virtio_.note(); }
    void archive(Archive& ar) { virtio_.archive(ar); }

private:
    void due() {
        virtio_.serve();
        schedule();
    }
    // Of two times the earlier stands: one that is under way is not put off.
    void schedule() {
        if (const auto wait = virtio_.due_in_ps())
            due_.in(*wait);
        else
            due_.cancel();
    }

    board::VirtioMmio virtio_;
    Alarm due_;
};

}  // namespace bbmsim::sim
