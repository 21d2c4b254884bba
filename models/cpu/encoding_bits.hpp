// SPDX-License-Identifier: Apache-2.0
// An encoding seen through a bit string of encodings.inc.
#pragma once

#include "models/mmu/types.hpp"

namespace bbmsim::cpu {

struct Bits {
    u32 raw;
    const char* bits;

    [[nodiscard]] unsigned width(char letter) const {
        unsigned n = 0;
        for (unsigned i = 0; i < 32; ++i) n += bits[i] == letter;
        return n;
    }
    [[nodiscard]] u32 get(char letter) const {
        u32 v = 0;
        for (unsigned i = 0; i < 32; ++i)
            if (bits[i] == letter) v = v << 1 | (raw >> (31 - i) & 1);
        return v;
    }
    [[nodiscard]] bool matches() const {
        for (unsigned i = 0; i < 32; ++i)
            if ((bits[i] == '0' || bits[i] == '1') && (raw >> (31 - i) & 1) != static_cast<u32>(bits[i] - '0'))
                return false;
        return true;
    }
    [[nodiscard]] bool is64() const { return width('z') == 2 ? get('z') == 3 : get('z') == 1; }
    [[nodiscard]] unsigned access_bytes() const {
        if (width('p') == 2) return 4u << get('p');
        if (width('q') && get('q')) return 16;
        return width('z') == 2 ? 1u << get('z') : 4u << get('z');
    }
    [[nodiscard]] unsigned register_bits() const { return is64() ? 64 : 32; }
};

}  // namespace bbmsim::cpu
