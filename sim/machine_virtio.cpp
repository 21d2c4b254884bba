// SPDX-License-Identifier: Apache-2.0
// The disk and the console that come with it, and where typed bytes go.
#include "models/board/memory_map.hpp"
#include "models/board/virtio_blk.hpp"
#include "sim/machine.hpp"
#include "sim/virtio_module.hpp"

namespace bbmsim::sim {

void Machine::add_disk() {
    // RAM only: a device that is told to master the registers of another gets nothing.
    const board::Dma dma{.read =
                             [this](u64 pa, std::span<u8> b) {
                                 return ram.view().contains(PhysAddr(pa), b.size()) && dma_port_.read(pa, b);
                             },
                         .write =
                             [this](u64 pa, std::span<const u8> b) {
                                 return ram.view().contains(PhysAddr(pa), b.size()) && dma_port_.write(pa, b);
                             }};
    const auto occupy = [this](unsigned slot, const char* name, VirtioModule& module) {
        devices_.push_back(std::make_unique<RegisterDevice>(
            name, [&module](u64 offset, unsigned size) { return module.read(offset, size); },
            [&module](u64 offset, u64 value, unsigned size) { module.write(offset, value, size); }));
        router.map(board::kVirtioBase + slot * board::kVirtioBytes, board::kVirtioBytes, devices_.back()->socket);
    };
    const auto line = [this](unsigned slot) {
        return [this, slot](bool level) { gic.set_spi(board::kVirtioSpi + slot, level); };
    };
    const DiskConfig& disk = config.disk;
    disk_ = std::make_unique<VirtioModule>(
        "virtio_disk", agenda,
        std::make_unique<board::VirtioBlk>(disk.path, disk.writable, u64{disk.latency_ns} * 1000), dma,
        line(board::kDiskSlot));
    occupy(board::kDiskSlot, "virtio_disk_registers", *disk_);
    auto model = std::make_unique<board::VirtioConsole>([this](u8 byte) { transmit(byte); });
    virtio_console_model_ = model.get();
    virtio_console_ =
        std::make_unique<VirtioModule>("virtio_console", agenda, std::move(model), dma, line(board::kConsoleSlot));
    occupy(board::kConsoleSlot, "virtio_console_registers", *virtio_console_);
}

void Machine::type(std::string_view bytes, bool virtio) {
    if (virtio && virtio_console_model_ != nullptr) {
        virtio_console_model_->push_input(bytes);
        virtio_console_->kick(board::VirtioConsole::kReceiveQueue);
    } else {
        uart.push_input(bytes);
    }
}

}  // namespace bbmsim::sim
