// SPDX-License-Identifier: Apache-2.0
// AESE, AESD, AESMC, AESIMC: the steps of FIPS 197 (ShiftRows, SubBytes, MixColumns and their inverses), and PMULL of
// doublewords.
#include "models/cpu/exec/fp_simd.hpp"

#include <array>

namespace bbmsim::cpu {
namespace {

// GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.
constexpr u8 times2(u8 a) { return static_cast<u8>(a << 1 ^ (a & 0x80 ? 0x1b : 0)); }
constexpr u8 product(u8 a, u8 b) {
    u8 r = 0;
    for (; b; b >>= 1, a = times2(a))
        if (b & 1) r ^= a;
    return r;
}

struct Boxes {
    std::array<u8, 256> forward{}, inverse{};
    constexpr Boxes() {
        // p runs over all non-zero elements as powers of 3, q over their inverses.
        u8 p = 1, q = 1;
        do {
            p = static_cast<u8>(p ^ times2(p));
            q ^= static_cast<u8>(q << 1);
            q ^= static_cast<u8>(q << 2);
            q ^= static_cast<u8>(q << 4);
            if (q & 0x80) q ^= 0x09;
            put(p, static_cast<u8>(q ^ std::rotl(q, 1) ^ std::rotl(q, 2) ^ std::rotl(q, 3) ^ std::rotl(q, 4) ^ 0x63));
        } while (p != 1);
        put(0, 0x63);
    }
    constexpr void put(u8 from, u8 to) {
        forward[from] = to;
        inverse[to] = from;
    }
};
constexpr Boxes kBoxes;
static_assert(kBoxes.forward[0x53] == 0xed && kBoxes.inverse[0xed] == 0x53);  // FIPS 197, 4.2.1 and figure 7

template <bool kEncrypt>
struct Round {  // AddRoundKey, then ShiftRows and SubBytes, which commute
    static void run(Pe& pe, const Op* op) {
        VReg& d = pe.v[op->rd];
        const VReg& key = pe.v[op->rn];
        const auto in = lanes<u8>(VReg{d.lo ^ key.lo, d.hi ^ key.hi});
        const auto& box = kEncrypt ? kBoxes.forward : kBoxes.inverse;
        Lanes<u8> out{};
        for (unsigned i = 0; i < 16; ++i) out.e[i] = box[in.e[(kEncrypt ? 5 * i : 13 * i) & 15]];
        d = to_vreg(out);
    }
};

// A column by one row of the matrix, all four rows at once: byte i of entry[a] is a times the matrix's row i, column 0.
struct Columns {
    std::array<u32, 256> entry{};
    constexpr Columns(u8 c0, u8 c1, u8 c2, u8 c3) {
        for (unsigned a = 0; a < 256; ++a)
            entry[a] = u32{product(static_cast<u8>(a), c0)} | u32{product(static_cast<u8>(a), c1)} << 8 |
                       u32{product(static_cast<u8>(a), c2)} << 16 | u32{product(static_cast<u8>(a), c3)} << 24;
    }
};
constexpr Columns kMix{2, 1, 1, 3}, kUnmix{14, 9, 13, 11};

template <bool kEncrypt>
struct Mix {
    static void run(Pe& pe, const Op* op) {
        const auto in = lanes<u8>(pe.v[op->rn]);
        const auto& table = kEncrypt ? kMix.entry : kUnmix.entry;
        Lanes<u32> out{};
        for (unsigned column = 0; column < 4; ++column)
            for (unsigned row = 0; row < 4; ++row)
                out.e[column] ^= std::rotl(table[in.e[4 * column + row]], static_cast<int>(8 * row));
        pe.v[op->rd] = to_vreg(out);
    }
};

struct PolynomialDouble {
    static void run(Pe& pe, const Op* op) {
        const u64 n = op->aux2 ? pe.v[op->rn].hi : pe.v[op->rn].lo;
        u64 m = op->aux2 ? pe.v[op->rm].hi : pe.v[op->rm].lo;
        using Wide = unsigned __int128;
        Wide multiple[16] = {0, n};
        for (unsigned i = 2; i < 16; ++i) multiple[i] = i & 1 ? multiple[i - 1] ^ n : multiple[i / 2] << 1;
        Wide r = 0;
        for (unsigned i = 0; i < 16; ++i, m <<= 4) r = r << 4 ^ multiple[m >> 60];
        pe.v[op->rd] = {static_cast<u64>(r), static_cast<u64>(r >> 64)};
    }
};

}  // namespace

void bind_AESE(Op& op, u32 raw, const DecodeContext&) { bind_simd<Round<true>>(op, raw); }
void bind_AESD(Op& op, u32 raw, const DecodeContext&) { bind_simd<Round<false>>(op, raw); }
void bind_AESMC(Op& op, u32 raw, const DecodeContext&) { bind_simd<Mix<true>>(op, raw); }
void bind_AESIMC(Op& op, u32 raw, const DecodeContext&) { bind_simd<Mix<false>>(op, raw); }
void bind_PMULL_d(Op& op, u32 raw, const DecodeContext&) {
    bind_simd<PolynomialDouble>(op, raw);
    op.aux2 = bit(raw, 30);
}

}  // namespace bbmsim::cpu
