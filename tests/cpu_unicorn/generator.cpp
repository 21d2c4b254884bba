// SPDX-License-Identifier: Apache-2.0
#include "tests/cpu_unicorn/generator.hpp"

#include "tests/cpu_unicorn/explained.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace bbmsim::difftest {
namespace {

constexpr u32 kWfi = 0xd503207f, kNop = 0xd503201f, kClrex = 0xd5033f5f;

// Generated as pairs by exclusive_pair().
bool exclusive(std::string_view n) {
    return n == "CLREX" || n.starts_with("LDXR") || n.starts_with("LDAXR") || n.starts_with("STXR") ||
           n.starts_with("STLXR") || n == "LDXP" || n == "LDAXP" || n == "STXP" || n == "STLXP";
}
bool needs_key(std::string_view n) {
    static constexpr std::string_view kNames[] = {"PACGA", "PAC_reg", "PAC_zero", "XPAC_reg", "PAC_hint", "XPACLRI"};
    return std::find(std::begin(kNames), std::end(kNames), n) != std::end(kNames);
}
// "fp,aes": names or features.
bool listed(std::string_view list, std::string_view word) {
    for (std::size_t at = 0; at <= list.size();) {
        const std::size_t end = std::min(list.find(',', at), list.size());
        if (list.substr(at, end - at) == word) return true;
        at = end + 1;
    }
    return false;
}
}  // namespace

Generator::Generator(u64 seed, bool pauth, std::string only) : rng_(seed), pauth_(pauth) {
    for (const cpu::EncodingInfo& info : cpu::encodings()) {
        const std::string_view name = info.name, operands = info.operands, bits = info.bits;
        if (!only.empty() && !listed(only, name) && !listed(only, info.feature_name)) continue;
        const Explained* why = explained(name, 0);
        if ((why && why->applies == &every) || exclusive(name) || needs_key(name) != pauth) continue;
        const bool memory = operands.find('[') != std::string_view::npos;
        const bool prefetch = name.starts_with("PRFM");
        Line line{&info, memory && !prefetch, false, operands.find("|SP") != std::string_view::npos, false, false,
                  false};
        line.writes_back = memory && (name.ends_with("_post") || name.ends_with("_pre"));
        line.branch = name == "B" || name == "BL" || name == "BR" || name == "BLR" || name == "RET" ||
                      name == "B_cond" || name.starts_with("CBZ") || name.starts_with("CBNZ") || name.starts_with("TB");
        line.aligned = bits.substr(2, 6) == "011001" || bits.substr(2, 6) == "001000" || info.feature_name[0] == 'l';
        lines_.push_back(line);
    }
}

u64 Generator::value() {  // numbers that make flags and carries happen
    static constexpr u64 kSpecial[] = {0,
                                       1,
                                       2,
                                       0x7f,
                                       0x80,
                                       0xff,
                                       0x8000,
                                       0xffff,
                                       0x7fffffff,
                                       0x80000000,
                                       0xffffffff,
                                       0x100000000,
                                       0x7fffffffffffffff,
                                       0x8000000000000000,
                                       0xffffffffffffffff};
    switch (random(5)) {
        case 0: return kSpecial[random(std::size(kSpecial))];
        case 1: return kSpecial[random(std::size(kSpecial))] + random(5) - 2;
        case 2: return random(256);
        default: return rng_();
    }
}

u64 Generator::number() {  // floating-point bit patterns where rounding, underflow, NaNs happen
    static constexpr u64 kDouble[] = {0,
                                      1,
                                      0x000fffffffffffff,
                                      0x0010000000000000,
                                      0x0010000000000001,
                                      0x3fe0000000000000,
                                      0x3ff0000000000000,
                                      0x3ff0000000000001,
                                      0x3fefffffffffffff,
                                      0x43e0000000000000,
                                      0x7fefffffffffffff,
                                      0x7ff0000000000000,
                                      0x7ff0000000000001,
                                      0x7ff8000000000123};
    static constexpr u64 kSingle[] = {0,          1,          0x007fffff, 0x00800000, 0x00800001,
                                      0x3f000000, 0x3f800000, 0x3f800001, 0x3f7fffff, 0x5f000000,
                                      0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00123};
    static constexpr u64 kHalf[] = {0,      1,      0x1ff,  0x3ff,  0x400,  0x401,  0x3800, 0x3c00, 0x3c01, 0x3bff,
                                    0x4248, 0x7800, 0x7bff, 0x7c00, 0x7c01, 0x7e12, 0x7fff, 0x5bff, 0x0801};
    const u64 sign = random(2);
    const auto half = [&] {
        const u64 v = random(3) == 0 ? kHalf[random(std::size(kHalf))] : random(2) ? 0x3000 + random(0x1800) : rng_();
        return (v & 0x7fff) | random(2) << 15;
    };
    switch (random(7)) {
        case 5: return half() | half() << 16 | half() << 32 | half() << 48;
        case 6: return (0x3ff - 24 + random(42)) << 52 | (random(4) ? rng_() >> 44 << 32 : rng_() >> 12) | sign << 63;
        case 0: return kDouble[random(std::size(kDouble))] | sign << 63;
        case 1: return kSingle[random(std::size(kSingle))] | sign << 31;
        case 2: return (0x3c0 + random(0x80)) << 52 | (rng_() >> 12) | sign << 63;
        case 3: return (0x60 + random(0x40)) << 23 | (rng_() >> 41) | sign << 31;
        default: return random(2) ? rng_() & 0x807fffffffffffff : rng_() & 0x80ffffff;  // small
    }
}

cpu::VReg Generator::vector() {  // elements of one size, or two numbers
    if (random(2)) return {number(), number()};
    const unsigned size = 8u << random(4);
    const auto half = [&] {
        u64 v = 0;
        for (unsigned at = 0; at < 64; at += size) v |= (value() & (~u64{0} >> (64 - size))) << at;
        return v;
    };
    return {half(), half()};
}

State Generator::registers() {
    State s;
    for (u64& x : s.x) x = value();
    const auto data = [&](u64 align) { return kData + (0x4000 + random(0x8000)) / align * align; };
    s.x[17] = rng_() << 32 | random(512);
    s.x[18] = rng_() << 32 | static_cast<u32>(-static_cast<i64>(random(512)));
    for (unsigned i = 20; i < 24; ++i) s.x[i] = data(random(2) ? 16 : 1);
    for (unsigned i = 24; i < 28; ++i) s.x[i] = data(16);
    s.sp = data(16);
    s.x[28] = random(512);
    s.x[29] = random(512);
    s.nzcv = static_cast<u32>(random(16)) << 28;
    for (cpu::VReg& v : s.v) v = vector();
    if (random(2))
        s.fpcr = static_cast<u32>(random(32)) << 22 | static_cast<u32>(random(2)) << 19;  // AHP, DN, FZ, RMode; FZ16
    return s;
}

u32 Generator::put(const cpu::EncodingInfo& info, u32 raw, char letter, u64 value) const {
    for (int i = 31; i >= 0; --i)
        if (info.bits[i] == letter) {
            const unsigned at = 31 - static_cast<unsigned>(i);
            raw = (raw & ~(u32{1} << at)) | static_cast<u32>(value & 1) << at;
            value >>= 1;
        }
    return raw;
}

u32 Generator::instruction(const Line& line, u64 pc, unsigned after, bool alone) {
    const cpu::EncodingInfo& info = *line.info;
    const std::string_view bits = info.bits, name = info.name, operands = info.operands;
    const auto has = [&](char c) { return bits.find(c) != std::string_view::npos; };
    u32 raw = (static_cast<u32>(rng_()) & ~info.mask) | info.value;
    if (random(4) == 0) raw = (static_cast<u32>(rng_()) & raw & ~info.mask) | info.value;  // sparse fields
    if (has('x')) raw = put(info, raw, 'x', 0x3ff);
    const auto any = [&] { return random(12) == 0 ? u64{31} : random(alone ? 32 : 17); };
    for (const char c : {'d', 't', 'u', 's'})
        if (has(c)) raw = put(info, raw, c, any());
    // SP is a base: only a single instruction may change it.
    const bool writes_sp = operands.starts_with("{Rd|SP}");
    if (writes_sp && !alone && ((raw >> 0) & 31) == 31) raw = put(info, raw, 'd', 3);
    if (name == "CASP") {
        raw = put(info, raw, 's', random(alone ? 16 : 8) * 2);
        raw = put(info, raw, 't', random(alone ? 16 : 8) * 2);
    }
    if (line.memory) {
        const u64 base = random(5);
        if (line.writes_back)
            raw = put(info, raw, 'n', base == 4 && alone ? 31 : 20 + base % 4);
        else
            raw = put(info, raw, 'n', base == 4 ? 31 : 24 + base);
        if (has('m') && operands.find("{index}") == std::string_view::npos) {
            raw = put(info, raw, 'm', random(3) == 0 ? 31 : 28 + random(2));
        } else if (has('m')) {
            const u32 option = raw >> 13 & 7;
            raw = put(info, raw, 'm', option == 2 ? 17 : option == 6 ? 18 : random(8) == 0 ? 31 : 28 + random(2));
        }
        if (line.aligned && has('i')) raw = put(info, raw, 'i', random(32) * 16);
        if (name.find("_uimm") != std::string_view::npos) raw = put(info, raw, 'i', random(1024));
    }
    if (name == "LDR_lit" || name == "LDR_v_lit" || name == "LDRSW_lit")
        raw = put(info, raw, 'i', (kData + random(kDataBytes / 8) * 4 - pc) / 4);
    if (line.branch && has('i')) raw = put(info, raw, 'i', 1 + random(after));
    if (name == "BR" || name == "BLR" || name == "RET") raw = put(info, raw, 'n', 19);
    return raw;
}

// LDXR, up to two register instructions, STXR; or a store without its load.
void Generator::exclusive_pair(std::vector<u32>& words) {
    const u32 n = random(5) == 4 ? 31 : 24 + static_cast<u32>(random(4)), order = static_cast<u32>(random(2)) << 15;
    const u32 t = static_cast<u32>(random(8)), u = 8 + static_cast<u32>(random(4)),
              s = 12 + static_cast<u32>(random(5));
    const bool pair = random(2);
    const u32 size = pair ? 2 + static_cast<u32>(random(2)) : static_cast<u32>(random(4));
    const u32 common = size << 30 | 0x08000000 | (pair ? u32{1} << 21 : 0) | order | n << 5 | t;
    words.push_back(kClrex);
    if (random(4)) words.push_back(common | u32{1} << 22 | u32{31} << 16 | (pair ? u : 31) << 10);
    for (u64 i = random(3); i; --i) words.push_back(0x91000400 | t << 5 | t);  // ADD Xt, Xt, #1
    if (random(6) == 0) words.push_back(kClrex);
    words.push_back(common | s << 16 | (pair ? u : 31) << 10);
}

// Signs a pointer, then branches to it or loads through it with authentication.
void Generator::signed_use(Sequence& q, unsigned& jumps, u32& canonical) {
    const u64 at = q.start.pc + 4 * q.words.size();
    const u32 b = static_cast<u32>(random(2)), m = static_cast<u32>(random(16)), zero = static_cast<u32>(random(2));
    // Unicorn 2.0.1 authenticates LDRAA with SP instead of zero as the modifier: only where SP is zero.
    if (q.start.sp == 0) {  // PACDZA x24..x27; LDRAA; XPACD
        const u32 n = 24 + static_cast<u32>(random(4)), back = static_cast<u32>(random(2));
        const u32 offset = static_cast<u32>(random(1024)), t = static_cast<u32>(random(16));
        canonical &= ~(u32{1} << t);
        q.words.push_back(0xdac12be0 | b << 10 | n);
        q.words.push_back(0xf8200400 | b << 23 | (offset >> 9) << 22 | (offset & 0x1ff) << 12 | back << 11 | n << 5 |
                          t);
        q.words.push_back(0xdac147e0 | n);  // XPACD
        return;
    }
    if (jumps) return;
    ++jumps;
    const u64 target = at + 4 * (2 + random(3));
    if (random(3) == 0) {  // ADR x30, three or more ahead; PACIASP; RETAA
        canonical &= ~(u32{1} << 30);
        q.words.push_back(0x1000001e | static_cast<u32>(3 + random(3)) << 5);
        q.words.push_back(0xd503233f | b << 6);
        q.words.push_back(0xd65f0bff | b << 10);
        return;
    }
    q.start.x[19] = target;
    const u32 call = static_cast<u32>(random(2)) << 21;
    if (call) canonical |= u32{1} << 30;
    q.words.push_back(zero ? 0xdac123f3 | b << 10 : 0xdac10013 | b << 10 | m << 5);
    q.words.push_back((zero ? 0xd61f0a7f : 0xd71f0a60 | m) | call | b << 10);
}

// Unicorn 2.0.1 spoils the PAC of a non-canonical pointer in the wrong bit (the one above; QEMU 6 corrected it), so
// only canonical ones are signed. `canonical`: bit n for Xn; follows what the instruction does to it.
bool Generator::may_sign(u32 raw, u32& canonical) const {
    const std::string_view name = cpu::find_encoding(raw)->name, mnemonic = cpu::find_encoding(raw)->mnemonic;
    u32 reg = raw & 31;
    if (name == "PAC_hint" || name == "XPACLRI") reg = name == "XPACLRI" || (raw >> 8 & 15) == 3 ? 30 : 17;
    const u32 bit = u32{1} << reg;
    if (mnemonic.starts_with("pac") && name != "PACGA" && !(canonical & bit)) return false;
    canonical &= ~bit;  // XPAC too: it leaves the tag that TBI ignores
    return true;
}

Sequence Generator::sequence(u64 pc, unsigned length) {
    Sequence q;
    q.start = registers();
    q.start.pc = pc;
    q.pauth = pauth_;
    const bool alone = length == 1;
    unsigned jumps = 0;
    u32 canonical = ~u32{0} & ~(u32{1} << 18 | u32{1} << 19 | u32{1} << 30);
    if (pauth_)
        for (unsigned i = 0; i < 31; ++i)
            if (i < 17 || i > 27) q.start.x[i] = static_cast<u64>(static_cast<i64>(q.start.x[i] << 25) >> 25);
    if (pauth_ && random(2)) q.start.sp = 0;
    if (pauth_) q.start.x[17] = q.start.x[16] ^ 0x1230;
    while (q.words.size() < length) {
        if (!alone && !pauth_ && random(24) == 0) {
            exclusive_pair(q.words);
            continue;
        }
        if (!alone && pauth_ && length - q.words.size() > 2 && random(5) == 0) {
            signed_use(q, jumps, canonical);
            continue;
        }
        const Line& line = lines_[random(lines_.size())];
        const std::string_view name = line.info->name;
        const bool by_register = name == "BR" || name == "BLR" || name == "RET";
        if (by_register && (jumps || length - q.words.size() < 2)) continue;
        const u64 at = pc + 4 * q.words.size();
        const u32 raw =
            instruction(line, at, static_cast<unsigned>(std::min<u64>(4, length - q.words.size() + 3)), alone);
        if (cpu::find_encoding(raw) != line.info || !cpu::allocated(raw) || explained(name, raw)) continue;
        if (pauth_ && !may_sign(raw, canonical)) continue;
        if (by_register) {
            ++jumps;
            q.start.x[19] = at + 4 * (1 + random(3));
        }
        // FPToFixedJS(): a denormal that FZ flushed is not zero for Z; Unicorn takes it for one. cpu_tests has the
        // case.
        if (name == "FJCVTZS") q.start.fpcr &= ~(u32{1} << 24);
        q.words.push_back(raw);
    }
    for (unsigned i = 0; i < 4; ++i) q.words.push_back(kNop);
    q.words.push_back(kWfi);
    return q;
}

}  // namespace bbmsim::difftest
