// SPDX-License-Identifier: Apache-2.0
// The one table walk (D8.2, D8.3). What it reads, and what a level leaves behind, is told to a visitor: Mmu fills its
// walk cache and counts, inspect_walk() only records. Any memory contents end in a result or a fault.
#pragma once

#include "models/mmu/descriptor.hpp"
#include "models/mmu/regime.hpp"

namespace bbmsim::mmu {

// What the table descriptors passed so far forbid (APTable, XNTable, PXNTable; nothing with HPDn).
struct Restriction {
    bool no_el0 = false, read_only = false, uxn = false, pxn = false;
    bool operator==(const Restriction&) const = default;
};
// A walk-cache entry carries it as the permissions that a leaf below could have at most.
Permissions to_permissions(const Restriction& r);
Restriction to_restriction(const Permissions& p);

struct WalkCursor {  // where the next descriptor is read
    u64 table = 0;
    u8 level = 0;
    Restriction restriction;
};

struct WalkEnd {
    Fault fault;
    u64 desc_pa = 0;  // of the last descriptor read
    u64 value = 0;
    u8 level = 0;
    Restriction restriction;
};

// What a valid block or page descriptor says, with the restriction applied.
struct Leaf {
    u64 pa_base = 0;  // output address of the first byte of `span`
    u64 span = 0;     // bytes that one descriptor maps; the whole group if contiguous
    bool contiguous = false, global = false, access_flag = false;
    MemAttr attr;
    Permissions perms;
};
Leaf decode_leaf(const Regime& regime, const HalfRegime& half, const Restriction& restriction, u64 value,
                 unsigned level, u64 va);

// VA bits above the input size, E0PD: what is decided before any TLB is looked at.
inline bool in_range(const HalfRegime& h, u64 va, bool fetch) {
    return (va & h.range_mask[fetch]) == h.range_value[fetch];
}

// Visitor: u64 seen(u64 desc_pa, u64 value);                what the walker reads where memory holds value
//          void read(u64 desc_pa, u64 value, u8 level);
//          void table(const WalkCursor& next, u64 desc_pa, u64 value, u8 level);  a table descriptor was followed
template <class Visitor>
WalkEnd walk(const RamView& ram, const HalfRegime& half, bool nt_faults, u64 va, WalkCursor cursor, Visitor& visitor) {
    WalkEnd end;
    const Granule g = half.granule;
    for (;;) {
        const unsigned shift = level_shift(g, cursor.level);
        const unsigned width = cursor.level == half.start_level ? half.input_bits - shift : index_bits(g);
        const u64 index = (va >> shift) & ((u64{1} << width) - 1);
        end.desc_pa = cursor.table + 8 * index;
        end.level = cursor.level;
        end.restriction = cursor.restriction;
        if (!ram.contains(PhysAddr(end.desc_pa), 8)) {
            end.fault = {FaultType::kExternalOnWalk, cursor.level};
            return end;
        }
        end.value = visitor.seen(end.desc_pa, ram.read64(PhysAddr(end.desc_pa)));
        visitor.read(end.desc_pa, end.value, cursor.level);
        const Descriptor d{end.value};
        switch (d.kind(g, cursor.level)) {
            case DescriptorKind::kInvalid: end.fault = {FaultType::kTranslation, cursor.level}; return end;
            case DescriptorKind::kTable: {
                const u64 next = d.next_table(g);
                if (next >> half.output_bits) {
                    end.fault = {FaultType::kAddressSize, cursor.level};
                    return end;
                }
                if (!half.hpd) {
                    cursor.restriction.no_el0 |= d.no_el0_table();
                    cursor.restriction.read_only |= d.read_only_table();
                    cursor.restriction.uxn |= d.uxn_table();
                    cursor.restriction.pxn |= d.pxn_table();
                }
                cursor.table = next;
                ++cursor.level;
                visitor.table(cursor, end.desc_pa, end.value, end.level);
                continue;
            }
            case DescriptorKind::kBlock:
                if (nt_faults && d.no_translation()) {  // R_MRRPW
                    end.fault = {FaultType::kTranslation, cursor.level};
                    return end;
                }
                [[fallthrough]];
            case DescriptorKind::kPage:
                if (d.output_address(g, cursor.level) >> half.output_bits)
                    end.fault = {FaultType::kAddressSize, cursor.level};
                return end;
        }
    }
}

// Where a walk from the base register begins, or why it can't.
inline Fault walk_start(const HalfRegime& half, WalkCursor& cursor) {
    if (half.disabled) return {FaultType::kTranslation, 0};
    if (half.base_fault) return {FaultType::kAddressSize, 0};
    cursor = {half.base, half.start_level, {}};
    return {};
}

enum class Allowed : u8 { kYes, kNo, kNeedsDirty };  // kNeedsDirty: a write to a clean page under DBM
Allowed check_permission(const Permissions& p, bool wxn, const Request& request);

}  // namespace bbmsim::mmu
