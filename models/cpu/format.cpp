// SPDX-License-Identifier: Apache-2.0
// The operand language of encodings.inc and aliases.inc. Tokens in braces; F is a letter of the bit string:
//   Xf Wf Rf      register of field f: 64-bit, 32-bit, by the width field z; `|SP`: 31 is SP; `+1`: the next one
//   #F s#F        field as unsigned or signed immediate; `*n` scaled by n, `*` by the access size; `?` left out if 0;
//                 a comma before it: with ", " in front and left out if 0
//   @F            branch target: pc + 4 * signed field
//   the rest      by name, see Text::named; SIMD&FP registers: format_simd.hpp
#include "models/cpu/bind.hpp"
#include "models/cpu/decode.hpp"
#include "models/cpu/disasm.hpp"
#include "models/cpu/encoding_bits.hpp"
#include "models/cpu/exec/bitmask.hpp"
#include "models/cpu/format_simd.hpp"
#include "models/mmu/tlbi.hpp"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <string_view>

namespace bbmsim::cpu {
namespace {

constexpr const char* kConditions[] = {"eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc",
                                       "hi", "ls", "ge", "lt", "gt", "le", "al", "nv"};
constexpr const char* kExtensions[] = {"uxtb", "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx"};
constexpr const char* kShifts[] = {"lsl", "lsr", "asr", "ror"};
constexpr const char* kBarriers[] = {"#0x0", "oshld", "oshst", "osh", "#0x4", "nshld", "nshst", "nsh",
                                     "#0x8", "ishld", "ishst", "ish", "#0xc", "ld",    "st",    "sy"};

std::string register_name(u32 n, bool x, bool sp) {
    if (n == 31) return sp ? (x ? "sp" : "wsp") : x ? "xzr" : "wzr";
    return fmt::format("{}{}", x ? 'x' : 'w', n);
}
std::string signed_hex(i64 v) {
    return v < 0 ? fmt::format("#-{:#x}", u64{0} - static_cast<u64>(v)) : fmt::format("#{:#x}", v);
}

const char* dc_name(u32 op1, u32 crm, u32 op2) {
    switch (op1 << 8 | crm << 4 | op2) {
        case 0x061: return "ivac";
        case 0x062: return "isw";
        case 0x0a2: return "csw";
        case 0x0e2: return "cisw";
        case 0x341: return "zva";
        case 0x3a1: return "cvac";
        case 0x3b1: return "cvau";
        case 0x3c1: return "cvap";
        case 0x3d1: return "cvadp";
        case 0x3e1: return "civac";
        default: return nullptr;
    }
}
std::optional<mmu::Tlbi> tlbi(u32 raw) {
    return mmu::decode_tlbi(0, static_cast<u8>(field(raw, 12, 4)), static_cast<u8>(field(raw, 8, 4)),
                            static_cast<u8>(field(raw, 5, 3)), 0);
}

class Text {
public:
    Text(Bits b, u64 pc) : b_(b), pc_(pc) {}

    std::string expand(std::string_view format) const {
        std::string out;
        while (!format.empty()) {
            const auto open = format.find('{');
            out += format.substr(0, open);
            if (open == std::string_view::npos) break;
            const auto close = format.find('}', open);
            out += token(format.substr(open + 1, close - open - 1));
            format.remove_prefix(close + 1);
        }
        return out;
    }

private:
    std::string token(std::string_view t) const {
        if (auto simd = simd_token(b_, t)) return *simd;
        if (t[0] == 'X' || t[0] == 'W' || t[0] == 'R') {
            u32 n = b_.get(t[1]);
            if (t.ends_with("+1")) ++n;
            return register_name(n, t[0] == 'X' || (t[0] == 'R' && b_.is64()), t.ends_with("|SP"));
        }
        if (t[0] == '#' || t.starts_with("s#") || t[0] == ',') return immediate(t);
        if (t[0] == '@') return fmt::format("{:#x}", pc_ + 4 * sign_extend(b_.get(t[1]), b_.width(t[1])));
        return named(t);
    }

    std::string immediate(std::string_view t) const {
        const bool comma = t[0] == ',';
        if (comma) t.remove_prefix(1);
        const bool is_signed = t[0] == 's';
        t.remove_prefix(is_signed ? 2 : 1);
        u64 v = b_.get(t[0]);
        if (is_signed) v = sign_extend(v, b_.width(t[0]));
        t.remove_prefix(1);
        const bool optional = comma || t == "?";
        if (t.starts_with('*')) {
            u64 scale = b_.access_bytes();
            if (t.size() > 1) std::from_chars(t.data() + 1, t.data() + t.size(), scale);
            v *= scale;
        }
        if (optional && v == 0) return {};
        return (comma ? ", " : "") + signed_hex(static_cast<i64>(v));
    }

    std::string named(std::string_view t) const {
        const u32 raw = b_.raw;
        const unsigned size = b_.register_bits();
        if (t == "adr") return fmt::format("{:#x}", pc_ + page_offset());
        if (t == "adrp") return fmt::format("{:#x}", (pc_ & ~u64{0xfff}) + (page_offset() << 12));
        if (t == "lsl12") return b_.get('k') ? ", lsl #12" : "";
        if (t == "lsl16") return b_.get('h') ? fmt::format(", lsl #{}", 16 * b_.get('h')) : "";
        if (t == "bitmask") return fmt::format("#{:#x}", bitmask().value_or(0));
        if (t == "wide") return fmt::format("#{:#x}", wide());
        if (t == "lsb") return fmt::format("#{}", (size - b_.get('r')) % size);
        if (t == "width") return fmt::format("#{}", b_.get('j') + 1);
        if (t == "span") return fmt::format("#{}", b_.get('j') + 1 - b_.get('r'));
        if (t == "shift") return shift();
        if (t == "extend") return extend();
        if (t == "index") return index();
        if (t == "cond") return kConditions[b_.get('c')];
        if (t == "!cond") return kConditions[b_.get('c') ^ 1];
        if (t == "tbit") return fmt::format("#{}", b_.get('z') << 5 | b_.get('b'));
        if (t == "sz") return b_.get('z') == 0 ? "b" : b_.get('z') == 1 ? "h" : "";
        if (t == "AL") return std::string(b_.get('A') ? "a" : "") + (b_.get('L') ? "l" : "");
        if (t == "clrex") return b_.get('i') == 15 ? "" : fmt::format("#{:#x}", b_.get('i'));
        if (t == "isb") return b_.get('i') == 15 ? "" : fmt::format("#{:#x}", b_.get('i'));
        if (t == "barrier") return kBarriers[b_.get('i')];
        if (t == "prfop") return prefetch();
        if (t == "sysxt") return b_.get('t') == 31 ? "" : fmt::format(", x{}", b_.get('t'));
        if (t == "sysop") return fmt::format("#{}, C{}, C{}, #{}", b_.get('e'), b_.get('f'), b_.get('g'), b_.get('h'));
        if (t == "sysreg")
            return fmt::format("s{}_{}_c{}_c{}_{}", 2 + b_.get('o'), b_.get('e'), b_.get('f'), b_.get('g'),
                               b_.get('h'));
        if (t == "dcop") return dc_name(b_.get('e'), b_.get('g'), b_.get('h'));
        if (t == "tlbi") {
            const auto op = tlbi(raw);
            const std::string name = op ? op->mnemonic() : std::string();
            return name + (b_.get('t') == 31 ? "" : fmt::format(", x{}", b_.get('t')));
        }
        return std::string(t);
    }

    [[nodiscard]] u64 page_offset() const { return sign_extend(b_.get('i') << 2 | b_.get('k'), 21); }
    [[nodiscard]] std::optional<u64> bitmask() const {
        return bitmask_immediate(b_.get('N'), b_.get('r'), b_.get('j'), b_.register_bits());
    }
    [[nodiscard]] u64 wide() const {
        const u64 v = u64{b_.get('i')} << (16 * b_.get('h'));
        const u64 result = b_.raw >> 30 & 1 ? v : ~v;  // MOVZ, MOVN
        return b_.is64() ? result : static_cast<u32>(result);
    }
    [[nodiscard]] std::string shift() const {
        if (b_.get('h') == 0 && b_.get('i') == 0) return {};
        return fmt::format(", {} #{}", kShifts[b_.get('h')], b_.get('i'));
    }
    // The index register is W unless the option is UXTX or SXTX; LSL stands for UXTX (UXTW) beside SP.
    [[nodiscard]] std::string extend() const {
        const u32 option = b_.get('o'), amount = b_.get('i');
        const bool with_sp = b_.get('n') == 31 || (b_.width('d') && b_.get('d') == 31 && !(b_.raw >> 29 & 1));
        const bool lsl = with_sp && option == (b_.is64() ? 3u : 2u);
        std::string out = register_name(b_.get('m'), b_.is64() && (option & 3) == 3, false);
        if (lsl) return amount ? out + fmt::format(", lsl #{}", amount) : out;
        out += fmt::format(", {}", kExtensions[option]);
        return amount ? out + fmt::format(" #{}", amount) : out;
    }
    [[nodiscard]] std::string index() const {
        const u32 option = b_.get('o'), s = b_.get('k');
        std::string out = register_name(b_.get('m'), option & 1, false);
        const u32 amount = b_.get('q') ? 4 : b_.raw >> 30;
        if (option == 3) return s ? out + fmt::format(", lsl #{}", amount) : out;
        out += fmt::format(", {}", kExtensions[option]);
        return s ? out + fmt::format(" #{}", amount) : out;
    }
    [[nodiscard]] std::string prefetch() const {
        const u32 t = b_.get('t');
        if (t >> 3 == 3 || (t >> 1 & 3) == 3) return fmt::format("#{:#04x}", t);
        static constexpr const char* kTypes[] = {"pld", "pli", "pst"};
        return fmt::format("{}l{}{}", kTypes[t >> 3], (t >> 1 & 3) + 1, t & 1 ? "strm" : "keep");
    }

    Bits b_;
    u64 pc_;
};

// Conditions of aliases.inc.
bool always(const Bits&) { return true; }
bool uses_sp(const Bits& b) { return b.get('d') == 31 || b.get('n') == 31; }
bool not_move_wide(const Bits& b) {  // MoveWidePreferred() of the manual, negated: no MOVZ or MOVN gives the value
    const bool x = b.is64();
    const auto imm = bitmask_immediate(b.get('N'), b.get('r'), b.get('j'), x ? 64 : 32);
    if (!imm) return false;
    if (b.get('d') == 31) return true;  // to SP: MOVZ cannot
    const u64 all = x ? ~u64{0} : 0xffffffff;
    for (unsigned shift = 0; shift < (x ? 64u : 32u); shift += 16) {
        const u64 outside = all & ~(u64{0xffff} << shift);
        if ((*imm & outside) == 0 || (~*imm & outside) == 0) return false;
    }
    return true;
}
bool width_ok(const Bits& b) { return b.is64() || b.get('h') < 2; }
bool movz_is_mov(const Bits& b) { return width_ok(b) && (b.get('i') != 0 || b.get('h') == 0); }
bool movn_is_mov(const Bits& b) { return movz_is_mov(b) && (b.is64() || b.get('i') != 0xffff); }
bool to_the_top(const Bits& b) { return b.get('j') == b.register_bits() - 1; }
bool from_the_bottom(const Bits& b) { return b.get('j') + 1 == b.get('r'); }
bool inserts(const Bits& b) { return b.get('j') < b.get('r'); }
bool same_sources(const Bits& b) { return b.get('n') == b.get('m'); }
bool conditional(const Bits& b) { return b.get('c') < 14; }
bool same_conditional_or_zero(const Bits& b) { return conditional(b) && same_sources(b); }
bool same_conditional(const Bits& b) { return same_conditional_or_zero(b) && b.get('n') != 31; }
bool no_shift(const Bits& b) { return b.get('i') >= 8 && std::popcount(b.get('i')) == 1; }  // immh:immb of SSHLL
bool dc_operation(const Bits& b) { return dc_name(b.get('e'), b.get('g'), b.get('h')) != nullptr; }
bool tlbi_operation(const Bits& b) { return tlbi(b.raw).has_value(); }

struct Alias {
    const char* mnemonic;
    const char* bits;
    const char* operands;
    bool (*condition)(const Bits&);
};
#define ALIAS(MNEMONIC, BITS, OPERANDS, CONDITION) static_assert(sizeof(BITS) == 33, "32 bits: " MNEMONIC " " BITS);
#include "models/cpu/aliases.inc"
#undef ALIAS
#define ALIAS(MNEMONIC, BITS, OPERANDS, CONDITION) Alias{MNEMONIC, BITS, OPERANDS, CONDITION},
constexpr Alias kAliases[] = {
#include "models/cpu/aliases.inc"
};
#undef ALIAS

std::string line(const Bits& b, u64 pc, const char* mnemonic, const char* operands) {
    const Text text(b, pc);
    std::string out = text.expand(mnemonic);
    const std::string rest = text.expand(operands);
    return rest.empty() ? out : out + " " + rest;
}

}  // namespace

std::string own_text(u32 raw, u64 pc, bool aliases) {
    const EncodingInfo* info = find_encoding(raw);
    if (!info || !allocated(raw)) return {};
    if (aliases)
        for (const Alias& a : kAliases) {
            const Bits b{raw, a.bits};
            if (b.matches() && a.condition(b)) return line(b, pc, a.mnemonic, a.operands);
        }
    return line(Bits{raw, info->bits}, pc, info->mnemonic, info->operands);
}

}  // namespace bbmsim::cpu
