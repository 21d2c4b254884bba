// SPDX-License-Identifier: Apache-2.0
// Definitions of mem.hpp's templates: the filter's answer inline, everything else in memory.cpp.
//
// A fast access is exactly what the slow path would have done: an L1D TLB hit (touched and counted), one data-cache
// look-up, host memory. The filter only holds Normal cacheable pages of RAM, and for writes only pages that nobody
// watches. Reads of pages without host memory are the filter's too, but answered in memory.cpp.
#pragma once

#include "models/cpu/mem.hpp"
#include "models/cpu/mem_kind.hpp"
#include "models/cpu/memory_slow.hpp"
#include "models/memory/private_caches.hpp"
#include "models/mmu/filter.hpp"
#include "models/mmu/mmu.hpp"

#include <cstring>
#include <type_traits>

namespace bbmsim::cpu {

namespace fast {

// The policy's touch of the L1D entry behind a slot.
[[gnu::always_inline]] inline void touch(Pe& pe, const mmu::FilterSlot* slot) {
    if (pe.fast.data_stamps) [[likely]] {
        mmu::replacement::stamp(pe.fast.data_stamps, pe.fast.data_clock, slot->entry->index);
    } else if (pe.fast.touch_data && slot->entry != pe.fast.last_data) {
        pe.fast.last_data = slot->entry;
        pe.mmu->touch_data(slot->entry);
    }
}

// The host address of [va, va + bytes) if the filter answers and no alignment rule is in the way; charges and counts.
// `bank`: of the filter, see FastPath.
template <Kind K>
[[gnu::always_inline]] inline u8* hit(Pe& pe, mmu::FilterSlot* bank, u64 va, unsigned bytes, u64 elem_mask) {
    const mmu::FilterSlot* slot = &bank[(va >> kPageShift) & (mmu::TranslationFilter::kSlots - 1)];
    const u64 offset = va & kPageMask;
    // The page of the last byte: an access that crosses into the next page finds a tag that never belongs here.
    if (slot->tag != ((va + bytes - 1) & ~kPageMask) || (va & elem_mask & pe.fast.align_mask) ||
        slot->gen != slot->entry->gen) [[unlikely]]
        return nullptr;
    touch(pe, slot);
    ++pe.filter_data_hits;
    const u64 pa = (u64{slot->page} << kPageShift) | offset;
    u32 extra = 0;
    if constexpr (K == Kind::kRead)
        extra = pe.fast.cache->read(pa, pe.cycles);
    else if constexpr (K == Kind::kWrite)
        extra = pe.fast.cache->write(pa, pe.cycles, pe.stores);
    else if constexpr (K == Kind::kUpdate)
        extra = pe.fast.cache->update(pa, pe.cycles);
    else
        extra = pe.fast.cache->zero(pa, pe.cycles);
    if (extra) [[unlikely]]
        pe.charge(Cost::kCache, extra);
    return slot->host + offset;
}

// hit() where nothing needs a call: a line that is the newest of its set and, for a store, writable; no alignment rule.
// Null: nothing happened; the handler goes on to its general form, by a jump. `bank`: see FastPath.
template <Kind K>
[[gnu::always_inline]] inline u8* quick_hit(Pe& pe, mmu::FilterSlot* bank, u64 va, unsigned bytes) {
    const mmu::FilterSlot* slot = &bank[(va >> kPageShift) & (mmu::TranslationFilter::kSlots - 1)];
    const mmu::TlbEntry* entry = slot->entry;
    if (slot->tag != ((va + bytes - 1) & ~kPageMask) || slot->gen != entry->gen) [[unlikely]]
        return nullptr;
    const u64 line = (va + slot->to_pa) >> memory::kLineShift;
    const u64* lines = K == Kind::kRead ? pe.fast.front_lines : pe.fast.writable_lines;
    if (lines[line & pe.fast.cache_mask] != line) [[unlikely]]
        return nullptr;
    const u64 host = va + slot->to_host;
    if (host == 0) __builtin_unreachable();  // one test less
    if (pe.fast.data_stamps) [[likely]]
        mmu::replacement::stamp(pe.fast.data_stamps, pe.fast.data_clock, entry->index);
    ++pe.filter_data_hits;
    return reinterpret_cast<u8*>(host);  // NOLINT(performance-no-int-to-ptr)
}

inline mmu::FilterSlot* read_slots(const Pe& pe, MemMode mode) {
    return mode == MemMode::kUnprivileged ? pe.fast.user_read_slots : pe.fast.read_slots;
}
inline mmu::FilterSlot* write_slots(const Pe& pe, MemMode mode) {
    return mode == MemMode::kUnprivileged ? pe.fast.user_write_slots : pe.fast.write_slots;
}

inline mmu::FilterSlot* quick_read(const Pe& pe, MemMode mode) {
    return mode == MemMode::kUnprivileged ? pe.fast.quick_user_read : pe.fast.quick_read;
}
inline mmu::FilterSlot* quick_write(const Pe& pe, MemMode mode) {
    return mode == MemMode::kUnprivileged ? pe.fast.quick_user_write : pe.fast.quick_write;
}

// Slow reads and writes by value: the handlers' own variables must not have an address (pe.hpp: next).
struct Loaded {
    u64 value;
    bool done;
};
template <class T>
[[gnu::noinline]] Loaded load_slow(Pe& pe, const Op* op, u64 va, MemMode mode) {
    T value{};
    const bool done = slow::read(pe, op, va, sizeof(T), 1, mode, &value);
    return {value, done};
}
template <class T>
[[gnu::noinline]] bool store_slow(Pe& pe, const Op* op, u64 va, T value, MemMode mode) {
    return slow::write(pe, op, va, sizeof(T), 1, mode, &value);
}
template <class T>
[[gnu::noinline]] bool load_pair_slow(Pe& pe, const Op* op, u64 va) {  // into pe.slow_pair
    T both[2];
    if (!slow::read(pe, op, va, sizeof(T), 2, MemMode::kNormal, both)) return false;
    pe.slow_pair[0] = both[0];
    pe.slow_pair[1] = both[1];
    return true;
}
template <class T>
[[gnu::noinline]] bool store_pair_slow(Pe& pe, const Op* op, u64 va, T a, T b) {
    const T both[2] = {a, b};
    return slow::write(pe, op, va, sizeof(T), 2, MemMode::kNormal, both);
}

}  // namespace fast

template <class T>
[[gnu::always_inline]] inline bool load(Pe& pe, const Op* op, u64 va, T& value, MemMode mode) {
    if (mode == MemMode::kAcquireRelease && (va & (sizeof(T) - 1))) [[unlikely]]
        return alignment_fault(pe, op, va, false), false;
    if (const u8* host = fast::hit<fast::Kind::kRead>(pe, fast::read_slots(pe, mode), va, sizeof(T), sizeof(T) - 1))
        [[likely]] {
        std::memcpy(&value, host, sizeof(T));
        ++pe.loads;
    } else {
        const fast::Loaded loaded = fast::load_slow<T>(pe, op, va, mode);
        if (!loaded.done) return false;
        value = static_cast<T>(loaded.value);
    }
    if (mode == MemMode::kAcquireRelease && pe.fast.acquire) slow::acquire(pe);
    return true;
}

template <class T>
[[gnu::always_inline]] inline bool store(Pe& pe, const Op* op, u64 va, T value, MemMode mode) {
    if (mode == MemMode::kAcquireRelease && (va & (sizeof(T) - 1))) [[unlikely]]
        return alignment_fault(pe, op, va, true), false;
    if (u8* host = fast::hit<fast::Kind::kWrite>(pe, fast::write_slots(pe, mode), va, sizeof(T), sizeof(T) - 1))
        [[likely]] {
        std::memcpy(host, &value, sizeof(T));
        ++pe.stores;
        return true;
    }
    return fast::store_slow<T>(pe, op, va, value, mode);
}

template <class T>
[[gnu::always_inline]] inline bool load_pair(Pe& pe, const Op* op, u64 va, T& a, T& b) {
    if (const u8* host = fast::hit<fast::Kind::kRead>(pe, pe.fast.read_slots, va, 2 * sizeof(T), sizeof(T) - 1))
        [[likely]] {
        std::memcpy(&a, host, sizeof(T));
        std::memcpy(&b, host + sizeof(T), sizeof(T));
        ++pe.loads;
        return true;
    }
    if (!fast::load_pair_slow<T>(pe, op, va)) return false;
    a = static_cast<T>(pe.slow_pair[0]);
    b = static_cast<T>(pe.slow_pair[1]);
    return true;
}

template <class T>
[[gnu::always_inline]] inline bool store_pair(Pe& pe, const Op* op, u64 va, T a, T b) {
    if (u8* host = fast::hit<fast::Kind::kWrite>(pe, pe.fast.write_slots, va, 2 * sizeof(T), sizeof(T) - 1))
        [[likely]] {
        std::memcpy(host, &a, sizeof(T));
        std::memcpy(host + sizeof(T), &b, sizeof(T));
        ++pe.stores;
        return true;
    }
    return fast::store_pair_slow<T>(pe, op, va, a, b);
}

inline bool load_elements(Pe& pe, const Op* op, u64 va, unsigned elem, unsigned count, void* out) {
    if (const u8* host = fast::hit<fast::Kind::kRead>(pe, pe.fast.read_slots, va, elem * count, elem - 1)) [[likely]] {
        std::memcpy(out, host, elem * count);
        ++pe.loads;
        return true;
    }
    return slow::read(pe, op, va, elem, count, MemMode::kNormal, out);
}

inline bool store_elements(Pe& pe, const Op* op, u64 va, unsigned elem, unsigned count, const void* in) {
    if (u8* host = fast::hit<fast::Kind::kWrite>(pe, pe.fast.write_slots, va, elem * count, elem - 1)) [[likely]] {
        std::memcpy(host, in, elem * count);
        ++pe.stores;
        return true;
    }
    return slow::write(pe, op, va, elem, count, MemMode::kNormal, in);
}

template <class T>
bool load_exclusive(Pe& pe, const Op* op, u64 va, T& value, bool acquire) {
    if (!slow::load_exclusive(pe, op, va, sizeof(T), 1, &value)) return false;
    if (acquire && pe.fast.acquire) slow::acquire(pe);
    return true;
}

template <class T>
bool load_exclusive_pair(Pe& pe, const Op* op, u64 va, T& a, T& b, bool acquire) {
    T both[2];
    if (!slow::load_exclusive(pe, op, va, sizeof(T), 2, both)) return false;
    a = both[0];
    b = both[1];
    if (acquire && pe.fast.acquire) slow::acquire(pe);
    return true;
}

template <class T>
bool store_exclusive(Pe& pe, const Op* op, u64 va, T value, bool /*release*/, u32& status) {
    return slow::store_exclusive(pe, op, va, sizeof(T), 1, &value, status);
}

template <class T>
bool store_exclusive_pair(Pe& pe, const Op* op, u64 va, T a, T b, bool /*release*/, u32& status) {
    const T both[2] = {a, b};
    return slow::store_exclusive(pe, op, va, sizeof(T), 2, both, status);
}

template <class T>
T apply(AtomicOp what, T old, T operand) {
    using S = std::make_signed_t<T>;
    switch (what) {
        case AtomicOp::kAdd: return static_cast<T>(old + operand);
        case AtomicOp::kClr: return static_cast<T>(old & ~operand);
        case AtomicOp::kEor: return static_cast<T>(old ^ operand);
        case AtomicOp::kSet: return static_cast<T>(old | operand);
        case AtomicOp::kSmax: return static_cast<S>(old) > static_cast<S>(operand) ? old : operand;
        case AtomicOp::kSmin: return static_cast<S>(old) < static_cast<S>(operand) ? old : operand;
        case AtomicOp::kUmax: return old > operand ? old : operand;
        case AtomicOp::kUmin: return old < operand ? old : operand;
        case AtomicOp::kSwp: return operand;
    }
    return operand;
}

namespace fast {
// Atomics must be aligned to their whole size (no FEAT_LSE2); the rest as for stores.
template <class T, class F>
bool rmw(Pe& pe, const Op* op, u64 va, unsigned count, T* old, bool acquire, F&& new_value) {
    const unsigned bytes = sizeof(T) * count;
    if (va & (bytes - 1)) [[unlikely]]
        return alignment_fault(pe, op, va, true), false;
    T value[2];
    if (u8* host = hit<Kind::kUpdate>(pe, pe.fast.write_slots, va, bytes, 0)) [[likely]] {
        std::memcpy(old, host, bytes);
        if (new_value(old, value)) std::memcpy(host, value, bytes);
        ++pe.loads;
        ++pe.stores;
    } else {
        slow::Rmw where;
        if (!slow::rmw_begin(pe, op, va, bytes, old, where)) return false;
        slow::rmw_commit(pe, where, bytes, new_value(old, value) ? value : nullptr);
    }
    if (acquire && pe.fast.acquire) slow::acquire(pe);
    return true;
}
}  // namespace fast

template <class T>
bool atomic(Pe& pe, const Op* op, u64 va, AtomicOp what, T operand, T& old, bool acquire, bool /*release*/) {
    T memory;
    const bool done = fast::rmw<T>(pe, op, va, 1, &memory, acquire, [&](const T* was, T* becomes) {
        *becomes = apply(what, *was, operand);
        return true;
    });
    if (done) old = memory;
    return done;
}

template <class T>
bool compare_and_swap(Pe& pe, const Op* op, u64 va, T& expected, T desired, bool acquire, bool /*release*/) {
    T memory;
    const bool done = fast::rmw<T>(pe, op, va, 1, &memory, acquire, [&](const T* was, T* becomes) {
        *becomes = desired;
        return *was == expected;
    });
    if (done) expected = memory;
    return done;
}

template <class T>
bool compare_and_swap_pair(Pe& pe, const Op* op, u64 va, T (&expected)[2], const T (&desired)[2], bool acquire,
                           bool /*release*/) {
    T memory[2];
    const bool done = fast::rmw<T>(pe, op, va, 2, memory, acquire, [&](const T* was, T* becomes) {
        becomes[0] = desired[0];
        becomes[1] = desired[1];
        return was[0] == expected[0] && was[1] == expected[1];
    });
    if (done) {
        expected[0] = memory[0];
        expected[1] = memory[1];
    }
    return done;
}

}  // namespace bbmsim::cpu
