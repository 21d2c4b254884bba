// SPDX-License-Identifier: Apache-2.0
// What lies behind all PEs' private caches: coherence between them, the shared L3, memory.
//
// A line is unique in one PE's caches (clean or dirty) or shared by several and clean; the L3 has some of both, and
// answers for what no other PE has unique. A PE asks when it misses, or stores to a line that it shares; others give up
// or share their copy at once, so state changes in the order in which the PEs execute. Only latencies come of it. No
// allocation after construction; size depends on the caches and the number of PEs, not on RAM.
#pragma once

#include "models/memory/channel.hpp"
#include "models/memory/config.hpp"
#include "models/memory/l3.hpp"
#include "models/memory/presence.hpp"
#include "models/memory/private_caches.hpp"

#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::memory {

struct Answer {
    Place place;           // kL3, kTransfer or kMemory
    u32 queue_cycles = 0;  // of the asking PE, beyond the place's latency
    bool unique = true;    // nobody else has it
};

class MemorySystem {
public:
    MemorySystem(const SharedConfig& config, Detail detail, unsigned pes);
    void attach(PeId pe, PrivateCaches* caches);
    [[nodiscard]] const SharedConfig& config() const { return config_; }

    // --- PE `pe`, whose clock shows `now` cycles of `khz`, does not hold the line and wants it
    Answer read(PeId pe, u64 line, u64 now, u64 khz);
    Answer own(PeId pe, u64 line, bool contents, u64 now, u64 khz);  // `contents`: not all of it will be overwritten
    // --- it holds the line, shared, and wants to store: true if others had it
    bool upgrade(PeId pe, u64 line);
    // --- it told us what became of it
    void came(PeId pe, u64 line);
    void left(u64 word, u64 now, u64 khz) {
        if (word & kDirty) store_in_l3(line_of(word), now, khz);
    }
    void prefetch(u64 line) const {  // what is about to be asked for, into the host's caches
        if (several_) presence_.prefetch(line);
        l3_.prefetch(line);
    }
    void clean_invalidate(u64 line);  // everywhere

    static u32 cycles(u64 ps, u64 khz) { return static_cast<u32>((ps * khz + 999'999'999) / 1'000'000'000); }
    void archive(Archive& ar);

private:
    bool drop_others(PeId pe, u64 line);
    void store_in_l3(u64 line, u64 now, u64 khz);
    Answer below(u64 line, bool contents, u64 now, u64 khz);  // no PE has it
    u32 memory(u64 line, u64 now, u64 khz);                   // queue cycles
    void gather_presence();

    const SharedConfig config_;
    const bool queues_, several_;
    std::vector<PrivateCaches*> caches_;
    Presence presence_;
    u64 came_ = 0, gather_after_ = 0;  // lines since presence_ was made
    L3 l3_;
    Channel channel_;
};

}  // namespace bbmsim::memory
