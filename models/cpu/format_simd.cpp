// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/format_simd.hpp"

#include <fmt/format.h>

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
unsigned fp_scale(u32 type) { return type == 3 ? 1 : type == 1 ? 3 : 2; }

std::string vector_register(const Bits& b, char field, std::string_view as) {
    std::string suffix(as);
    if (as == "T") suffix = arrangement(b.get('z'), vector_bytes_of(b));
    if (as == "B") suffix = arrangement(0, vector_bytes_of(b));
    if (as == "L") suffix = arrangement(b.get('z') + 1, 16);
    if (as == "P") suffix = arrangement(b.get('z') + 1, vector_bytes_of(b));
    if (as == "F") suffix = arrangement(2 + b.get('y'), vector_bytes_of(b));
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
            case 'F': return scalar(fp_scale(b.get('y')), n);
            default: return std::nullopt;
        }
    }
    if (t == "ldst") return b.get('L') ? "ld" : "st";
    return structures(b, t);
}

}  // namespace bbmsim::cpu
