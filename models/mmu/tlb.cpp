// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/tlb.hpp"

#include "models/mmu/replacement/replacement.hpp"

#include <algorithm>
#include <cstring>

namespace bbmsim::mmu {
namespace {

using Quad [[gnu::vector_size(16)]] = u32;
constexpr u32 padded(u32 n) { return (n + 15) / 16 * 16; }
constexpr u32 kNoKey = 0;

u32 tag_of(u64 va) { return static_cast<u32>(va >> 12); }
u32 keep_of(unsigned shift) { return shift >= 44 ? 0 : ~u32{0} << (shift - 12); }

Quad equal(Quad values, u32 to) { return static_cast<Quad>(values == to); }
// Whether same(), of four values at a time, holds for one of a batch.
template <class F>
inline bool any_of_sixteen(const u32* batch, F same) {
    Quad values[4];
    std::memcpy(values, batch, sizeof values);
    Quad hit = {};
    for (const Quad& v : values) hit |= same(v);
    u64 any[2];
    std::memcpy(any, &hit, sizeof any);
    return (any[0] | any[1]) != 0;
}

}  // namespace

bool is_splinter(const TlbEntry& e) {
    return !e.table && e.level < 4 && Tlb::shift_of(e) < level_shift(e.granule, e.level);
}

Tlb::Tlb(const TlbConfig& config, u64* clock, SplitMix64* rng, OriginIndex* origins, u32 spare_stamps)
    : config_(config),
      sets_(config.entries ? config.entries / config.ways : 1),
      set_bits_(static_cast<unsigned>(std::countr_zero(sets_))),
      clock_(clock),
      rng_(rng),
      origins_(origins),
      words_((sets_ + 63) / 64),
      occupied_(sets_ == 1 ? 0 : std::size_t{64} * words_),
      entries_(config.entries),
      tag_(padded(config.entries), ~u32{0}),
      keep_(padded(config.entries), ~u32{0}),
      key_(sets_ == 1 ? 0 : config.entries, kNoKey),
      shift_(padded(config.entries), kNoShift),
      leaf_hash_(padded(config.entries)),
      upper_(config.entries),
      stamp_(config.entries + spare_stamps) {
    for (u32 i = 0; i < config.entries; ++i) entries_[i].index = i;
    if (config.entries && config.policy == Policy::kPlru) tree_.resize(std::size_t{sets_} * std::bit_ceil(config.ways));
    const bool stamped = spare_stamps && sets_ == 1;  // touched inline
    if (config.entries && config.policy == Policy::kLru && !stamped)
        rings_ = replacement::make_rings(sets_, config.ways);
}

inline replacement::SetView Tlb::view_of(u32 set) {
    u8* tree = tree_.empty() ? nullptr : tree_.data() + std::size_t{set} * std::bit_ceil(config_.ways);
    replacement::RecencyNode* ring = rings_.empty() ? nullptr : rings_.data() + std::size_t{set} * (config_.ways + 1);
    return {stamp_.data() + std::size_t{set} * config_.ways, config_.ways, tree, ring, clock_, rng_};
}

void Tlb::look_in_all(u64 va, u16 asid, MatchSet& out) {
    const u32 key = tag_of(va);
    const Quad keys = {key, key, key, key};
    for (u32 i = 0; i < config_.entries; i += kBatch) {
        Quad tags[4], keeps[4];
        std::memcpy(tags, &tag_[i], sizeof tags);
        std::memcpy(keeps, &keep_[i], sizeof keeps);
        Quad hit = {};
        for (unsigned q = 0; q < 4; ++q) hit |= static_cast<Quad>(((tags[q] ^ keys) & keeps[q]) == 0);
        u64 any[2];
        std::memcpy(any, &hit, sizeof any);
        if ((any[0] | any[1]) == 0) continue;
        for (u32 j = i; j < i + kBatch && j < config_.entries; ++j)
            if (((tag_[j] ^ key) & keep_[j]) == 0 && entries_[j].matches(va, asid)) out.add(&entries_[j]);
    }
}

void Tlb::lookup(u64 va, u16 asid, MatchSet& out) {
    if (valid_ == 0) return;
    if (sets_ == 1) return look_in_all(va, asid, out);
    for (u64 m = shifts_present_; m; m &= m - 1) {
        const auto shift = static_cast<unsigned>(std::countr_zero(m));
        const u32 set = set_of(va, shift), first = set * config_.ways;
        if (!occupied(set, shift)) continue;
        const u32 key = key_of(va, shift);
        if (config_.ways == kBatch && !any_of_sixteen(&key_[first], [&](Quad v) { return equal(v, key); })) continue;
        for (u32 i = first; i < first + config_.ways; ++i)
            if (key_[i] == key && shift_[i] == shift && entries_[i].matches(va, asid)) out.add(&entries_[i]);
    }
}

void Tlb::touch(TlbEntry* e) {
    const u32 i = e->index;
    const u32 set = i / config_.ways;
    const replacement::SetView view = view_of(set);
    replacement::with_policy(config_.policy, [&](auto policy) { policy.touch(view, i - set * config_.ways); });
}

TlbEntry* Tlb::choose(const TlbEntry& e) {
    const u32 set = set_of(e.va_base, shift_of(e));
    const u32 first = set * config_.ways;
    if (valid_ != config_.entries)
        for (u32 i = first; i < first + config_.ways; ++i)
            if (shift_[i] == kNoShift) return &entries_[i];
    const replacement::SetView view = view_of(set);
    return &entries_[first +
                     replacement::with_policy(config_.policy, [&](auto policy) { return policy.victim(view); })];
}

// Which entry leaves is known before the walk that replaces it, if its size is that of the last fill.
void Tlb::expect_fill(u64 va) {
    if (entries_.empty() || (config_.policy != Policy::kLru && config_.policy != Policy::kPlru)) return;
    const u32 set = set_of(va, last_shift_);
    const replacement::SetView view = view_of(set);
    const u32 way = config_.policy == Policy::kLru ? replacement::Lru::victim(view) : replacement::Plru::victim(view);
    const auto* lines = reinterpret_cast<const char*>(&entries_[set * config_.ways + way]);
    for (std::size_t at = 0; at < sizeof(TlbEntry); at += 64) __builtin_prefetch(lines + at, 1);
}

void Tlb::place(TlbEntry* slot, const TlbEntry& e) {
    const u32 i = slot->index;
    if (shift_[i] != kNoShift) forget(i);
    const u32 gen = slot->gen + 1;
    *slot = e;
    slot->gen = gen;
    if (filter_) filter_->fetch_moved();
    slot->index = i;
    slot->valid = true;
    const unsigned shift = shift_of(e);
    if (sets_ == 1) {
        tag_[i] = tag_of(e.va_base);
        keep_[i] = keep_of(shift);
    } else {
        key_[i] = key_of(e.va_base, shift);
        occupy(i / config_.ways, shift);
    }
    shift_[i] = static_cast<u8>(shift);
    last_shift_ = static_cast<u8>(shift);
    leaf_hash_[i] = origins_->add_leaf(e);
    upper_[i] = origins_->upper_marks(e.origin);
    ++valid_;
    if (is_splinter(e)) ++splinters_;
    if (shift_count_[shift]++ == 0) shifts_present_ |= u64{1} << shift;
    const u32 set = i / config_.ways;
    const replacement::SetView view = view_of(set);
    replacement::with_policy(config_.policy, [&](auto policy) { policy.filled(view, i - set * config_.ways); });
}

void Tlb::forget(u32 i) {
    origins_->remove_leaf(leaf_hash_[i]);
    if (splinters_ != 0 && is_splinter(entries_[i])) --splinters_;
    if (--shift_count_[shift_[i]] == 0) {
        shifts_present_ &= ~(u64{1} << shift_[i]);
        if (sets_ != 1) std::fill_n(occupied_.begin() + std::ptrdiff_t{shift_[i]} * words_, words_, 0);
    }
    --valid_;
}

void Tlb::remove(TlbEntry* e) {
    if (!e->valid) return;
    const u32 i = e->index;
    forget(i);
    e->valid = false;
    move(e);
    if (sets_ == 1)
        tag_[i] = keep_[i] = ~u32{0};
    else
        key_[i] = kNoKey;
    shift_[i] = kNoShift;
    leaf_hash_[i] = 0;
    upper_[i] = 0;
}

TlbEntry* Tlb::any_valid(SplitMix64& rng) {
    if (valid_ == 0) return nullptr;
    const u32 first = rng.below(config_.entries);
    for (u32 i = 0; i < std::min(config_.entries, 64u); ++i) {
        const u32 at = (first + i) % config_.entries;
        if (shift_[at] != kNoShift) return &entries_[at];
    }
    return nullptr;
}

void Tlb::remove_all() {
    for_each([this](TlbEntry* e) { remove(e); });
}

void Tlb::bump_overlapping(const TlbEntry& e, bool smaller_only) {
    if (smaller_only && (shifts_present_ & ((u64{1} << shift_of(e)) - 1)) == 0) return;
    for_each([&](TlbEntry* o) {
        const u64 outside = ~(o->va_mask | e.va_mask);
        if (o != &e && ((o->va_base ^ e.va_base) & outside) == 0 && (o->global || e.global || o->asid == e.asid))
            move(o);
    });
}

u32 Tlb::next_batch(u32 from, u32 a, u32 b) const {
    u32 i = from;
    if (a == b)
        while (i < config_.entries && !any_of_sixteen(&leaf_hash_[i], [&](Quad v) { return equal(v, a); })) i += kBatch;
    else
        while (i < config_.entries &&
               !any_of_sixteen(&leaf_hash_[i], [&](Quad v) { return equal(v, a) | equal(v, b); }))
            i += kBatch;
    return i;
}

}  // namespace bbmsim::mmu
