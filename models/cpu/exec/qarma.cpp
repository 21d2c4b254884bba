// SPDX-License-Identifier: Apache-2.0
// QARMA-64 (R. Avanzi, "The QARMA Block Cipher Family", 2017) with 5 rounds and S-box sigma 2, as ComputePAC() of the
// manual uses it: the tweak is the modifier, the core key k0 the key's low half, the whitening key w0 its high half.
//
// The state is 16 cells of 4 bits, cell 0 uppermost. S-box and cell permutation work on table look-ups of bytes.
#include "models/cpu/exec/pauth.hpp"

#include <array>
#include <bit>

namespace bbmsim::cpu {
namespace {

using Cells = std::array<u8, 16>;
using ByteTables = std::array<std::array<u64, 256>, 8>;  // [byte number from the lowest][value]

constexpr Cells kSbox = {0xb, 0x6, 0x8, 0xf, 0xc, 0x0, 0x9, 0xe, 0x3, 0x7, 0x4, 0x5, 0xd, 0x2, 0x1, 0xa};
constexpr Cells kTau = {0, 11, 6, 13, 10, 1, 12, 7, 5, 14, 3, 8, 15, 4, 9, 2};
constexpr Cells kTweak = {6, 5, 14, 15, 0, 1, 2, 3, 7, 12, 13, 4, 8, 9, 10, 11};
constexpr u64 kAlpha = 0xc0ac29b7c97c50dd;
constexpr std::array<u64, 5> kRound = {0, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89,
                                       0x452821e638d01377};

constexpr Cells inverse(const Cells& permutation) {
    Cells r{};
    for (u8 i = 0; i < 16; ++i) r[permutation[i]] = i;
    return r;
}
constexpr u64 cell(u64 state, unsigned n) { return state >> (60 - 4 * n) & 0xf; }
constexpr u64 permute(u64 state, const Cells& permutation) {
    u64 r = 0;
    for (unsigned i = 0; i < 16; ++i) r |= cell(state, permutation[i]) << (60 - 4 * i);
    return r;
}
// Any map that is linear over xor and, byte by byte, independent, as tables. `Map` of zero must be zero.
template <class Map>
constexpr ByteTables tables(Map map) {
    ByteTables t{};
    for (unsigned byte = 0; byte < 8; ++byte)
        for (unsigned v = 0; v < 256; ++v) t[byte][v] = map(u64{v} << (8 * byte));
    return t;
}
inline u64 apply(const ByteTables& t, u64 state) {
    u64 r = 0;
    for (unsigned byte = 0; byte < 8; ++byte) r |= t[byte][state >> (8 * byte) & 0xff];
    return r;
}

constexpr u64 rotate_cells_left(u64 state, unsigned n) {
    const u64 keep = (0xf >> n) * 0x1111111111111111ULL;
    return (state & keep) << n | (state & ~keep) >> (4 - n);
}
// The involutory matrix circ(0, rho, rho^2, rho) on the columns of four rows.
constexpr u64 mix_columns(u64 state) {
    return rotate_cells_left(std::rotl(state, 16) ^ std::rotl(state, 48), 1) ^
           rotate_cells_left(std::rotl(state, 32), 2);
}

// The LFSR on the cells 0, 1, 3, 4, 8, 11, 13 of the tweak: (b3 b2 b1 b0) -> (b0^b1 b3 b2 b1).
constexpr u64 kLfsrCells = 0xff0ff000f00f0f00;
constexpr u64 lfsr(u64 state) {
    constexpr u64 kOnes = 0x1111111111111111ULL;
    const u64 next = (state >> 1 & 7 * kOnes) | ((state ^ state >> 1) & kOnes) << 3;
    return (state & ~kLfsrCells) | (next & kLfsrCells);
}
constexpr u64 lfsr_inverse(u64 state) {
    constexpr u64 kOnes = 0x1111111111111111ULL;
    const u64 next = (state << 1 & 0xe * kOnes) | ((state ^ state >> 3) & kOnes);
    return (state & ~kLfsrCells) | (next & kLfsrCells);
}

constexpr ByteTables kShuffle = tables([](u64 s) { return permute(s, kTau); });
constexpr ByteTables kShuffleBack = tables([](u64 s) { return permute(s, inverse(kTau)); });
constexpr ByteTables kTweakForward = tables([](u64 s) { return permute(s, kTweak); });
constexpr ByteTables kTweakBack = tables([](u64 s) { return permute(s, inverse(kTweak)); });
constexpr Cells kSboxBack = inverse(kSbox);

constexpr std::array<u8, 256> pairs(const Cells& box) {
    std::array<u8, 256> r{};
    for (unsigned v = 0; v < 256; ++v) r[v] = static_cast<u8>(box[v >> 4] << 4 | box[v & 15]);
    return r;
}
constexpr auto kSboxPairs = pairs(kSbox), kSboxBackPairs = pairs(kSboxBack);
inline u64 substitute(u64 state, const std::array<u8, 256>& box) {
    u64 r = 0;
    for (unsigned byte = 0; byte < 8; ++byte) r |= u64{box[state >> (8 * byte) & 0xff]} << (8 * byte);
    return r;
}

inline u64 tweak_forward(u64 t) { return lfsr(apply(kTweakForward, t)); }
inline u64 tweak_back(u64 t) { return apply(kTweakBack, lfsr_inverse(t)); }

}  // namespace

u64 compute_pac(u64 data, u64 modifier, u64 key_high, u64 key_low) {
    const u64 w0 = key_high, w1 = std::rotr(key_high, 1) ^ (key_high >> 63), k0 = key_low;
    u64 state = data ^ w0, tweak = modifier;
    for (unsigned i = 0; i < 5; ++i) {
        state ^= k0 ^ tweak ^ kRound[i];
        if (i > 0) state = mix_columns(apply(kShuffle, state));
        state = substitute(state, kSboxPairs);
        tweak = tweak_forward(tweak);
    }
    state ^= w1 ^ tweak;
    state = substitute(mix_columns(apply(kShuffle, state)), kSboxPairs);
    state = apply(kShuffleBack, mix_columns(apply(kShuffle, state)) ^ k0);  // the reflector
    state = apply(kShuffleBack, mix_columns(substitute(state, kSboxBackPairs)));
    state ^= w0 ^ tweak;
    for (unsigned i = 0; i < 5; ++i) {
        state = substitute(state, kSboxBackPairs);
        if (i < 4) state = apply(kShuffleBack, mix_columns(state));
        tweak = tweak_back(tweak);
        state ^= k0 ^ tweak ^ kRound[4 - i] ^ kAlpha;
    }
    return state ^ w1;
}

}  // namespace bbmsim::cpu
