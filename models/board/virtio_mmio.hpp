// SPDX-License-Identifier: Apache-2.0
// Virtio over MMIO, register layout version 2 (Virtual I/O Device 1.2, section 4.2): the transport, and what a device
// type is to it.
//
// Models: feature negotiation with VIRTIO_F_VERSION_1 mandatory, split virtqueues, both interrupts, device reset,
// DEVICE_NEEDS_RESET for a driver that breaks the rules (with the reason kept for note()). Leaves out: legacy
// operation, shared memory regions, queue reset, changes of the configuration while in use.
#pragma once

#include "models/board/registers.hpp"
#include "models/board/virtqueue.hpp"

#include <memory>
#include <optional>
#include <string>

namespace bbmsim {
class Archive;
}

namespace bbmsim::board {

inline constexpr unsigned kVirtioQueues = 2;  // the most that a device of this board has

class VirtioDevice {
public:
    enum class Served : u8 { kIdle, kDone, kBroken };
    struct Service {
        Served what = Served::kIdle;
        u64 busy_ps = 0;  // how long this took: nothing else of the device is served meanwhile
    };
    virtual ~VirtioDevice() = default;
    [[nodiscard]] virtual const char* name() const = 0;
    [[nodiscard]] virtual u32 device_id() const = 0;
    [[nodiscard]] virtual u64 features() const = 0;  // beside VIRTIO_F_VERSION_1
    [[nodiscard]] virtual unsigned queues() const = 0;
    [[nodiscard]] virtual u8 config(u32 offset) const = 0;  // beyond its fields: 0
    [[nodiscard]] virtual u64 latency_ps() const = 0;       // from a notification to the first service
    // Takes at most one chain of the queue.
    virtual Service serve(unsigned queue, Virtqueue& ring, const Dma& dma) = 0;
    virtual void reset() {}
    virtual void archive(Archive&) {}
};

class VirtioMmio {
public:
    using Line = std::function<void(bool level)>;
    VirtioMmio(std::unique_ptr<VirtioDevice> device, Dma dma, Line interrupt);

    u64 read(u64 offset, unsigned size);
    void write(u64 offset, u64 value, unsigned size);

    // Work that is due: in how many picoseconds the machine shall call serve(). None: nothing to do.
    [[nodiscard]] std::optional<u64> due_in_ps() const { return due_; }
    void serve();
    // The device itself has something for a queue, such as input.
    void kick(unsigned queue);

    [[nodiscard]] VirtioDevice& device() { return *device_; }
    [[nodiscard]] bool broken() const { return (status_ & kNeedsReset) != 0; }
    [[nodiscard]] std::string note() const;
    void archive(Archive& ar);

private:
    friend struct VirtioMmioRegisters;
    static constexpr u32 kDriverOk = 4, kFeaturesOk = 8, kNeedsReset = 0x40;
    static constexpr u32 kUsedBuffer = 1, kConfigChanged = 2;  // InterruptStatus
    static constexpr u64 kVersion1 = u64{1} << 32;

    u64 read_device_id(unsigned) { return device_->device_id(); }
    u64 read_device_features(unsigned);
    void write_driver_features(unsigned, u64 value, u64);
    u64 read_queue_max(unsigned) { return selected() != nullptr ? Virtqueue::kMostEntries : 0; }
    void write_queue_entries(unsigned, u64 value, u64);
    u64 read_queue_ready(unsigned);
    void write_queue_ready(unsigned, u64 value, u64);
    void write_notify(unsigned, u64 value, u64);
    void write_ack(unsigned, u64 value, u64);
    u64 read_status(unsigned) { return status_; }
    void write_status(unsigned, u64 value, u64);
    template <u64 Virtqueue::*Address, bool kHigh>
    void write_address(unsigned, u64 value, u64);

    [[nodiscard]] Virtqueue* selected() { return queue_sel_ < device_->queues() ? &queues_[queue_sel_] : nullptr; }
    [[nodiscard]] bool live() const { return (status_ & (kDriverOk | kNeedsReset)) == kDriverOk; }
    void reset();
    void fail(std::string why);
    void update_line();

    std::unique_ptr<VirtioDevice> device_;
    Dma dma_;
    Line interrupt_;
    RegisterFile<VirtioMmio> regs_;
    u32 status_ = 0, device_features_sel_ = 0, driver_features_sel_ = 0, queue_sel_ = 0, interrupt_status_ = 0;
    u64 driver_features_ = 0;
    std::array<Virtqueue, kVirtioQueues> queues_{};
    u32 pending_ = 0;  // queues that were notified
    std::optional<u64> due_;
    bool line_ = false;
    u64 failures_ = 0;
    std::string first_failure_;
};

}  // namespace bbmsim::board
