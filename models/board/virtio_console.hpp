// SPDX-License-Identifier: Apache-2.0
// Virtio console (Virtual I/O Device 1.2, section 5.3) with one port: queue 0 takes what was typed to the guest, queue
// 1 what it prints. Leaves out: several ports, the terminal's size, emergency write.
#pragma once

#include "models/board/virtio_mmio.hpp"

#include <deque>
#include <string_view>

namespace bbmsim::board {

class VirtioConsole final : public VirtioDevice {
public:
    using Transmit = std::function<void(u8)>;
    explicit VirtioConsole(Transmit transmit) : transmit_(std::move(transmit)) {}

    [[nodiscard]] const char* name() const override { return "virtio-console"; }
    [[nodiscard]] u32 device_id() const override { return 3; }
    [[nodiscard]] u64 features() const override { return 0; }
    [[nodiscard]] unsigned queues() const override { return 2; }
    [[nodiscard]] u8 config(u32) const override { return 0; }
    [[nodiscard]] u64 latency_ps() const override { return 1'000'000; }
    Service serve(unsigned queue, Virtqueue& ring, const Dma& dma) override;

    static constexpr unsigned kReceiveQueue = 0, kTransmitQueue = 1;
    // From the host; then VirtioMmio::kick(kReceiveQueue). Waits until the guest makes buffers available.
    void push_input(std::string_view bytes) { input_.insert(input_.end(), bytes.begin(), bytes.end()); }
    void archive(Archive& ar) override;

private:
    Service receive(Virtqueue& ring, const Dma& dma);
    Service transmit(Virtqueue& ring, const Dma& dma);
    Transmit transmit_;
    std::deque<u8> input_;
};

}  // namespace bbmsim::board
