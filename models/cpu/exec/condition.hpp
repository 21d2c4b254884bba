// SPDX-License-Identifier: Apache-2.0
// Conditions on NZCV: ConditionHolds() of the manual.
#pragma once

#include "models/mmu/types.hpp"

#include <utility>

namespace bbmsim::cpu {

template <unsigned C>
constexpr bool holds(u32 nzcv) {
    const bool n = nzcv >> 31, z = nzcv >> 30 & 1, c = nzcv >> 29 & 1, v = nzcv >> 28 & 1;
    bool result = true;
    switch (C >> 1) {
        case 0: result = z; break;
        case 1: result = c; break;
        case 2: result = n; break;
        case 3: result = v; break;
        case 4: result = c && !z; break;
        case 5: result = n == v; break;
        case 6: result = n == v && !z; break;
        default: return true;  // AL and NV alike
    }
    return result != bool{C & 1};
}
inline bool condition_holds(unsigned cond, u32 nzcv) {
    // Bit n of entry c: condition c holds for NZCV value n.
    static constexpr auto kTable = [] {
        struct {
            u16 masks[16];
        } t{};
        const auto fill = [&]<unsigned C>() {
            for (u32 f = 0; f < 16; ++f) t.masks[C] = static_cast<u16>(t.masks[C] | u32{holds<C>(f << 28)} << f);
        };
        [&]<unsigned... C>(std::integer_sequence<unsigned, C...>) { (fill.template operator()<C>(), ...); }
        (std::make_integer_sequence<unsigned, 16>{});
        return t;
    }();
    return kTable.masks[cond] >> (nzcv >> 28) & 1;
}

}  // namespace bbmsim::cpu
