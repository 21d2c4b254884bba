// SPDX-License-Identifier: Apache-2.0
// The EL1&0 stage 1 regime, decoded once per context: TCR_EL1, TTBRn_EL1, MAIR_EL1 and SCTLR_EL1 as the walker and
// the permission check use them (D8.2). SH/IRGN/ORGN of walks cost nothing here and are not kept.
//
// Choices where the architecture leaves one: a TxSZ outside 16..39 gives a level 0 Translation fault (FEAT_TTST is not
// modelled); a reserved or unimplemented granule is the smallest implemented one; a reserved MAIR attribute with a
// zero inner nibble takes the outer nibble for both; SH=0b01 is Non-shareable.
#pragma once

#include "models/mmu/mmu.hpp"

#include <array>

namespace bbmsim::mmu {

struct HalfRegime {  // one of TTBR0, TTBR1
    Granule granule = Granule::k4K;
    u8 input_bits = 48;
    u8 start_level = 0;
    u8 output_bits = 48;    // IPS clamped by the PE's PA size
    bool disabled = false;  // EPDn
    bool hpd = false;
    bool e0pd = false;
    bool base_fault = false;  // TTBR base beyond the output size
    u64 base = 0;
    // A VA is in range if (va & mask) == value; by [fetch], since TBID lets TBI apply to data only.
    u64 range_mask[2] = {};
    u64 range_value[2] = {};
    bool tbi[2] = {};
};

struct Regime {
    bool on = false, wxn = false;
    bool access_flag_by_hw = false, dirty_by_hw = false;
    u16 asid = 0;
    u8 pa_bits = 48;
    std::array<HalfRegime, 2> half;
    std::array<MemAttr, 8> attr;
};

Regime decode_regime(const Context& context, const MmuConfig& config);
MemAttr decode_mair(u8 attr);                                 // one MAIR byte; shareability as for Non-cacheable
MemAttr with_shareability(MemAttr attr, Shareability share);  // effective: Device and Non-cacheable are Outer
u8 encode_mair(const MemAttr& attr);                          // for PAR_EL1.ATTR

// The address with its tag replaced by copies of bit 55, if the half ignores the top byte.
inline u64 canonical(u64 va, bool tbi) { return tbi ? static_cast<u64>(static_cast<i64>(va << 8) >> 8) : va; }

}  // namespace bbmsim::mmu
