// SPDX-License-Identifier: Apache-2.0
// Virtio block device (Virtual I/O Device 1.2, section 5.2): one queue; read, write, flush, identification.
//
// Time: a request waits for the disk's latency after the notification and keeps it busy for its bytes at kBytesPerUs;
// what is read or written is so at the moment the request is served. Leaves out: discard, write zeroes, zoned disks,
// geometry, several queues.
#pragma once

#include "models/board/disk.hpp"
#include "models/board/virtio_mmio.hpp"

namespace bbmsim::board {

class VirtioBlk final : public VirtioDevice {
public:
    VirtioBlk(const std::string& path, bool writable, u64 latency_ps)
        : disk_(path, writable), latency_ps_(latency_ps) {}

    [[nodiscard]] const char* name() const override { return "virtio-blk"; }
    [[nodiscard]] u32 device_id() const override { return 2; }
    [[nodiscard]] u64 features() const override;
    [[nodiscard]] unsigned queues() const override { return 1; }
    [[nodiscard]] u8 config(u32 offset) const override;
    [[nodiscard]] u64 latency_ps() const override { return latency_ps_; }
    Service serve(unsigned queue, Virtqueue& ring, const Dma& dma) override;

    [[nodiscard]] const Disk& disk() const { return disk_; }
    void archive(Archive& ar) override { disk_.archive(ar); }

private:
    enum class Status : u8 { kOk = 0, kIoError = 1, kUnsupported = 2, kBroken = 0xff };
    Status carry_out(const Virtqueue::Chain& chain, const Dma& dma, u64& moved);
    Status move(const Virtqueue::Chain& chain, const Dma& dma, bool to_disk, u64 sector, u64 bytes);

    Disk disk_;
    u64 latency_ps_;
};

}  // namespace bbmsim::board
