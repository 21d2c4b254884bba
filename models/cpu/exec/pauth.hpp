// SPDX-License-Identifier: Apache-2.0
// Pointer authentication (FEAT_PAuth with QARMA5): the PAC of a pointer, its insertion, check and removal.
//
// Without FEAT_EPAC, FEAT_PAuth2 and FEAT_FPAC: a failed check leaves an error code in the pointer's upper bits, so
// that its use faults.
#pragma once

#include "models/cpu/pe.hpp"

#include <array>

namespace bbmsim::cpu {

enum class PacKey : u8 { kIa, kIb, kDa, kDb, kGa };

// ComputePAC() of the manual: QARMA-64, 5 rounds, S-box sigma 2.
u64 compute_pac(u64 data, u64 modifier, u64 key_high, u64 key_low);

// What compute_pac() gave before: functions sign and check the same return addresses over and over.
class PacMemo {
public:
    u64 compute(u64 data, u64 modifier, u64 key_high, u64 key_low) {
        Line& line = lines_[((data ^ modifier << 7 ^ modifier >> 9 ^ key_low) * 0x9e3779b97f4a7c15ULL) >> (64 - kBits)];
        if (line.data != data || line.modifier != modifier || line.key_high != key_high || line.key_low != key_low ||
            !line.valid)
            line = {data, modifier, key_high, key_low, compute_pac(data, modifier, key_high, key_low), true};
        return line.pac;
    }

private:
    static constexpr unsigned kBits = 13;
    struct Line {
        u64 data, modifier, key_high, key_low, pac;
        bool valid;
    };
    std::array<Line, 1u << kBits> lines_{};
};

// AddPAC(), Auth() and Strip() of the manual for the current context. `data`: the pointer is not a code pointer. Where
// SCTLR_EL1 disables the key the pointer comes back as it is.
u64 pac_add(const Pe& pe, u64 pointer, u64 modifier, PacKey key);
u64 pac_authenticate(const Pe& pe, u64 pointer, u64 modifier, PacKey key);
u64 pac_strip(const Pe& pe, u64 pointer, bool data);

}  // namespace bbmsim::cpu
