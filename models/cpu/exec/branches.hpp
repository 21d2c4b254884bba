// SPDX-License-Identifier: Apache-2.0
// What all indirect branches do: the tag of the target, its alignment, PSTATE.BTYPE.
#pragma once

#include "models/cpu/chain.hpp"
#include "models/cpu/pe.hpp"

namespace bbmsim::cpu {

// BranchAddr() of the manual: a target whose tag is ignored (TBI, and not TBID) loses it.
inline u64 branch_address(const Pe& pe, u64 target) {
    if (((target + (u64{1} << 55)) >> 56) == 0) [[likely]]
        return target;  // bits 63:55 are equal
    const bool upper = target >> 55 & 1;
    const bool ignored = pe.sys.tcr >> (upper ? 38 : 37) & 1, data_only = pe.sys.tcr >> (upper ? 52 : 51) & 1;
    if (!ignored || data_only) return target;
    return static_cast<u64>(static_cast<i64>(target << 8) >> 8);
}

inline const Op* branch_indirect(Pe& pe, u64 target) {
    target = branch_address(pe, target);
    if (target & 3) [[unlikely]]
        return pc_alignment_fault(pe, target);
    return chain_indirect(pe, target);
}

// BTYPE after BR and BRAA: through X16, X17 or from an unguarded page it may land on BTI c too.
inline u8 btype_of_jump(const Pe& pe, unsigned rn) { return rn == 16 || rn == 17 || !pe.guarded_page ? 1 : 3; }
inline constexpr u8 kBtypeCall = 2;

}  // namespace bbmsim::cpu
