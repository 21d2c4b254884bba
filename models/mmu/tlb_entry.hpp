// SPDX-License-Identifier: Apache-2.0
// One TLB or walk-cache entry, with its origin: which descriptors its walk read, their values, and when.
#pragma once

#include "models/mmu/types.hpp"

#include <array>

namespace bbmsim::mmu {

enum class MemType : u8 { kDeviceNGnRnE, kDeviceNGnRE, kDeviceNGRE, kDeviceGRE, kNormal, kNormalTagged };

struct MemAttr {
    MemType type = MemType::kNormal;
    u8 inner = 0xf;  // MAIR nibble: 4 non-cacheable, 0xf write-back read/write-allocate
    u8 outer = 0xf;
    Shareability share = Shareability::kInner;
    [[nodiscard]] bool is_device() const { return type <= MemType::kDeviceGRE; }
    bool operator==(const MemAttr&) const = default;
};

struct Permissions {  // effective: hierarchical controls applied, before PAN/WXN
    bool read_el0 = false, write_el0 = false, exec_el0 = false;
    bool read_el1 = true, write_el1 = false, exec_el1 = false;
    bool guarded = false;        // GP (FEAT_BTI)
    bool dirty_managed = false;  // DBM=1 with hardware dirty state: a write may set dirty
    bool operator==(const Permissions&) const = default;
};

struct Origin {
    u8 depth = 0;                     // descriptors the walk read or took from the walk cache, root first
    std::array<u64, 4> desc_pa{};     // physical address of each
    std::array<u64, 4> desc_value{};  // raw value of each
    u64 filled_ps = 0;
    [[nodiscard]] bool leaf_is(u64 pa) const { return depth && desc_pa[depth - 1u] == pa; }
    [[nodiscard]] bool reads(u64 pa) const {
        for (unsigned i = 0; i < depth; ++i)
            if (desc_pa[i] == pa) return true;
        return false;
    }
};

struct alignas(64) TlbEntry {  // what look-ups read is in the first 64 bytes
    u64 va_base = 0;           // canonical VA of the span
    u64 va_mask = 0;           // span in bytes - 1; a power of two
    u64 pa_base = 0;           // output address of va_base; for walk-cache entries the next table
    u32 gen = 0;               // bumped whenever the entry stops being usable through a filter slot
    u32 index = 0;             // its place in its structure
    u16 asid = 0;
    bool valid = false;
    bool global = false;
    bool stale = false;  // a descriptor of its origin has changed since: never in a filter
    bool table = false;  // walk-cache entry (non-final level; always non-global, R_CHVGJ)
    u8 level = 3;        // of the descriptor the entry was made from
    bool contiguous = false;
    Granule granule = Granule::k4K;
    u8 upper_half = 0;  // 1: translated through TTBR1
    MemAttr attr;
    Permissions perms;  // for table entries: the hierarchical restriction so far
    Origin origin;

    [[nodiscard]] bool matches(u64 va, u16 current_asid) const {
        return valid && ((va ^ va_base) & ~va_mask) == 0 && (global || asid == current_asid);
    }
    [[nodiscard]] u64 translate(u64 va) const { return pa_base | (va & va_mask); }
};

}  // namespace bbmsim::mmu
