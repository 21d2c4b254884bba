// SPDX-License-Identifier: Apache-2.0
#include "models/board/virtio_console.hpp"

#include <algorithm>
#include <array>

namespace bbmsim::board {
namespace {

constexpr u64 kMostBytes = u64{1} << 16;  // of one buffer; a console's are a page
constexpr u64 kBusyPs = 100'000;

}  // namespace

VirtioDevice::Service VirtioConsole::serve(unsigned queue, Virtqueue& ring, const Dma& dma) {
    return queue == kReceiveQueue ? receive(ring, dma) : transmit(ring, dma);
}

VirtioDevice::Service VirtioConsole::receive(Virtqueue& ring, const Dma& dma) {
    if (input_.empty()) return {};
    Virtqueue::Chain chain;
    switch (ring.take(dma, chain)) {
        case Virtqueue::Take::kNothing: return {};
        case Virtqueue::Take::kBroken: return {Served::kBroken};
        case Virtqueue::Take::kChain: break;
    }
    const u64 n = std::min({chain.bytes(true), static_cast<u64>(input_.size()), kMostBytes});
    const std::vector<u8> bytes(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(n));
    if (!scatter(dma, chain, 0, bytes)) return {Served::kBroken};
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(n));
    if (!ring.put(dma, chain.head, static_cast<u32>(n))) return {Served::kBroken};
    return {Served::kDone, kBusyPs};
}

VirtioDevice::Service VirtioConsole::transmit(Virtqueue& ring, const Dma& dma) {
    Virtqueue::Chain chain;
    switch (ring.take(dma, chain)) {
        case Virtqueue::Take::kNothing: return {};
        case Virtqueue::Take::kBroken: return {Served::kBroken};
        case Virtqueue::Take::kChain: break;
    }
    const u64 bytes = chain.bytes(false);
    if (bytes > kMostBytes) return {Served::kBroken};
    std::array<u8, 256> piece{};
    for (u64 done = 0; done < bytes;) {
        const std::span<u8> part(piece.data(), std::min<u64>(bytes - done, piece.size()));
        if (!gather(dma, chain, done, part)) return {Served::kBroken};
        for (const u8 byte : part) transmit_(byte);
        done += part.size();
    }
    if (!ring.put(dma, chain.head, 0)) return {Served::kBroken};
    return {Served::kDone, kBusyPs};
}

}  // namespace bbmsim::board
