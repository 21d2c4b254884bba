// SPDX-License-Identifier: Apache-2.0
// A virtio-mmio device in board time: what a notification asks for is served after the device's latency, one chain at a
// time.
#pragma once

#include "models/board/virtio_mmio.hpp"
#include "sim/kernel.hpp"

#include <memory>
#include <string>

namespace bbmsim::sim {

class VirtioModule final : public sc_core::sc_module {
public:
    VirtioModule(const sc_core::sc_module_name& name, std::unique_ptr<board::VirtioDevice> device, board::Dma dma,
                 board::VirtioMmio::Line line)
        : sc_module(name), virtio_(std::move(device), std::move(dma), std::move(line)) {
        SC_METHOD(due);
        sensitive << due_;
        dont_initialize();
    }

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

private:
    SC_HAS_PROCESS(VirtioModule);
    void due() {
        virtio_.serve();
        schedule();
    }
    // Of two notifications SystemC keeps the earlier: one that is under way is not put off.
    void schedule() {
        if (const auto wait = virtio_.due_in_ps())
            due_.notify(Kernel::ps(*wait));
        else
            due_.cancel();
    }

    board::VirtioMmio virtio_;
    sc_core::sc_event due_;
};

}  // namespace bbmsim::sim
