// SPDX-License-Identifier: Apache-2.0
// What of the memory side is state (models/mmu/snapshot/archive.hpp).
#include "models/memory/memory_system.hpp"
#include "models/mmu/snapshot/archive.hpp"

namespace bbmsim::memory {

void FrontTags::archive(Archive& ar) {
    auto& [first, stores, mask, there, others, behind] = *this;
    ar.fixed(first);
    ar.fixed(stores);
    ar.fixed(behind);
}

void StateTags::archive(Archive& ar) {
    auto& [there, ways, mask, held] = *this;
    ar.fixed(held);
}

void PrivateCaches::archive(Archive& ar) {
    auto& [misses_1, misses_2, misses_3, moved, cache, walks, settings, behind, number, clock, transfer, first, second,
           stores, waiting, next, empty, last_line, last_count, streamed] = *this;
    ar(misses_1, misses_2, misses_3, moved, cache, walks, first, second);
    ar.fixed(waiting);
    ar(next, empty, last_line, last_count, streamed);
    if (next != 0 && next >= waiting.size()) throw StateError("a store buffer of another size");
}

void L3::archive(Archive& ar) {
    auto& [there, ways, bits, mask, held, oldest] = *this;
    ar.fixed(held);
    ar.fixed(oldest);
    for (const u8 way : oldest)
        if (way >= ways) throw StateError("an L3 of another shape");
}

void Channel::archive(Archive& ar) {
    auto& [capacity, shift, mask, opening, booked, rows] = *this;
    ar.fixed(booked);
    ar.fixed(rows);
}

void MemorySystem::archive(Archive& ar) {
    auto& [settings, queueing, many, caches, holders, since, after, shared, channel] = *this;
    ar.part("memory");
    ar(shared, channel);
    if (ar.loading()) gather_presence();  // the PEs have theirs already
}

}  // namespace bbmsim::memory
