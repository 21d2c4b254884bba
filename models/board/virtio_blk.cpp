// SPDX-License-Identifier: Apache-2.0
#include "models/board/virtio_blk.hpp"

#include <algorithm>
#include <array>

namespace bbmsim::board {
namespace {

constexpr u64 kSegMax = u64{1} << 2, kBlkSize = u64{1} << 6, kFlush = u64{1} << 9;  // features
constexpr u32 kIn = 0, kOut = 1, kFlushCommand = 4, kGetId = 8;                     // request types
constexpr u64 kHeaderBytes = 16, kIdBytes = 20;
constexpr u64 kMostBytes = u64{16} << 20;  // of one request: a guest can't make the host work without end
constexpr u64 kPsPerKiB = 1'000'000;       // about a gigabyte per second
constexpr u32 kMostSegments = Virtqueue::kMostEntries - 2;

}  // namespace

u64 VirtioBlk::features() const { return kSegMax | kBlkSize | kFlush; }

// capacity u64 at 0 in sectors, seg_max u32 at 12, blk_size u32 at 20.
u8 VirtioBlk::config(u32 offset) const {
    const auto byte = [offset](u64 value, u32 at) { return static_cast<u8>(value >> (8 * (offset - at))); };
    if (offset < 8) return byte(disk_.sectors(), 0);
    if (offset >= 12 && offset < 16) return byte(kMostSegments, 12);
    if (offset >= 20 && offset < 24) return byte(Disk::kSectorBytes, 20);
    return 0;
}

VirtioDevice::Service VirtioBlk::serve(unsigned, Virtqueue& ring, const Dma& dma) {
    Virtqueue::Chain chain;
    switch (ring.take(dma, chain)) {
        case Virtqueue::Take::kNothing: return {};
        case Virtqueue::Take::kBroken: return {Served::kBroken};
        case Virtqueue::Take::kChain: break;
    }
    const u64 room = chain.bytes(true);
    if (chain.bytes(false) < kHeaderBytes || room == 0) return {Served::kBroken};
    u64 moved = 0;
    const Status status = carry_out(chain, dma, moved);
    if (status == Status::kBroken) return {Served::kBroken};
    const std::array<u8, 1> byte{static_cast<u8>(status)};  // the last byte that the device may write
    const u64 written = std::min(room, u64{0xffff'ffff});
    if (!scatter(dma, chain, room - 1, byte) || !ring.put(dma, chain.head, static_cast<u32>(written)))
        return {Served::kBroken};
    return {Served::kDone, (moved / 1024 + 1) * kPsPerKiB};
}

VirtioBlk::Status VirtioBlk::carry_out(const Virtqueue::Chain& chain, const Dma& dma, u64& moved) {
    std::array<u8, kHeaderBytes> header{};
    if (!gather(dma, chain, 0, header)) return Status::kBroken;
    u64 type = 0, sector = 0;
    for (unsigned i = 0; i < 4; ++i) type |= u64{header[i]} << (8 * i);
    for (unsigned i = 0; i < 8; ++i) sector |= u64{header[8 + i]} << (8 * i);
    const u64 room = chain.bytes(true) - 1;
    switch (type) {
        case kIn: moved = room; return move(chain, dma, false, sector, room);
        case kOut: moved = chain.bytes(false) - kHeaderBytes; return move(chain, dma, true, sector, moved);
        case kFlushCommand: return disk_.flush() ? Status::kOk : Status::kIoError;
        case kGetId: {
            constexpr std::array<u8, kIdBytes> kId{'b', 'b', 'm', 's', 'i', 'm', '-', 'd', 'i', 's', 'k'};
            const std::span<const u8> id(kId.data(), std::min<u64>(room, kIdBytes));
            return scatter(dma, chain, 0, id) ? Status::kOk : Status::kBroken;
        }
        default: return Status::kUnsupported;
    }
}

VirtioBlk::Status VirtioBlk::move(const Virtqueue::Chain& chain, const Dma& dma, bool to_disk, u64 sector, u64 bytes) {
    if (bytes % Disk::kSectorBytes != 0 || bytes > kMostBytes || sector > disk_.sectors() ||
        bytes / Disk::kSectorBytes > disk_.sectors() - sector)
        return Status::kIoError;
    std::array<u8, 4096> piece{};
    for (u64 done = 0; done < bytes;) {
        const std::span<u8> part(piece.data(), std::min<u64>(bytes - done, piece.size()));
        const u64 at = sector * Disk::kSectorBytes + done;
        if (to_disk) {
            if (!gather(dma, chain, kHeaderBytes + done, part)) return Status::kBroken;
            if (!disk_.write(at, part)) return Status::kIoError;
        } else {
            if (!disk_.read(at, part)) return Status::kIoError;
            if (!scatter(dma, chain, done, part)) return Status::kBroken;
        }
        done += part.size();
    }
    return Status::kOk;
}

}  // namespace bbmsim::board
