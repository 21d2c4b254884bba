// SPDX-License-Identifier: Apache-2.0
// One PE's data caches and store buffer as latencies: private L1D and L2, 64-byte lines, LRU, write-allocate.
//
// Alone (detail fast): tags, an L1D miss costs l2_cycles or memory_cycles, stores like loads. With a MemorySystem
// behind them: lines are shared or unique, L2 holds all that L1D holds, misses ask the shared side, and stores retire
// into a buffer that drains in the background, in order: each line's cost runs from when it entered. One look-up per
// access that stays within a 4 KiB page, by the line of its first byte. Leaves out: prefetching, overlap of loads, the
// instruction side, devices' DMA. Contents are never held: memory is always current.
#pragma once

#include "models/memory/config.hpp"
#include "models/memory/tags.hpp"
#include "models/mmu/types.hpp"

#include <array>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::memory {

class MemorySystem;

// Where the cycles of a miss went.
enum class Place : u8 { kL2, kL3, kTransfer, kMemory, kBandwidth, kStoreBuffer, kDevice, kCount };
using PlaceCycles = std::array<u64, static_cast<unsigned>(Place::kCount)>;

class PrivateCaches {
public:
    // Without `shared`: alone. `khz`: of the PE's clock.
    PrivateCaches(const CacheConfig& config, MemorySystem* shared, PeId pe, u64 khz);

    // Cycles that an access at local time `now` adds. What the most recently used line of a set answers, inline.
    u32 read(u64 pa, u64 now) {
        const u64 line = pa >> kLineShift;
        if (l1_.front[line & l1_.set_mask] == line) [[likely]]
            return 0;
        return read_slow(line, now);
    }
    // `stores`: of the PE until now.
    u32 write(u64 pa, u64 now, u64 stores) {
        const u64 line = pa >> kLineShift;
        if (writable_lines_[line & l1_.set_mask] == line) [[likely]]
            return 0;
        return write_slow(line, now, stores);
    }
    u32 update(u64 pa, u64 now);           // a store that waits for its line: atomics, exclusives
    u32 zero(u64 pa, u64 now);             // of a whole line: nothing is read
    u32 walk(u64 pa, u64 now, u32 in_l2);  // a descriptor; `in_l2`: cycles if it is no further away
    u32 walk_update(u64 pa, u64 now);      // likewise, stored to by hardware
    [[nodiscard]] u32 drain(u64 now) const { return drained_ > now ? static_cast<u32>(drained_ - now) : 0; }
    u32 uncached() { return spend(cache_cycles, Place::kMemory, config_.memory_cycles); }
    void device(u64 cycles) { cache_cycles[static_cast<unsigned>(Place::kDevice)] += cycles; }
    void clean_invalidate(u64 pa);  // DC IVAC, CIVAC
    void reset();
    void archive(Archive& ar);

    // An access to a line that its set has in front (for stores: that needs nobody's leave) adds nothing and changes
    // nothing. They stay where they are.
    [[nodiscard]] const u64* front_lines() const { return l1_.front.data(); }
    [[nodiscard]] const u64* writable_lines() const { return writable_lines_; }
    [[nodiscard]] u64 set_mask() const { return l1_.set_mask; }

    // --- for the shared side: the word of a line that another PE asks for, or 0
    u64 share(u64 line);  // from now on others have it too
    u64 drop(u64 line);
    [[nodiscard]] const LineVector<u64>& lines() const { return l2_.words(); }  // words, or kNoLine

    u64 l1_misses = 0, l2_misses = 0, l3_misses = 0, transfers = 0;
    PlaceCycles cache_cycles{}, walk_cycles{};  // sums of all that was returned, but for walk(): its part of `walk`

private:
    enum class Intent : u8 { kRead, kWrite, kWhole };  // kWhole: nothing of the line's former contents is needed
    struct Cost {
        Place place;
        u32 cycles, queue;
    };
    void prefetch(u64 line) const;  // into the host's caches: what a miss of L1D will look at, and probably the next
    u32 read_slow(u64 line, u64 now);
    u32 write_slow(u64 line, u64 now, u64 stores);
    Cost write_line(u64 line, u64 now, bool whole);
    Cost fetch(u64 line, u64 now, Intent intent, bool keep, bool& writable);
    u32 buffer(const Cost& cost, u64 now);
    bool streams(u64 line, u64 stores);
    u32 pay(PlaceCycles& where, const Cost& cost);
    static u32 spend(PlaceCycles& where, Place place, u32 cycles) {
        where[static_cast<unsigned>(place)] += cycles;
        return cycles;
    }

    const CacheConfig config_;
    MemorySystem* const shared_;
    const PeId pe_;
    const u64 khz_;
    u32 transfer_cycles_ = 0;
    FrontTags l1_;
    StateTags l2_;
    const u64* writable_lines_;
    std::vector<u64> buffer_;  // when its lines will have drained, a ring
    u32 oldest_ = 0;
    u64 drained_ = 0;  // when all will
    u64 last_store_line_ = kNoLine, last_stores_ = 0, stream_lines_ = 0;
};

}  // namespace bbmsim::memory
