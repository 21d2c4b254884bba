// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/data_cache.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace bbmsim::cpu {

namespace {
constexpr u64 kNoLine = ~u64{0};
}

void DataCache::Level::configure(u32 bytes, u32 ways) {
    const u64 lines = bytes >> kLineShift;
    present = lines != 0;
    ways = std::clamp<u32>(ways, 1, present ? static_cast<u32>(lines) : 1);
    const u64 sets = present ? std::bit_floor(std::max<u64>(lines / ways, 1)) : 1;
    set_mask = sets - 1;
    rest_ways = ways - 1;
    front.assign(sets, kNoLine);
    rest.assign(sets * rest_ways, kNoLine);
}

bool DataCache::Level::lookup_fill(u64 line) {
    if (!present) return false;
    const u64 set = line & set_mask;
    if (front[set] == line) return true;
    u64* others = rest.data() + set * rest_ways;
    // Each line moves one place back, up to where the line was; if it was nowhere the oldest drops out.
    u64 moving = front[set];
    front[set] = line;
    for (unsigned i = 0; i < rest_ways; ++i) {
        std::swap(moving, others[i]);
        if (moving == line) return true;
    }
    return false;
}

void DataCache::Level::remove(u64 line) {
    if (!present) return;
    const u64 set = line & set_mask;
    u64* others = rest.data() + set * rest_ways;
    if (front[set] == line) {
        front[set] = kNoLine;
        return;
    }
    for (unsigned i = 0; i < rest_ways; ++i)
        if (others[i] == line) others[i] = kNoLine;
}

DataCache::DataCache(const CacheConfig& config) : l2_cycles_(config.l2_cycles), memory_cycles_(config.memory_cycles) {
    l1_.configure(config.l1d_bytes, config.l1d_ways);
    l2_.configure(config.l2_bytes, config.l2_ways);
}

u32 DataCache::access_slow(u64 line) {
    if (l1_.lookup_fill(line)) return 0;
    ++l1_misses;
    if (l2_.lookup_fill(line)) return l2_cycles_;
    ++l2_misses;
    return memory_cycles_;
}

void DataCache::clean_invalidate(u64 pa) {
    l1_.remove(pa >> kLineShift);
    l2_.remove(pa >> kLineShift);
}

void DataCache::reset() {
    std::fill(l1_.front.begin(), l1_.front.end(), kNoLine);
    std::fill(l1_.rest.begin(), l1_.rest.end(), kNoLine);
    std::fill(l2_.front.begin(), l2_.front.end(), kNoLine);
    std::fill(l2_.rest.begin(), l2_.rest.end(), kNoLine);
}

}  // namespace bbmsim::cpu
