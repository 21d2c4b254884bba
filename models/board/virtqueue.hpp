// SPDX-License-Identifier: Apache-2.0
// A split virtqueue as the device sees it (Virtual I/O Device 1.2, section 2.7). Little-endian, as version 1 has it.
//
// The rings lie in the guest's memory, so nothing in them is trusted: indices beyond the queue, loops, empty or
// endless chains, addresses outside RAM make take() and put() answer "broken", which the transport turns into
// DEVICE_NEEDS_RESET. Leaves out: indirect descriptors, event indices, packed rings, none of which is offered.
#pragma once

#include "models/board/dma.hpp"

#include <vector>

namespace bbmsim::board {

class Virtqueue {
public:
    static constexpr u32 kMostEntries = 256;

    struct Buffer {
        u64 pa = 0;
        u32 bytes = 0;
        bool writable = false;  // by the device
    };
    // What the driver made available in one piece: the readable buffers first, then the writable ones.
    struct Chain {
        u16 head = 0;
        std::vector<Buffer> buffers;
        [[nodiscard]] u64 bytes(bool writable) const;
    };
    enum class Take : u8 { kNothing, kChain, kBroken };

    // As the driver programs it; `entries` is a power of two up to kMostEntries once ready.
    u32 entries = 0;
    bool ready = false;
    u64 descriptors = 0, available = 0, used = 0;

    [[nodiscard]] bool sound() const;  // what QueueReady demands of the above
    void reset() { *this = Virtqueue{}; }

    Take take(const Dma& dma, Chain& chain);
    // Gives a chain back, `written` bytes of its writable buffers filled. False: broken.
    bool put(const Dma& dma, u16 head, u32 written);
    // The driver wants an interrupt for what was put.
    [[nodiscard]] bool wants_interrupt(const Dma& dma) const;

private:
    u16 taken_ = 0, put_ = 0;  // free-running, as the rings' indices are
};

// Copies between a span and a part of a chain's buffers of one direction, `offset` bytes into them. False: too short,
// or outside RAM.
bool gather(const Dma& dma, const Virtqueue::Chain& chain, u64 offset, std::span<u8> out);
bool scatter(const Dma& dma, const Virtqueue::Chain& chain, u64 offset, std::span<const u8> in);

}  // namespace bbmsim::board
