// SPDX-License-Identifier: Apache-2.0
#include "models/memory/private_caches.hpp"

#include "models/memory/memory_system.hpp"

#include <algorithm>

namespace bbmsim::memory {

namespace {
constexpr u64 kWholeLineStores = 2;  // fewer stores than STP of two Q registers need: not a whole line
}

PrivateCaches::PrivateCaches(const CacheConfig& config, MemorySystem* shared, PeId pe, u64 khz)
    : config_(config), shared_(shared), pe_(pe), khz_(khz) {
    l1_.configure(config.l1d_bytes, config.l1d_ways);
    // The shared side knows lines by what L2 holds: without one, L1D's size takes its place.
    const bool stand_in = shared && config.l2_bytes == 0;
    l2_.configure(stand_in ? config.l1d_bytes : config.l2_bytes, stand_in ? config.l1d_ways : config.l2_ways);
    writable_lines_ = shared ? l1_.writable.data() : l1_.front.data();
    if (!shared) return;
    buffer_.assign(config.store_buffer_lines, 0);
    transfer_cycles_ = std::max(config.l3_cycles, shared->cycles(u64{shared->config().transfer_ns} * 1000, khz));
    shared->attach(pe, this);
}

u32 PrivateCaches::pay(PlaceCycles& where, const Cost& cost) {
    spend(where, cost.place, cost.cycles);
    spend(where, Place::kBandwidth, cost.queue);
    return cost.cycles + cost.queue;
}

// A line that is nowhere here. `keep`: in L2; what goes for it goes from L1D as well.
PrivateCaches::Cost PrivateCaches::fetch(u64 line, u64 now, Intent intent, bool keep, bool& writable) {
    if (!shared_) {
        l2_.insert(line);
        return {Place::kMemory, config_.memory_cycles, 0};
    }
    const Answer answer = intent == Intent::kRead ? shared_->read(pe_, line, now, khz_)
                                                  : shared_->own(pe_, line, intent == Intent::kWrite, now, khz_);
    writable = intent != Intent::kRead;
    if (keep && l2_.present()) {
        const u64 state = writable ? kUnique | kDirty : answer.unique ? kUnique : 0;
        const u64 gone = l2_.insert(line | state);
        shared_->came(pe_, line);
        if (gone != kNoLine) {
            l1_.remove(line_of(gone));
            shared_->left(gone, now, khz_);
        }
    }
    switch (answer.place) {
        case Place::kTransfer: ++transfers; return {answer.place, transfer_cycles_, 0};
        case Place::kL3: return {answer.place, config_.l3_cycles, 0};
        default: ++l3_misses; return {answer.place, config_.memory_cycles, answer.queue_cycles};
    }
}

inline void PrivateCaches::prefetch(u64 line) const {
    l2_.prefetch(line);
    if (!shared_) return;
    shared_->prefetch(line);
    shared_->prefetch(line + 1);
}

u32 PrivateCaches::read_slow(u64 line, u64 now) {
    if (l1_.promote(line)) return 0;
    prefetch(line);
    ++l1_misses;
    Cost cost{Place::kL2, config_.l2_cycles, 0};
    bool writable = false;
    if (const u64* word = l2_.touch(line)) {
        writable = *word & kDirty;
    } else {
        ++l2_misses;
        cost = fetch(line, now, Intent::kRead, true, writable);
    }
    l1_.insert(line, writable);
    return pay(cache_cycles, cost);
}

// The line is writable and in front from here on.
PrivateCaches::Cost PrivateCaches::write_line(u64 line, u64 now, bool whole) {
    const bool in_l1 = l1_.promote(line);
    if (in_l1 && (!shared_ || l1_.writable[line & l1_.set_mask] == line)) return {Place::kL2, 0, 0};
    if (!in_l1) {
        prefetch(line);
        ++l1_misses;
    }
    Cost cost{Place::kL2, in_l1 ? 0 : config_.l2_cycles, 0};
    bool writable = true;
    if (u64* word = l2_.touch(line)) {
        if (shared_ && !(*word & kUnique)) {
            const bool others = shared_->upgrade(pe_, line);
            transfers += others;
            cost = others ? Cost{Place::kTransfer, transfer_cycles_, 0} : Cost{Place::kL3, config_.l3_cycles, 0};
        }
        *word |= kUnique | kDirty;
    } else {
        ++l2_misses;
        cost = fetch(line, now, whole ? Intent::kWhole : Intent::kWrite, true, writable);
    }
    if (in_l1)
        l1_.set_writable(line, true);
    else
        l1_.insert(line, true);
    return cost;
}

// Whether stores have been filling line after line for long enough that this one will be filled too.
bool PrivateCaches::streams(u64 line, u64 stores) {
    if (line == last_store_line_) return false;
    const bool on = line == last_store_line_ + 1 && stores - last_stores_ >= kWholeLineStores;
    stream_lines_ = on ? stream_lines_ + 1 : 0;
    last_store_line_ = line;
    last_stores_ = stores;
    return config_.write_stream_lines && stream_lines_ >= config_.write_stream_lines;
}

u32 PrivateCaches::write_slow(u64 line, u64 now, u64 stores) {
    if (!shared_) return pay(cache_cycles, write_line(line, now, false));
    return buffer(write_line(line, now, streams(line, stores)), now);
}

u32 PrivateCaches::zero(u64 pa, u64 now) {
    const Cost cost = write_line(pa >> kLineShift, now, true);
    return shared_ ? buffer(cost, now) : pay(cache_cycles, cost);
}

u32 PrivateCaches::update(u64 pa, u64 now) { return pay(cache_cycles, write_line(pa >> kLineShift, now, false)); }

// The line's cost runs from now on; the PE waits only for a place, until the oldest line has drained.
u32 PrivateCaches::buffer(const Cost& cost, u64 now) {
    const u64 takes = u64{cost.cycles} + cost.queue;
    if (takes == 0) return 0;
    if (buffer_.empty()) return pay(cache_cycles, cost);
    const u64 entered = std::max(now, buffer_[oldest_]);
    drained_ = std::max(drained_ + config_.store_line_cycles, entered + takes);
    buffer_[oldest_] = drained_;
    oldest_ = oldest_ + 1 == buffer_.size() ? 0 : oldest_ + 1;
    return spend(cache_cycles, Place::kStoreBuffer, static_cast<u32>(entered - now));
}

u32 PrivateCaches::walk(u64 pa, u64 now, u32 in_l2) {
    const u64 line = pa >> kLineShift;
    if (l2_.touch(line)) return spend(walk_cycles, Place::kL2, in_l2);
    bool writable = false;
    Cost cost = fetch(line, now, Intent::kRead, config_.walks_fill_l2, writable);
    cost.cycles = std::max(cost.cycles, in_l2);
    return pay(walk_cycles, cost);
}

u32 PrivateCaches::walk_update(u64 pa, u64 now) {
    const u64 line = pa >> kLineShift;
    Cost cost = write_line(line, now, false);
    return pay(walk_cycles, cost);
}

u64 PrivateCaches::share(u64 line) {
    u64* word = l2_.find(line);
    if (!word) return 0;
    const u64 was = *word;
    if (was & kUnique) {
        *word = line;
        l1_.set_writable(line, false);
    }
    return was;
}

u64 PrivateCaches::drop(u64 line) {
    u64* word = l2_.find(line);
    if (!word) return 0;
    const u64 was = *word;
    *word = kNoLine;
    l1_.remove(line);
    return was;
}

void PrivateCaches::clean_invalidate(u64 pa) {
    const u64 line = pa >> kLineShift;
    if (shared_) {
        shared_->clean_invalidate(line);
    } else {
        l1_.remove(line);
        drop(line);
    }
}

void PrivateCaches::reset() {
    l1_.clear();
    l2_.clear();
    std::ranges::fill(buffer_, 0);
    drained_ = 0;
    last_store_line_ = kNoLine;
    stream_lines_ = 0;
}

}  // namespace bbmsim::memory
