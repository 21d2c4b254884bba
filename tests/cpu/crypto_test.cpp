// SPDX-License-Identifier: Apache-2.0
// The cryptographic instructions put together to the algorithms, against the published examples: FIPS 197 appendix C,
// FIPS 180-4's "abc" (NIST example values), FIPS 202, SHA3-256 of the empty message.
#include "models/cpu/decode.hpp"
#include "models/cpu/pe.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace bbmsim::cpu {
namespace {

struct Crypto : testing::Test {
    FeatureConfig features;
    Pe pe;

    Crypto() {
        visit_fields(features, [](const char*, bool& f) { f = true; });
        pe.sys.cpacr = u64{3} << 20;
    }
    void execute(u32 raw) {
        Op op[2];
        ASSERT_TRUE(decode(raw, DecodeContext{features}, op[0]));
        EXPECT_EQ(op[0].fn(pe, op), op + 1);
    }
    // Destination, first source, second source.
    void three(u32 raw, u32 d, u32 n, u32 m) { execute(raw | m << 16 | n << 5 | d); }
    void two(u32 raw, u32 d, u32 n) { execute(raw | n << 5 | d); }
    template <class T>
    void words(u32 reg, const T* w) {
        Lanes<T> l;
        std::copy_n(w, l.kCount, l.e);
        pe.v[reg] = to_vreg(l);
    }
};

VReg bytes(const std::string& hex) {
    Lanes<u8> l{};
    for (unsigned i = 0; i < 16; ++i) l.e[i] = static_cast<u8>(std::stoul(hex.substr(2 * i, 2), nullptr, 16));
    return to_vreg(l);
}

// Round keys of a 128-bit key; SubWord is AESE of a word in all columns, where ShiftRows changes nothing.
struct Aes : Crypto {
    VReg keys[11];
    u32 sub_word(u32 w) {
        pe.v[0] = {u64{w} << 32 | w, u64{w} << 32 | w};
        pe.v[1] = {};
        two(0x4e284800, 0, 1);  // AESE
        return static_cast<u32>(pe.v[0].lo);
    }
    void expand(const VReg& key) {
        std::vector<u32> w(44);
        std::copy_n(lanes<u32>(key).e, 4, w.begin());
        u32 constant = 1;
        for (unsigned i = 4; i < 44; ++i) {
            u32 t = w[i - 1];
            if (i % 4 == 0) {
                t = std::rotr(sub_word(t), 8) ^ constant;
                constant = constant << 1 ^ (constant & 0x80 ? 0x11b : 0);
            }
            w[i] = w[i - 4] ^ t;
        }
        for (unsigned i = 0; i < 11; ++i) {
            words(0, &w[4 * i]);
            keys[i] = pe.v[0];
        }
    }
    void xor_into(u32 d, const VReg& v) { pe.v[d] = {pe.v[d].lo ^ v.lo, pe.v[d].hi ^ v.hi}; }
};

TEST_F(Aes, EncryptsAndDecryptsTheExampleOfFips197) {
    expand(bytes("000102030405060708090a0b0c0d0e0f"));
    EXPECT_EQ(keys[10], bytes("13111d7fe3944a17f307a78b4d2b30c5"));
    const VReg plain = bytes("00112233445566778899aabbccddeeff");
    pe.v[2] = plain;
    for (unsigned round = 0; round < 10; ++round) {
        pe.v[3] = keys[round];
        two(0x4e284800, 2, 3);                 // AESE
        if (round < 9) two(0x4e286800, 2, 2);  // AESMC
    }
    xor_into(2, keys[10]);
    EXPECT_EQ(pe.v[2], bytes("69c4e0d86a7b0430d8cdb78070b4c55a"));
    for (unsigned round = 10; round > 0; --round) {
        pe.v[3] = keys[round];
        if (round < 10) two(0x4e287800, 3, 3);  // AESIMC: the equivalent inverse cipher
        two(0x4e285800, 2, 3);                  // AESD
        if (round > 1) two(0x4e287800, 2, 2);
    }
    xor_into(2, keys[0]);
    EXPECT_EQ(pe.v[2], plain);
}

TEST_F(Crypto, PolynomialProductOfDoublewords) {
    // (x + 1)^2 = x^2 + 1; all ones times x + 1 leaves the ends; the upper halves by PMULL2.
    pe.v[1] = {3, ~u64{0}};
    pe.v[2] = {3, 3};
    three(0x0ee0e000, 0, 1, 2);
    EXPECT_EQ(pe.v[0], (VReg{5, 0}));
    three(0x4ee0e000, 0, 1, 2);
    EXPECT_EQ(pe.v[0], (VReg{1, 1}));
    pe.v[1] = {u64{1} << 63, 0};
    three(0x0ee0e000, 0, 1, 1);
    EXPECT_EQ(pe.v[0], (VReg{0, u64{1} << 62}));
}

TEST_F(Crypto, Sha1OfAbc) {
    u32 w[16] = {0x61626380};
    w[15] = 24;
    for (u32 i = 0; i < 4; ++i) words(4 + i, w + 4 * i);
    const u32 h[8] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    words(0, h);      // a..d
    words(1, h + 4);  // e
    constexpr u32 kConstant[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    constexpr u32 kRounds[4] = {0x5e000000, 0x5e001000, 0x5e002000, 0x5e001000};  // C, P, M, P
    for (u32 i = 0; i < 20; ++i) {
        Lanes<u32> sum = lanes<u32>(pe.v[4 + i % 4]);
        for (u32& e : sum.e) e += kConstant[i / 5];
        pe.v[2] = to_vreg(sum);
        two(0x5e280800, 3, 0);  // SHA1H: the next e
        three(kRounds[i / 5], 0, 1, 2);
        pe.v[1] = pe.v[3];
        three(0x5e003000, 4 + i % 4, 4 + (i + 1) % 4, 4 + (i + 2) % 4);  // SHA1SU0
        two(0x5e281800, 4 + i % 4, 4 + (i + 3) % 4);                     // SHA1SU1
    }
    const auto abcd = lanes<u32>(pe.v[0]);
    constexpr u32 kDigest[5] = {0xa9993e36, 0x4706816a, 0xba3e2571, 0x7850c26c, 0x9cd0d89d};
    for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(h[i] + abcd.e[i], kDigest[i]);
    EXPECT_EQ(h[4] + static_cast<u32>(pe.v[1].lo), kDigest[4]);
}

// The first n primes; FIPS 180-4 takes fractional parts of their roots as constants.
std::vector<unsigned> primes(unsigned n) {
    std::vector<unsigned> p;
    for (unsigned c = 2; p.size() < n; ++c)
        if (std::ranges::none_of(p, [c](unsigned d) { return c % d == 0; })) p.push_back(c);
    return p;
}
// floor(fraction of the cube root of p, times 2^64), by bisection on integers.
u64 cube_root_fraction(unsigned p) {
    using Wide = unsigned __int128;
    u64 whole = 1;
    while ((whole + 1) * (whole + 1) * (whole + 1) <= p) ++whole;
    u64 fraction = 0;
    for (int bit = 63; bit >= 0; --bit) {
        const u64 f = fraction | u64{1} << bit;
        // (whole + f/2^64)^3 <= p, exactly: x = whole * 2^64 + f has 67 bits, so in limbs of 32 bits.
        std::vector<u64> x{f & 0xffffffff, f >> 32, whole}, cube{1};
        for (int factor = 0; factor < 3; ++factor) {
            std::vector<u64> r(cube.size() + x.size());
            for (std::size_t i = 0; i < cube.size(); ++i) {
                u64 carry = 0;
                for (std::size_t j = 0; j < x.size() || carry; ++j) {
                    const Wide sum = Wide{r[i + j]} + carry + (j < x.size() ? Wide{cube[i]} * x[j] : 0);
                    r[i + j] = static_cast<u64>(sum & 0xffffffff);
                    carry = static_cast<u64>(sum >> 32);
                }
            }
            cube = r;
        }
        u64 integer = 0, rest = 0;
        for (std::size_t i = cube.size(); i-- > 0;) {
            if (i >= 6)
                integer = integer << 32 | cube[i];
            else
                rest |= cube[i];
        }
        if (integer < p || (integer == p && rest == 0)) fraction = f;
    }
    return fraction;
}

TEST_F(Crypto, Sha256OfAbc) {
    u32 w[16] = {0x61626380};
    w[15] = 24;
    for (u32 i = 0; i < 4; ++i) words(4 + i, w + 4 * i);
    const u32 h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    words(0, h);
    words(1, h + 4);
    const auto prime = primes(64);
    for (u32 i = 0; i < 16; ++i) {
        Lanes<u32> sum = lanes<u32>(pe.v[4 + i % 4]);
        for (u32 j = 0; j < 4; ++j) sum.e[j] += static_cast<u32>(cube_root_fraction(prime[4 * i + j]) >> 32);
        pe.v[2] = to_vreg(sum);
        pe.v[3] = pe.v[0];
        three(0x5e004000, 0, 1, 2);                                      // SHA256H
        three(0x5e005000, 1, 3, 2);                                      // SHA256H2
        two(0x5e282800, 4 + i % 4, 4 + (i + 1) % 4);                     // SHA256SU0
        three(0x5e006000, 4 + i % 4, 4 + (i + 2) % 4, 4 + (i + 3) % 4);  // SHA256SU1
    }
    constexpr u32 kDigest[8] = {0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223,
                                0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad};
    for (unsigned i = 0; i < 8; ++i) EXPECT_EQ(h[i] + lanes<u32>(pe.v[i / 4]).e[i % 4], kDigest[i]);
}

TEST_F(Crypto, Sha512OfAbc) {
    u64 w[16] = {0x6162638000000000};
    w[15] = 24;
    for (u32 i = 0; i < 8; ++i) words(8 + i, w + 2 * i);
    const u64 h[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                      0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
    u32 ab = 0, cd = 1, ef = 2, gh = 3, next = 4;
    for (u32 i = 0; i < 4; ++i) words(i, h + 2 * i);
    const auto prime = primes(80);
    const auto halves = [&](u32 low, u32 high) { return VReg{pe.v[low].hi, pe.v[high].lo}; };  // EXT #8
    for (u32 i = 0; i < 40; ++i) {
        const VReg word = pe.v[8 + i % 8];
        const VReg sum{word.lo + cube_root_fraction(prime[2 * i]), word.hi + cube_root_fraction(prime[2 * i + 1])};
        pe.v[5] = {sum.hi + pe.v[gh].lo, sum.lo + pe.v[gh].hi};
        pe.v[6] = halves(ef, gh);
        pe.v[7] = halves(cd, ef);
        three(0xce608000, 5, 6, 7);  // SHA512H
        pe.v[next] = {pe.v[cd].lo + pe.v[5].lo, pe.v[cd].hi + pe.v[5].hi};
        pe.v[gh] = pe.v[5];
        three(0xce608400, gh, cd, ab);  // SHA512H2: the new a, b
        const u32 new_ab = gh;
        gh = ef, ef = next, next = cd, cd = ab, ab = new_ab;
        two(0xcec08000, 8 + i % 8, 8 + (i + 1) % 8);  // SHA512SU0
        pe.v[7] = halves(8 + (i + 4) % 8, 8 + (i + 5) % 8);
        three(0xce608800, 8 + i % 8, 8 + (i + 7) % 8, 7);  // SHA512SU1
    }
    constexpr u64 kDigest[8] = {0xddaf35a193617aba, 0xcc417349ae204131, 0x12e6fa4e89a97ea2, 0x0a9eeee64b55d39a,
                                0x2192992a274fc1a8, 0x36ba3c23a3feebbd, 0x454d4423643ce80e, 0x2a9ac94fa54ca49f};
    const u32 order[4] = {ab, cd, ef, gh};
    for (unsigned i = 0; i < 8; ++i) EXPECT_EQ(h[i] + lanes<u64>(pe.v[order[i / 2]]).e[i % 2], kDigest[i]);
}

TEST_F(Crypto, Sha3OfNothing) {
    // Keccak-f[1600] with lane (x, y) in the low half of v[x + 5y]; v25..v31 are for the steps.
    pe.v[0].lo = 6;  // domain bits and the first of the padding, at once with the last at the end of the rate
    pe.v[16].lo = u64{1} << 63;
    u8 lfsr = 1;
    const auto eor3 = [&](u32 d, u32 n, u32 m, u32 a) { execute(0xce000000 | m << 16 | a << 10 | n << 5 | d); };
    for (unsigned round = 0; round < 24; ++round) {
        for (u32 x = 0; x < 5; ++x) {  // column parities
            eor3(25 + x, x, x + 5, x + 10);
            eor3(25 + x, 25 + x, x + 15, x + 20);
        }
        VReg theta[5];
        for (u32 x = 0; x < 5; ++x) {
            three(0xce608c00, 30, 25 + (x + 4) % 5, 25 + (x + 1) % 5);  // RAX1
            theta[x] = pe.v[30];
        }
        VReg rotated[25];
        rotated[0] = {pe.v[0].lo ^ theta[0].lo, 0};
        for (u32 t = 0, x = 1, y = 0; t < 24; ++t) {
            pe.v[30] = theta[x];
            const u32 left = (t + 1) * (t + 2) / 2 % 64;
            execute(0xce800000 | 30 << 16 | (64 - left) % 64 << 10 | (x + 5 * y) << 5 | 31);  // XAR
            const u32 to_x = y, to_y = (2 * x + 3 * y) % 5;
            rotated[to_x + 5 * to_y] = pe.v[31];
            x = to_x, y = to_y;
        }
        for (u32 y = 0; y < 5; ++y) {
            for (u32 x = 0; x < 5; ++x) pe.v[25 + x] = rotated[x + 5 * y];
            for (u32 x = 0; x < 5; ++x)  // BCAX
                execute(0xce200000 | (25 + (x + 2) % 5) << 16 | (25 + (x + 1) % 5) << 10 | (25 + x) << 5 | (x + 5 * y));
        }
        u64 constant = 0;
        for (unsigned j = 0; j < 7; ++j) {
            if (lfsr & 1) constant |= u64{1} << ((1u << j) - 1);
            lfsr = static_cast<u8>(lfsr << 1 ^ (lfsr & 0x80 ? 0x71 : 0));
        }
        pe.v[0].lo ^= constant;
    }
    EXPECT_EQ((VReg{pe.v[0].lo, pe.v[1].lo}), bytes("a7ffc6f8bf1ed76651c14756a061d662"));
    EXPECT_EQ((VReg{pe.v[2].lo, pe.v[3].lo}), bytes("f580ff4de43b49fa82d80a4b80f8434a"));
}

TEST_F(Crypto, DotProductsAccumulateByFours) {
    pe.v[0] = {u64{1} << 32 | 10, 7};
    pe.v[1] = {0x01010101ff010203, 0};
    pe.v[2] = {0x02020202ff010101, 0};
    three(0x0e809400, 0, 1, 2);  // SDOT V0.2S: 3+2+1+1, 4*2; the upper half is zeroed
    EXPECT_EQ(pe.v[0], (VReg{u64{9} << 32 | 17, 0}));
    pe.v[0] = {};
    three(0x2e809400, 0, 1, 2);  // UDOT
    EXPECT_EQ(pe.v[0].lo & 0xffffffff, 6u + 255 * 255);
    pe.v[0] = {};
    three(0x2fa0e000, 0, 1, 2);  // UDOT V0.2S, V1.8B, V2.4B[1]
    EXPECT_EQ(pe.v[0], (VReg{u64{8} << 32 | (2 * (3 + 2 + 1 + 255)), 0}));
}

TEST_F(Crypto, WithoutTheFeatureTheyAreUndefined) {
    struct Sample {
        bool FeatureConfig::*feature;
        u32 raw;
    };
    for (const Sample& s : {Sample{&FeatureConfig::aes, 0x4e284820},
                            {&FeatureConfig::aes, 0x4e287820},
                            {&FeatureConfig::pmull, 0x0ee2e020},
                            {&FeatureConfig::sha1, 0x5e020020},
                            {&FeatureConfig::sha256, 0x5e024020},
                            {&FeatureConfig::sha512, 0xce628020},
                            {&FeatureConfig::sha3, 0xce020c20},
                            {&FeatureConfig::rdm, 0x6e828420},
                            {&FeatureConfig::rdm, 0x7e828420},
                            {&FeatureConfig::dotprod, 0x4e829420}}) {
        FeatureConfig without = features;
        without.*s.feature = false;
        Op op;
        EXPECT_TRUE(decode(s.raw, DecodeContext{features}, op)) << std::hex << s.raw;
        EXPECT_FALSE(decode(s.raw, DecodeContext{without}, op)) << std::hex << s.raw;
    }
    Op op;
    FeatureConfig no_pmull = features;
    no_pmull.pmull = false;
    EXPECT_TRUE(decode(0x0e22e020, DecodeContext{no_pmull}, op));  // PMULL of bytes is base Advanced SIMD
}

}  // namespace
}  // namespace bbmsim::cpu
