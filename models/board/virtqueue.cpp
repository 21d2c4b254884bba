// SPDX-License-Identifier: Apache-2.0
#include "models/board/virtqueue.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

namespace bbmsim::board {
namespace {

constexpr u16 kNext = 1, kWrite = 2, kIndirect = 4;  // descriptor flags
constexpr u16 kNoInterrupt = 1;                      // of the available ring
constexpr u64 kDescriptorBytes = 16, kRingHeaderBytes = 4, kUsedBytes = 8;

template <class T>
std::optional<T> load(const Dma& dma, u64 pa) {
    std::array<u8, sizeof(T)> raw{};
    if (!dma.read(pa, raw)) return std::nullopt;
    u64 value = 0;
    for (unsigned i = 0; i < sizeof(T); ++i) value |= u64{raw[i]} << (8 * i);
    return static_cast<T>(value);
}

template <class T>
bool save(const Dma& dma, u64 pa, T value) {
    std::array<u8, sizeof(T)> raw{};
    for (unsigned i = 0; i < sizeof(T); ++i) raw[i] = static_cast<u8>(u64{value} >> (8 * i));
    return dma.write(pa, raw);
}

// Calls copy(pa, done, n) for the parts of the buffers of one direction that hold [offset, offset + bytes).
template <class Copy>
bool each_part(const Virtqueue::Chain& chain, bool writable, u64 offset, u64 bytes, const Copy& copy) {
    u64 done = 0;
    for (const Virtqueue::Buffer& b : chain.buffers) {
        if (b.writable != writable) continue;
        if (offset >= b.bytes) {
            offset -= b.bytes;
            continue;
        }
        const u64 n = std::min<u64>(b.bytes - offset, bytes - done);
        if (n != 0 && !copy(b.pa + offset, done, n)) return false;
        done += n;
        offset = 0;
        if (done == bytes) return true;
    }
    return done == bytes;
}

}  // namespace

u64 Virtqueue::Chain::bytes(bool writable) const {
    u64 sum = 0;
    for (const Buffer& b : buffers) sum += b.writable == writable ? b.bytes : 0;
    return sum;
}

bool Virtqueue::sound() const {
    return std::has_single_bit(entries) && entries <= kMostEntries && descriptors % 16 == 0 && available % 2 == 0 &&
           used % 4 == 0;
}

Virtqueue::Take Virtqueue::take(const Dma& dma, Chain& chain) {
    const auto index = load<u16>(dma, available + 2);
    if (!index) return Take::kBroken;
    const auto waiting = static_cast<u16>(*index - taken_);
    if (waiting == 0) return Take::kNothing;
    if (waiting > entries) return Take::kBroken;
    const auto head = load<u16>(dma, available + kRingHeaderBytes + 2 * (taken_ % entries));
    if (!head || *head >= entries) return Take::kBroken;
    ++taken_;
    chain.head = *head;
    chain.buffers.clear();
    for (u32 at = *head; chain.buffers.size() < entries;) {  // a longer chain than the table is a loop
        const u64 pa = descriptors + kDescriptorBytes * at;
        const auto address = load<u64>(dma, pa);
        const auto bytes = load<u32>(dma, pa + 8);
        const auto flags = load<u16>(dma, pa + 12);
        const auto next = load<u16>(dma, pa + 14);
        if (!address || !bytes || !flags || !next || (*flags & kIndirect) != 0) return Take::kBroken;
        const bool writable = (*flags & kWrite) != 0;
        if (!writable && !chain.buffers.empty() && chain.buffers.back().writable) return Take::kBroken;
        chain.buffers.push_back({*address, *bytes, writable});
        if ((*flags & kNext) == 0) return Take::kChain;
        if (*next >= entries) return Take::kBroken;
        at = *next;
    }
    return Take::kBroken;
}

bool Virtqueue::put(const Dma& dma, u16 head, u32 written) {
    const u64 element = used + kRingHeaderBytes + kUsedBytes * (put_ % entries);
    if (!save<u32>(dma, element, head) || !save<u32>(dma, element + 4, written)) return false;
    ++put_;
    return save<u16>(dma, used + 2, put_);
}

bool Virtqueue::wants_interrupt(const Dma& dma) const {
    const auto flags = load<u16>(dma, available);
    return !flags || (*flags & kNoInterrupt) == 0;
}

bool gather(const Dma& dma, const Virtqueue::Chain& chain, u64 offset, std::span<u8> out) {
    return each_part(chain, false, offset, out.size(),
                     [&](u64 pa, u64 done, u64 n) { return dma.read(pa, out.subspan(done, n)); });
}

bool scatter(const Dma& dma, const Virtqueue::Chain& chain, u64 offset, std::span<const u8> in) {
    return each_part(chain, true, offset, in.size(),
                     [&](u64 pa, u64 done, u64 n) { return dma.write(pa, in.subspan(done, n)); });
}

}  // namespace bbmsim::board
