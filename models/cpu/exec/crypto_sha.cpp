// SPDX-License-Identifier: Apache-2.0
// SHA1*, SHA256*, SHA512* of FIPS 180-4, and the three- and four-register operations that SHA-3 (FIPS 202) uses.
#include "models/cpu/exec/fp_simd.hpp"

#include <utility>

namespace bbmsim::cpu {
namespace {

template <class T>
constexpr T choose(T x, T y, T z) {
    return ((y ^ z) & x) ^ z;
}
template <class T>
constexpr T parity(T x, T y, T z) {
    return x ^ y ^ z;
}
template <class T>
constexpr T majority(T x, T y, T z) {
    return (x & y) | ((x | y) & z);
}

// --- SHA-1: four rounds; d is a, b, c, d from element 0 up, n is e.
template <u32 (*F)(u32, u32, u32)>
struct Sha1Rounds {
    static void run(Pe& pe, const Op* op) {
        auto x = lanes<u32>(pe.v[op->rd]);
        const auto w = lanes<u32>(pe.v[op->rm]);
        u32 y = lanes<u32>(pe.v[op->rn]).e[0];
        for (const u32 word : w.e) {
            y += std::rotl(x.e[0], 5) + F(x.e[1], x.e[2], x.e[3]) + word;
            x.e[1] = std::rotl(x.e[1], 30);
            const u32 next = x.e[3];
            x = {{y, x.e[0], x.e[1], x.e[2]}};
            y = next;
        }
        pe.v[op->rd] = to_vreg(x);
    }
};
struct Sha1FixedRotate {
    static void run(Pe& pe, const Op* op) { pe.v[op->rd] = {std::rotl(static_cast<u32>(pe.v[op->rn].lo), 30), 0}; }
};
struct Sha1Schedule0 {
    static void run(Pe& pe, const Op* op) {
        VReg& d = pe.v[op->rd];
        const VReg n = pe.v[op->rn], m = pe.v[op->rm];
        d = {d.lo ^ d.hi ^ m.lo, d.hi ^ n.lo ^ m.hi};
    }
};
struct Sha1Schedule1 {
    static void run(Pe& pe, const Op* op) {
        auto d = lanes<u32>(pe.v[op->rd]);
        const auto n = lanes<u32>(pe.v[op->rn]);
        for (unsigned i = 0; i < 4; ++i) d.e[i] = std::rotl(d.e[i] ^ (i < 3 ? n.e[i + 1] : 0), 1);
        d.e[3] ^= std::rotl(d.e[0], 1);
        pe.v[op->rd] = to_vreg(d);
    }
};

// --- SHA-256: four rounds. x is a..d, y is e..h.
constexpr u32 sum0(u32 x) { return std::rotr(x, 2) ^ std::rotr(x, 13) ^ std::rotr(x, 22); }
constexpr u32 sum1(u32 x) { return std::rotr(x, 6) ^ std::rotr(x, 11) ^ std::rotr(x, 25); }
constexpr u32 sigma0(u32 x) { return std::rotr(x, 7) ^ std::rotr(x, 18) ^ x >> 3; }
constexpr u32 sigma1(u32 x) { return std::rotr(x, 17) ^ std::rotr(x, 19) ^ x >> 10; }

void rounds256(Lanes<u32>& x, Lanes<u32>& y, const Lanes<u32>& w) {
    for (const u32 word : w.e) {
        const u32 t = y.e[3] + sum1(y.e[0]) + choose(y.e[0], y.e[1], y.e[2]) + word;
        const u32 e = x.e[3] + t, a = t + sum0(x.e[0]) + majority(x.e[0], x.e[1], x.e[2]);
        y = {{e, y.e[0], y.e[1], y.e[2]}};
        x = {{a, x.e[0], x.e[1], x.e[2]}};
    }
}
template <bool kSecond>
struct Sha256Rounds {
    static void run(Pe& pe, const Op* op) {
        auto d = lanes<u32>(pe.v[op->rd]), n = lanes<u32>(pe.v[op->rn]);
        const auto w = lanes<u32>(pe.v[op->rm]);
        if constexpr (kSecond)
            rounds256(n, d, w);
        else
            rounds256(d, n, w);
        pe.v[op->rd] = to_vreg(d);
    }
};
struct Sha256Schedule0 {
    static void run(Pe& pe, const Op* op) {
        auto d = lanes<u32>(pe.v[op->rd]);
        const auto n = lanes<u32>(pe.v[op->rn]);
        for (unsigned i = 0; i < 4; ++i) d.e[i] += sigma0(i < 3 ? d.e[i + 1] : n.e[0]);
        pe.v[op->rd] = to_vreg(d);
    }
};
struct Sha256Schedule1 {
    static void run(Pe& pe, const Op* op) {
        auto d = lanes<u32>(pe.v[op->rd]);
        const auto n = lanes<u32>(pe.v[op->rn]), m = lanes<u32>(pe.v[op->rm]);
        for (unsigned i = 0; i < 4; ++i)
            d.e[i] += sigma1(i < 2 ? m.e[i + 2] : d.e[i - 2]) + (i < 3 ? n.e[i + 1] : m.e[0]);
        pe.v[op->rd] = to_vreg(d);
    }
};

// --- SHA-512: two rounds
constexpr u64 sum0(u64 x) { return std::rotr(x, 28) ^ std::rotr(x, 34) ^ std::rotr(x, 39); }
constexpr u64 sum1(u64 x) { return std::rotr(x, 14) ^ std::rotr(x, 18) ^ std::rotr(x, 41); }
constexpr u64 sigma0(u64 x) { return std::rotr(x, 1) ^ std::rotr(x, 8) ^ x >> 7; }
constexpr u64 sigma1(u64 x) { return std::rotr(x, 19) ^ std::rotr(x, 61) ^ x >> 6; }

struct Sha512Hash1 {
    static void run(Pe& pe, const Op* op) {
        VReg& d = pe.v[op->rd];
        const VReg x = pe.v[op->rn], y = pe.v[op->rm];
        const u64 hi = d.hi + sum1(y.hi) + choose(y.hi, x.lo, x.hi);
        const u64 t = hi + y.lo;
        d = {d.lo + sum1(t) + choose(t, y.hi, x.lo), hi};
    }
};
struct Sha512Hash2 {
    static void run(Pe& pe, const Op* op) {
        VReg& d = pe.v[op->rd];
        const VReg x = pe.v[op->rn], y = pe.v[op->rm];
        const u64 hi = d.hi + sum0(y.lo) + majority(x.lo, y.hi, y.lo);
        d = {d.lo + sum0(hi) + majority(hi, y.lo, y.hi), hi};
    }
};
struct Sha512Schedule0 {
    static void run(Pe& pe, const Op* op) {
        VReg& d = pe.v[op->rd];
        d = {d.lo + sigma0(d.hi), d.hi + sigma0(pe.v[op->rn].lo)};
    }
};
struct Sha512Schedule1 {
    static void run(Pe& pe, const Op* op) {
        VReg& d = pe.v[op->rd];
        const VReg n = pe.v[op->rn], m = pe.v[op->rm];
        d = {d.lo + sigma1(n.lo) + m.lo, d.hi + sigma1(n.hi) + m.hi};
    }
};

// --- FEAT_SHA3
#define BY_HALF(NAME, EXPRESSION)                                                                              \
    struct NAME {                                                                                              \
        static u64 f(u64 n, u64 m, [[maybe_unused]] u64 a, [[maybe_unused]] int amount) { return EXPRESSION; } \
        static void run(Pe& pe, const Op* op) {                                                                \
            const VReg n = pe.v[op->rn], m = pe.v[op->rm], a = pe.v[op->ra];                                   \
            const int amount = static_cast<int>(op->imm);                                                      \
            pe.v[op->rd] = {f(n.lo, m.lo, a.lo, amount), f(n.hi, m.hi, a.hi, amount)};                         \
        }                                                                                                      \
    };
BY_HALF(EorThree, n ^ m ^ a)
BY_HALF(BitClearXor, n ^ (m & ~a))
BY_HALF(RotateXor, n ^ std::rotl(m, 1))
BY_HALF(XorRotate, std::rotr(n ^ m, amount))

}  // namespace

#define SIMD(NAME, ...) \
    void bind_##NAME(Op& op, u32 raw, const DecodeContext&) { bind_simd<__VA_ARGS__>(op, raw); }
SIMD(SHA1C, Sha1Rounds<&choose<u32>>)
SIMD(SHA1P, Sha1Rounds<&parity<u32>>)
SIMD(SHA1M, Sha1Rounds<&majority<u32>>)
SIMD(SHA1H, Sha1FixedRotate)
SIMD(SHA1SU0, Sha1Schedule0)
SIMD(SHA1SU1, Sha1Schedule1)
SIMD(SHA256H, Sha256Rounds<false>)
SIMD(SHA256H2, Sha256Rounds<true>)
SIMD(SHA256SU0, Sha256Schedule0)
SIMD(SHA256SU1, Sha256Schedule1)
SIMD(SHA512H, Sha512Hash1)
SIMD(SHA512H2, Sha512Hash2)
SIMD(SHA512SU0, Sha512Schedule0)
SIMD(SHA512SU1, Sha512Schedule1)
SIMD(EOR3, EorThree)
SIMD(BCAX, BitClearXor)
SIMD(RAX1, RotateXor)
void bind_XAR(Op& op, u32 raw, const DecodeContext&) {
    bind_simd<XorRotate>(op, raw);
    op.imm = field(raw, 10, 6);
}

}  // namespace bbmsim::cpu
