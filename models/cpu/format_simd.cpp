// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/format_simd.hpp"

#include "models/cpu/exec/simd_immediate.hpp"

#include <fmt/format.h>

#include <bit>

namespace bbmsim::cpu {
namespace {

constexpr char kSizes[] = "bhsdq";

std::string arrangement(unsigned scale, unsigned bytes) { return fmt::format("{}{}", bytes >> scale, kSizes[scale]); }
std::string scalar(unsigned scale, u32 n) { return fmt::format("{}{}", kSizes[scale], n); }
unsigned vector_bytes_of(const Bits& b) { return b.width('Q') ? (b.get('Q') ? 16 : 8) : 16; }

// As objdump writes them: a range from three registers on, unless it wraps around.
std::string list(u32 first, unsigned count, const std::string& suffix) {
    const u32 last = (first + count - 1) % 32;
    if (count > 2 && last > first) return fmt::format("{{v{}.{}-v{}.{}}}", first, suffix, last, suffix);
    std::string out = "{";
    for (unsigned i = 0; i < count; ++i) out += fmt::format("{}v{}.{}", i ? ", " : "", (first + i) % 32, suffix);
    return out + "}";
}
std::string fp_immediate(u32 imm8) {
    return fmt::format("#{:.18e}", std::bit_cast<double>(expand_fp_immediate<11, 52>(imm8)));
}
unsigned fp_scale(u32 type) { return type == 3 ? 1 : type == 1 ? 3 : 2; }
// By indexed element, of the size given: halves have 16 registers and one more bit of index, doubles one less.
std::string indexed(const Bits& b, unsigned scale) {
    const u32 h = b.get('h'), l = b.get('l'), m = b.get('m'), r = b.get('r');
    const u32 index = scale == 1 ? h << 2 | l << 1 | m : scale == 2 ? h << 1 | l : h;
    return fmt::format("v{}.{}[{}]", scale == 1 ? r : m << 4 | r, kSizes[scale], index);
}

// Shift by immediate: the top bit of immh; copy: the lowest bit of imm5.
unsigned shift_scale(const Bits& b) { return static_cast<unsigned>(std::bit_width(b.get('i') >> 3 | 1)) - 1; }
unsigned element_scale(const Bits& b) { return static_cast<unsigned>(std::countr_zero(b.get('i') | 8)); }
std::string element(const Bits& b, char field, u32 index) {
    return fmt::format("v{}.{}[{}]", b.get(field), kSizes[element_scale(b)], index);
}

std::string vector_register(const Bits& b, char field, std::string_view as) {
    std::string suffix(as);
    if (as == "T") suffix = arrangement(b.get('z'), vector_bytes_of(b));
    if (as == "B") suffix = arrangement(0, vector_bytes_of(b));
    if (as == "S") suffix = arrangement(2, vector_bytes_of(b));
    if (as == "D") suffix = arrangement(3, vector_bytes_of(b));
    if (as == "L") suffix = arrangement(b.get('z') + 1, 16);
    if (as == "P") suffix = arrangement(b.get('z') + 1, vector_bytes_of(b));
    if (as == "I") suffix = arrangement(shift_scale(b), vector_bytes_of(b));
    if (as == "J") suffix = arrangement(shift_scale(b) + 1, 16);
    if (as == "W") suffix = arrangement(element_scale(b), vector_bytes_of(b));
    if (as == "F") suffix = arrangement(2 + b.get('y'), vector_bytes_of(b));
    if (as == "U") suffix = arrangement(2 + b.get('y'), 8u << b.get('y'));
    if (as == "C") suffix = arrangement(1 + b.get('y'), vector_bytes_of(b));
    if (as == "N") suffix = arrangement(2 + b.get('y'), 16);
    if (as == "R") suffix = arrangement(1, vector_bytes_of(b) / 2);
    if (as == "H") suffix = arrangement(1, vector_bytes_of(b));
    return fmt::format("v{}.{}", b.get(field), suffix);
}

unsigned multiple_registers(const Bits& b) {
    switch (b.get('o')) {
        case 0:
        case 2: return 4;
        case 4:
        case 6: return 3;
        case 7: return 1;
        default: return 2;
    }
}
bool interleaved(const Bits& b) { return b.get('o') == 0 || b.get('o') == 4 || b.get('o') == 8; }
unsigned structure(const Bits& b) { return (b.get('e') << 1 | b.get('R')) + 1; }
unsigned one_scale(const Bits& b) { return b.get('o') == 2 && b.get('z') == 1 ? 3 : b.get('o'); }
std::string post(const Bits& b, unsigned bytes) {
    return b.get('m') == 31 ? fmt::format("#{}", bytes) : fmt::format("x{}", b.get('m'));
}

std::string modified_immediate(const Bits& b) {
    const u32 cmode = b.raw >> 12 & 15, op = b.raw >> 29 & 1, d = b.get('d'), imm8 = b.get('a') << 5 | b.get('i');
    const std::string wide = arrangement(2, vector_bytes_of(b)), half = arrangement(1, vector_bytes_of(b));
    const auto shifted = [&](const std::string& as, unsigned amount) {
        return fmt::format("v{}.{}, #{:#x}", d, as, imm8) + (amount ? fmt::format(", lsl #{}", amount) : "");
    };
    if (cmode < 8) return shifted(wide, cmode / 2 * 8);
    if (cmode < 12) return shifted(half, cmode / 2 % 2 * 8);
    if (cmode < 14) return fmt::format("v{}.{}, #{:#x}, msl #{}", d, wide, imm8, cmode == 12 ? 8 : 16);
    if (cmode == 14 && !op) return fmt::format("v{}.{}, #{:#x}", d, arrangement(0, vector_bytes_of(b)), imm8);
    if (cmode == 14)
        return fmt::format("{}, #{:#x}", b.get('Q') ? fmt::format("v{}.2d", d) : scalar(3, d),
                           expand_simd_immediate(b.raw));
    return fmt::format("v{}.{}, {}", d, op ? "2d" : wide, fp_immediate(imm8));
}
const char* modified_mnemonic(const Bits& b) {
    const u32 cmode = b.raw >> 12 & 15, op = b.raw >> 29 & 1;
    if (cmode == 15) return "fmov";
    if (cmode < 12 && (cmode & 1)) return op ? "bic" : "orr";
    return op && cmode != 14 ? "mvni" : "movi";
}

std::optional<std::string> integer(const Bits& b, std::string_view t) {
    const unsigned scale = element_scale(b);
    if (t == "2") return b.get('Q') ? "2" : "";
    if (t == "esize") return fmt::format("#{}", 8u << b.get('z'));
    if (t == "shr") return fmt::format("#{}", (16u << shift_scale(b)) - b.get('i'));
    if (t == "shl") return fmt::format("#{}", b.get('i') - (8u << shift_scale(b)));
    if (t == "elem") return element(b, 'n', b.get('i') >> (scale + 1));
    if (t == "elemd") return element(b, 'd', b.get('i') >> (scale + 1));
    if (t == "elemj") return element(b, 'n', b.get('j') >> scale);
    if (t == "umov") return scale >= 2 ? "mov" : "umov";
    if (t == "Kn|W") {
        const u32 n = b.get('n');
        const char x = scale == 3 ? 'x' : 'w';
        return n == 31 ? fmt::format("{}zr", x) : fmt::format("{}{}", x, n);
    }
    if (t == "melem") return indexed(b, b.get('z'));
    if (t == "felem") return indexed(b, b.width('y') ? 2 + b.get('y') : 1);
    if (t == "complex")  // a pair of elements
        return fmt::format("v{}.{}[{}]", b.get('m'), kSizes[b.get('z')],
                           b.get('z') == 1 ? b.get('h') << 1 | b.get('l') : b.get('h'));
    if (t == "turn") return fmt::format("#{}", 90 * (b.width('r') == 1 ? 2 * b.get('r') + 1 : b.get('r')));
    if (t == "fbits") return fmt::format("#{}", 64 - b.get('k'));
    if (t == "vfpimm") return fp_immediate(b.get('a') << 5 | b.get('i'));
    if (t == "dotelem") return fmt::format("v{}.4b[{}]", b.get('m'), b.get('h') << 1 | b.get('l'));
    if (t == "fpimm") return fp_immediate(b.get('i'));
    if (t == "topn") return fmt::format("v{}.d[1]", b.get('n'));
    if (t == "topd") return fmt::format("v{}.d[1]", b.get('d'));
    if (t == "table") return list(b.get('n'), b.get('l') + 1, "16b");
    if (t == "modimm") return modified_mnemonic(b);
    if (t == "modops") return modified_immediate(b);
    return std::nullopt;
}

std::optional<std::string> structures(const Bits& b, std::string_view t) {
    const u32 first = b.get('t');
    if (t == "multi") return fmt::format("{}", interleaved(b) ? multiple_registers(b) : 1);
    if (t == "multilist") return list(first, multiple_registers(b), arrangement(b.get('z'), vector_bytes_of(b)));
    if (t == "multipost") return post(b, multiple_registers(b) * vector_bytes_of(b));
    if (t == "selem") return fmt::format("{}", structure(b));
    if (t == "onepost") return post(b, structure(b) << one_scale(b));
    if (t == "reppost") return post(b, structure(b) << b.get('z'));
    if (t == "replist") return list(first, structure(b), arrangement(b.get('z'), vector_bytes_of(b)));
    if (t == "onelist") {
        const unsigned index = (b.get('Q') << 3 | b.get('S') << 2 | b.get('z')) >> one_scale(b);
        return list(first, structure(b), std::string(1, kSizes[one_scale(b)])) + fmt::format("[{}]", index);
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> simd_token(const Bits& b, std::string_view t) {
    if (t.size() >= 4 && t[0] == 'V' && t[2] == '.') return vector_register(b, t[1], t.substr(3));
    if (t.size() == 2) {
        const u32 n = b.get(t[1]);
        switch (t[0]) {
            case 'B': return scalar(0, n);
            case 'H': return scalar(1, n);
            case 'S': return scalar(2, n);
            case 'D': return scalar(3, n);
            case 'Q': return scalar(4, n);
            case 'Y': return scalar(b.get('q') ? 4 : b.get('z'), n);
            case 'P': return scalar(2 + b.get('p'), n);
            case 'E': return scalar(b.get('z'), n);
            case 'G': return scalar(b.get('z') + 1, n);
            case 'I': return scalar(shift_scale(b), n);
            case 'J': return scalar(shift_scale(b) + 1, n);
            case 'K': return scalar(element_scale(b), n);
            case 'F': return scalar(fp_scale(b.get('y')), n);
            default: return std::nullopt;
        }
    }
    if (t == "ldst") return b.get('L') ? "ld" : "st";
    if (auto text = structures(b, t)) return text;
    return integer(b, t);
}

}  // namespace bbmsim::cpu
