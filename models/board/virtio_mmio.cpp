// SPDX-License-Identifier: Apache-2.0
#include "models/board/virtio_mmio.hpp"

#include <bit>
#include <utility>

namespace bbmsim::board {
namespace {

constexpr u64 kConfig = 0x100;  // where the device type's own fields begin
constexpr u64 kWord = 0xffff'ffff;

}  // namespace

struct VirtioMmioRegisters {
    using V = VirtioMmio;
    using Q = Virtqueue;
    static constexpr auto kTable = std::to_array<Register<V>>({
        {.name = "MagicValue", .offset = 0x000, .rule = Rule::kReadOnly, .reset = 0x7472'6976},  // "virt"
        {.name = "Version", .offset = 0x004, .rule = Rule::kReadOnly, .reset = 2},
        {.name = "DeviceID", .offset = 0x008, .rule = Rule::kReadOnly, .on_read = &V::read_device_id},
        {.name = "VendorID", .offset = 0x00c, .rule = Rule::kReadOnly, .reset = 0x4d42'4253},
        {.name = "DeviceFeatures", .offset = 0x010, .rule = Rule::kReadOnly, .on_read = &V::read_device_features},
        {.name = "DeviceFeaturesSel", .offset = 0x014, .rule = Rule::kWriteOnly, .field = &V::device_features_sel_},
        {.name = "DriverFeatures", .offset = 0x020, .rule = Rule::kWriteOnly, .on_write = &V::write_driver_features},
        {.name = "DriverFeaturesSel", .offset = 0x024, .rule = Rule::kWriteOnly, .field = &V::driver_features_sel_},
        {.name = "QueueSel", .offset = 0x030, .rule = Rule::kWriteOnly, .field = &V::queue_sel_},
        {.name = "QueueNumMax", .offset = 0x034, .rule = Rule::kReadOnly, .on_read = &V::read_queue_max},
        {.name = "QueueNum", .offset = 0x038, .rule = Rule::kWriteOnly, .on_write = &V::write_queue_entries},
        {.name = "QueueReady", .offset = 0x044, .on_read = &V::read_queue_ready, .on_write = &V::write_queue_ready},
        {.name = "QueueNotify", .offset = 0x050, .rule = Rule::kWriteOnly, .on_write = &V::write_notify},
        {.name = "InterruptStatus", .offset = 0x060, .rule = Rule::kReadOnly, .field = &V::interrupt_status_},
        {.name = "InterruptACK", .offset = 0x064, .rule = Rule::kWriteOnly, .on_write = &V::write_ack},
        {.name = "Status", .offset = 0x070, .on_read = &V::read_status, .on_write = &V::write_status},
        {.name = "QueueDescLow",
         .offset = 0x080,
         .rule = Rule::kWriteOnly,
         .on_write = &V::write_address<&Q::descriptors, false>},
        {.name = "QueueDescHigh",
         .offset = 0x084,
         .rule = Rule::kWriteOnly,
         .on_write = &V::write_address<&Q::descriptors, true>},
        {.name = "QueueDriverLow",
         .offset = 0x090,
         .rule = Rule::kWriteOnly,
         .on_write = &V::write_address<&Q::available, false>},
        {.name = "QueueDriverHigh",
         .offset = 0x094,
         .rule = Rule::kWriteOnly,
         .on_write = &V::write_address<&Q::available, true>},
        {.name = "QueueDeviceLow",
         .offset = 0x0a0,
         .rule = Rule::kWriteOnly,
         .on_write = &V::write_address<&Q::used, false>},
        {.name = "QueueDeviceHigh",
         .offset = 0x0a4,
         .rule = Rule::kWriteOnly,
         .on_write = &V::write_address<&Q::used, true>},
        // No shared memory: every region has length and base -1.
        {.name = "SHMSel", .offset = 0x0ac, .rule = Rule::kWriteOnly},
        {.name = "SHM", .offset = 0x0b0, .rule = Rule::kReadOnly, .count = 4, .reset = kWord},
        {.name = "ConfigGeneration", .offset = 0x0fc, .rule = Rule::kReadOnly},
    });
    static_assert(well_formed<V>(kTable));
};

VirtioMmio::VirtioMmio(std::unique_ptr<VirtioDevice> device, Dma dma, Line interrupt)
    : device_(std::move(device)),
      dma_(std::move(dma)),
      interrupt_(std::move(interrupt)),
      regs_("virtio-mmio", VirtioMmioRegisters::kTable) {}

u64 VirtioMmio::read(u64 offset, unsigned size) {
    if (offset < kConfig) return regs_.read(*this, offset, size);
    u64 value = 0;
    for (unsigned i = 0; i < size; ++i)
        value |= u64{device_->config(static_cast<u32>(offset - kConfig + i))} << (8 * i);
    return value;
}

void VirtioMmio::write(u64 offset, u64 value, unsigned size) {
    if (offset < kConfig) regs_.write(*this, offset, value, size);  // no field of a configuration is writable
}

u64 VirtioMmio::read_device_features(unsigned) {
    const u64 all = device_->features() | kVersion1;
    return device_features_sel_ > 1 ? 0 : all >> (32 * device_features_sel_) & kWord;
}

void VirtioMmio::write_driver_features(unsigned, u64 value, u64) {
    if (driver_features_sel_ > 1 || (status_ & kFeaturesOk) != 0) return;
    const unsigned shift = 32 * driver_features_sel_;
    driver_features_ = (driver_features_ & ~(kWord << shift)) | value << shift;
}

void VirtioMmio::write_queue_entries(unsigned, u64 value, u64) {
    Virtqueue* q = selected();
    if (q != nullptr && !q->ready) q->entries = static_cast<u32>(value);
}

u64 VirtioMmio::read_queue_ready(unsigned) {
    const Virtqueue* q = selected();
    return q != nullptr && q->ready ? 1 : 0;
}

void VirtioMmio::write_queue_ready(unsigned, u64 value, u64) {
    Virtqueue* q = selected();
    if (q == nullptr) return;
    if ((value & 1) == 0)
        q->reset();
    else if (q->sound())
        q->ready = true;
    else
        fail(fmt::format("queue {} made ready with {} entries, rings at {:#x}, {:#x}, {:#x}", queue_sel_, q->entries,
                         q->descriptors, q->available, q->used));
}

template <u64 Virtqueue::*Address, bool kHigh>
void VirtioMmio::write_address(unsigned, u64 value, u64) {
    Virtqueue* q = selected();
    if (q == nullptr || q->ready) return;
    constexpr unsigned kShift = kHigh ? 32 : 0;
    q->*Address = (q->*Address & ~(kWord << kShift)) | value << kShift;
}

void VirtioMmio::write_notify(unsigned, u64 value, u64) {
    if (value < device_->queues()) kick(static_cast<unsigned>(value));
}

void VirtioMmio::kick(unsigned queue) {
    if (!live() || !queues_[queue].ready) return;
    pending_ |= u32{1} << queue;
    if (!due_) due_ = device_->latency_ps();
}

void VirtioMmio::serve() {
    due_.reset();
    if (!live() || pending_ == 0) return;
    const auto queue = static_cast<unsigned>(std::countr_zero(pending_));
    Virtqueue& ring = queues_[queue];
    if (!ring.ready) {
        pending_ &= ~(u32{1} << queue);
    } else {
        const VirtioDevice::Service done = device_->serve(queue, ring, dma_);
        switch (done.what) {
            case VirtioDevice::Served::kIdle: pending_ &= ~(u32{1} << queue); break;
            case VirtioDevice::Served::kBroken:
                fail(fmt::format("queue {} holds what no driver may make available", queue));
                return;
            case VirtioDevice::Served::kDone:
                if (ring.wants_interrupt(dma_)) interrupt_status_ |= kUsedBuffer;
                break;
        }
        due_ = done.busy_ps;
    }
    if (pending_ == 0)
        due_.reset();
    else if (!due_)
        due_ = 0;
    update_line();
}

void VirtioMmio::write_ack(unsigned, u64 value, u64) {
    interrupt_status_ &= ~static_cast<u32>(value);
    update_line();
}

void VirtioMmio::write_status(unsigned, u64 value, u64) {
    auto wanted = static_cast<u32>(value & 0xff);
    if (wanted == 0) {
        reset();
        return;
    }
    const u64 offered = device_->features() | kVersion1;
    if ((driver_features_ & ~offered) != 0 || (driver_features_ & kVersion1) == 0) wanted &= ~kFeaturesOk;
    if ((wanted & kFeaturesOk) == 0) wanted &= ~kDriverOk;
    status_ = wanted | (status_ & kNeedsReset);
}

void VirtioMmio::reset() {
    status_ = device_features_sel_ = driver_features_sel_ = queue_sel_ = interrupt_status_ = 0;
    driver_features_ = 0;
    for (Virtqueue& q : queues_) q.reset();
    pending_ = 0;
    due_.reset();
    device_->reset();
    update_line();
}

void VirtioMmio::fail(std::string why) {
    ++failures_;
    if (first_failure_.empty()) first_failure_ = std::move(why);
    const bool told = (status_ & kDriverOk) != 0;
    status_ |= kNeedsReset;
    if (told) interrupt_status_ |= kConfigChanged;
    pending_ = 0;
    due_.reset();
    update_line();
}

std::string VirtioMmio::note() const {
    std::string text = regs_.note();
    if (failures_ != 0)
        text += fmt::format("{}{}: the driver broke the rules {} times and the device waited for its reset; first: {}",
                            text.empty() ? "" : "; ", device_->name(), failures_, first_failure_);
    return text;
}

void VirtioMmio::update_line() {
    const bool level = interrupt_status_ != 0;
    if (level == line_) return;
    line_ = level;
    if (interrupt_) interrupt_(level);
}

}  // namespace bbmsim::board
