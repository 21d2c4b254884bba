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
        const Key* key = &keys_[last_];
        if (key->high != key_high || key->low != key_low || key->id == 0) [[unlikely]]
            key = &find(key_high, key_low);
        Line& line = lines_[((data ^ modifier << 7 ^ modifier >> 9 ^ key_low) * 0x9e3779b97f4a7c15ULL) >> (64 - kBits)];
        if (line.data != data || line.modifier != modifier || line.key != key->id)
            line = {data, modifier, compute_pac(data, modifier, key_high, key_low), key->id};
        return line.pac;
    }

private:
    static constexpr unsigned kBits = 13;
    struct Key {
        u64 high = 0, low = 0;
        u64 id = 0;  // of no other key before; 0: none
    };
    struct alignas(32) Line {
        u64 data, modifier, pac;
        u64 key;
    };
    Key& find(u64 high, u64 low) {
        for (unsigned i = 0; i < keys_.size(); ++i)
            if (keys_[i].id && keys_[i].high == high && keys_[i].low == low) return keys_[last_ = i];
        last_ = static_cast<unsigned>(++ids_ % keys_.size());
        return keys_[last_] = {high, low, ids_};
    }
    std::array<Key, 8> keys_{};
    unsigned last_ = 0;
    u64 ids_ = 0;
    std::array<Line, 1u << kBits> lines_{};
};

// AddPAC(), Auth() and Strip() of the manual for the current context. `data`: the pointer is not a code pointer. Where
// SCTLR_EL1 disables the key the pointer comes back as it is.
u64 pac_add(const Pe& pe, u64 pointer, u64 modifier, PacKey key);
u64 pac_authenticate(const Pe& pe, u64 pointer, u64 modifier, PacKey key);
u64 pac_strip(const Pe& pe, u64 pointer, bool data);

}  // namespace bbmsim::cpu
