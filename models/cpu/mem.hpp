// SPDX-License-Identifier: Apache-2.0
// Memory as instruction handlers use it. The fast path is inline: filter slot, touch, data-cache tag, host access.
//
// Every function returns false if the access did not happen: an exception was taken or an exit is pending, the PE's
// registers are untouched, and the handler must `return nullptr` at once.
#pragma once

#include "models/cpu/pe.hpp"
#include "models/mmu/types.hpp"

namespace bbmsim::cpu {

enum class MemMode : u8 {
    kNormal,
    kUnprivileged,    // LDTR/STTR: as EL0 unless UAO
    kAcquireRelease,  // LDAR/STLR/LDAPR: must be aligned (to size, or within 16 bytes with LSE2 — here: to size)
};

// T: u8, u16, u32, u64. `va` untagged or tagged; SP alignment is checked by the handler (sp_alignment_fault).
template <class T>
bool load(Pe& pe, const Op* op, u64 va, T& value, MemMode mode = MemMode::kNormal);
template <class T>
bool store(Pe& pe, const Op* op, u64 va, T value, MemMode mode = MemMode::kNormal);

// Two adjacent elements of size T (LDP/STP/LDNP). Both or neither for loads.
template <class T>
bool load_pair(Pe& pe, const Op* op, u64 va, T& a, T& b);
template <class T>
bool store_pair(Pe& pe, const Op* op, u64 va, T a, T b);

// `count` elements of `elem` bytes, at most 64 bytes in all, as one access: SIMD&FP loads and stores.
bool load_elements(Pe& pe, const Op* op, u64 va, unsigned elem, unsigned count, void* out);
bool store_elements(Pe& pe, const Op* op, u64 va, unsigned elem, unsigned count, const void* in);

// Exclusives. `pair` elements are each T (LDXP of W: T = u32). status: 0 success, 1 failure.
template <class T>
bool load_exclusive(Pe& pe, const Op* op, u64 va, T& value, bool acquire);
template <class T>
bool load_exclusive_pair(Pe& pe, const Op* op, u64 va, T& a, T& b, bool acquire);
template <class T>
bool store_exclusive(Pe& pe, const Op* op, u64 va, T value, bool release, u32& status);
template <class T>
bool store_exclusive_pair(Pe& pe, const Op* op, u64 va, T a, T b, bool release, u32& status);

// LSE. `function(old) -> new` is applied atomically; `old` receives what memory held.
enum class AtomicOp : u8 { kAdd, kClr, kEor, kSet, kSmax, kSmin, kUmax, kUmin, kSwp };
template <class T>
bool atomic(Pe& pe, const Op* op, u64 va, AtomicOp what, T operand, T& old, bool acquire, bool release);
// CAS: writes `desired` if memory holds `expected` (else writes nothing but needs write permission); `expected` gets
// old.
template <class T>
bool compare_and_swap(Pe& pe, const Op* op, u64 va, T& expected, T desired, bool acquire, bool release);
template <class T>
bool compare_and_swap_pair(Pe& pe, const Op* op, u64 va, T (&expected)[2], const T (&desired)[2], bool acquire,
                           bool release);

}  // namespace bbmsim::cpu

#include "models/cpu/mem_inline.hpp"  // definitions of the templates; the engine's
