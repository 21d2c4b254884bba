// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/trace/trace.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

namespace bbmsim::mmu::trace {

namespace {

constexpr std::string_view kHeader = "bbmsim-trace 1";
constexpr u64 kMaxRam = u64{1} << 44;
constexpr std::size_t kMaxWords = 8;

struct Words {
    std::array<std::string_view, kMaxWords> word{};
    std::size_t count = 0;
    bool too_many = false;
};

Words split(std::string_view line) {
    Words w;
    std::size_t at = 0;
    while (true) {
        at = line.find_first_not_of(" \t\r", at);
        if (at == line.npos) return w;
        const std::size_t end = std::min(line.find_first_of(" \t\r", at), line.size());
        if (w.count == kMaxWords) {
            w.too_many = true;
            return w;
        }
        w.word[w.count++] = line.substr(at, end - at);
        at = end;
    }
}

std::optional<u64> number(std::string_view text) {
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        text.remove_prefix(2);
        base = 16;
    }
    u64 value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// "dsb" operands: domain and access types as in the assembler.
std::optional<Barrier> barrier(std::string_view name) {
    Barrier b{BarrierDomain::kFull, BarrierType::kAll};
    if (name == "sy") return b;
    if (name == "ld" || name == "st")
        return Barrier{b.domain, name == "ld" ? BarrierType::kLoads : BarrierType::kStores};
    if (name.starts_with("ish"))
        b.domain = BarrierDomain::kInner;
    else if (name.starts_with("nsh"))
        b.domain = BarrierDomain::kNon;
    else if (name.starts_with("osh"))
        b.domain = BarrierDomain::kOuter;
    else
        return std::nullopt;
    const std::string_view type = name.substr(3);
    if (type == "ld") b.type = BarrierType::kLoads;
    if (type == "st") b.type = BarrierType::kStores;
    if (!type.empty() && type != "ld" && type != "st") return std::nullopt;
    return b;
}

std::optional<ContextRegister> context_register(std::string_view name) {
    static constexpr std::array<std::string_view, 5> kNames{"ttbr0_el1", "ttbr1_el1", "tcr_el1", "mair_el1",
                                                            "sctlr_el1"};
    for (std::size_t i = 0; i < kNames.size(); ++i)
        if (kNames[i] == name) return static_cast<ContextRegister>(i);
    return std::nullopt;
}

// By its mnemonic, as Tlbi::mnemonic() writes it.
std::optional<Tlbi> tlbi_named(std::string_view name) {
    for (const TlbiKind kind :
         {TlbiKind::kVa, TlbiKind::kVal, TlbiKind::kVaa, TlbiKind::kVaal, TlbiKind::kAsid, TlbiKind::kVmall})
        for (const TlbiScope scope : {TlbiScope::kLocal, TlbiScope::kInner, TlbiScope::kOuter})
            for (const bool nxs : {false, true})
                for (const bool range : {false, true}) {
                    if (range && (kind == TlbiKind::kAsid || kind == TlbiKind::kVmall)) continue;
                    const Tlbi op{.kind = kind, .scope = scope, .nxs = nxs, .range = range};
                    if (op.mnemonic() == name) return op;
                }
    return std::nullopt;
}

class Parser {
public:
    std::variant<Trace, Error> run(std::string_view text) {
        while (!text.empty() && message_.empty()) {
            const std::size_t end = std::min(text.find('\n'), text.size());
            std::string_view line = text.substr(0, end);
            text.remove_prefix(std::min(end + 1, text.size()));
            ++line_;
            line = line.substr(0, line.find('#'));
            const Words w = split(line);
            if (w.too_many)
                fail(fmt::format("more than {} words; expected one event, as docs/manual/traces.md has them",
                                 kMaxWords));
            else if (w.count)
                one(line, w);
        }
        if (message_.empty() && !header_) fail(fmt::format("the first line must be \"{}\"", kHeader));
        if (!message_.empty()) return Error{line_ ? line_ : 1, std::move(message_)};
        return std::move(trace_);
    }

private:
    void fail(std::string message) { message_ = std::move(message); }
    static std::string quoted(std::string_view word) {
        std::string out;
        for (const char c : word.substr(0, 60)) out += c >= ' ' && c < 127 ? c : '?';
        return '"' + out + '"';
    }

    void one(std::string_view line, const Words& w) {
        if (!header_) {
            if (w.count != 2 || w.word[0] != "bbmsim-trace" || w.word[1] != "1")
                return fail(fmt::format("{}: the first line must be \"{}\"", quoted(line), kHeader));
            header_ = true;
        } else if (w.word[0] == "ram") {
            ram(w);
        } else if (w.word[0] == "pe") {
            pe(w);
        } else {
            event(w);
        }
    }

    void ram(const Words& w) {
        const auto base = w.count > 1 ? number(w.word[1]) : std::nullopt,
                   bytes = w.count > 2 ? number(w.word[2]) : std::nullopt;
        if (w.count != 3 || !base || !bytes) return fail("expected: ram BASE BYTES");
        if (*base % kPageBytes || *bytes % kPageBytes || !*bytes || *bytes > kMaxRam || *base > kMaxRam)
            return fail(fmt::format("ram {:#x} {:#x}: base and size must be multiples of 4 KiB, at most 16 TiB each",
                                    *base, *bytes));
        if (!trace_.events.empty()) return fail("ram must come before the first event");
        trace_.ram_base = *base;
        trace_.ram_bytes = *bytes;
    }

    void pe(const Words& w) {
        const auto id = w.count > 1 ? number(w.word[1]) : std::nullopt;
        if (!id || *id >= kMaxPes)
            return fail(fmt::format(
                "expected: pe ID [bbml=0..3] [conflict_free=0|1] [asid_bits=8|16], with ID below {}", kMaxPes));
        Pe p{.present = true};
        for (std::size_t i = 2; i < w.count; ++i) {
            const std::size_t eq = w.word[i].find('=');
            const auto value = eq == w.word[i].npos ? std::nullopt : number(w.word[i].substr(eq + 1));
            const std::string_view name = w.word[i].substr(0, eq);
            if (value && name == "bbml" && *value <= 3)
                p.bbml = static_cast<u32>(*value);
            else if (value && name == "conflict_free" && *value <= 1)
                p.conflict_free = *value;
            else if (value && name == "asid_bits" && (*value == 8 || *value == 16))
                p.asid_bits = static_cast<u32>(*value);
            else
                return fail(
                    fmt::format("{}: expected bbml=0..3, conflict_free=0|1 or asid_bits=8|16", quoted(w.word[i])));
        }
        if (p.bbml == 3) p.conflict_free = true;
        if (trace_.pes.size() <= *id) trace_.pes.resize(*id + 1);
        if (trace_.pes[*id].present) return fail(fmt::format("pe {} is declared twice", *id));
        trace_.pes[*id] = p;
    }

    void event(const Words& w) {
        Event e{.line = line_};
        if (w.word[0] != "-") {
            const auto id = number(w.word[0]);
            if (!id)
                return fail(fmt::format("{}: expected a PE's number, \"-\", \"pe\" or \"ram\"", quoted(w.word[0])));
            if (*id >= trace_.pes.size() || !trace_.pes[*id].present)
                return fail(fmt::format("pe {} is not declared", *id));
            e.pe = static_cast<PeId>(*id);
        }
        if (w.count < 2)
            return fail("expected: PE write|load|dsb|isb|exception|eret|dmb|acquire|tlbi|msr|read|fetch|off|on ...");
        if (e.pe == kNoPe && w.word[1] != "write")
            return fail(fmt::format("{}: only a PE does that; \"-\" can write", quoted(w.word[1])));
        if (!action(w, e)) {
            if (message_.empty())
                fail(
                    fmt::format("{}: expected write, load, dsb, isb, exception, eret, dmb, acquire, tlbi, msr, read, "
                                "fetch, off or on",
                                quoted(w.word[1])));
            return;
        }
        trace_.events.push_back(e);
    }

    bool doubleword(std::string_view what, u64 pa) {
        if (pa % 8 == 0 && pa >= trace_.ram_base && pa - trace_.ram_base <= trace_.ram_bytes - 8) return true;
        fail(fmt::format("{} {:#x}: not an aligned doubleword of RAM [{:#x}, {:#x})",
                         what == "write" ? "write to" : "load from", pa, trace_.ram_base,
                         trace_.ram_base + trace_.ram_bytes));
        return false;
    }

    // False: an error, or an unknown word.
    bool action(const Words& w, Event& e) {
        const std::string_view what = w.word[1];
        const auto operand = [&](std::size_t i) { return w.count > i ? number(w.word[i]) : std::nullopt; };
        const auto expect = [&](bool good, std::string_view form) {
            if (!good) fail(fmt::format("expected: PE {}", form));
            return good;
        };
        if (what == "write") {
            const auto pa = operand(2), value = operand(3);
            Store s;
            bool good = pa && value && w.count <= 6;
            for (std::size_t i = 4; good && i < w.count; ++i) {
                const auto pc = w.word[i].starts_with("pc=") ? number(w.word[i].substr(3)) : std::nullopt;
                if (pc && !s.pc)
                    s.pc = *pc;
                else if (w.word[i] == "atomic" && s.kind == StoreKind::kPlain)
                    s.kind = StoreKind::kAtomic;
                else if (w.word[i] == "hardware" && s.kind == StoreKind::kPlain)
                    s.kind = StoreKind::kHardware;
                else
                    good = false;
            }
            if (!expect(good, "write PA VALUE [atomic|hardware] [pc=ADDRESS]")) return false;
            if (s.kind == StoreKind::kHardware && e.pe == kNoPe) {
                fail("\"hardware\": only a PE's walker does that");
                return false;
            }
            if (!doubleword(what, *pa)) return false;
            s.pa = *pa;
            s.value = *value;
            e.action = s;
        } else if (what == "load") {
            const auto pa = operand(2);
            if (!expect(pa && w.count == 3, "load PA") || !doubleword(what, *pa)) return false;
            e.action = Load{*pa};
        } else if (what == "dsb") {
            const auto b = w.count == 3 ? barrier(w.word[2]) : std::nullopt;
            if (!expect(b.has_value(), "dsb sy|ld|st|ish[ld|st]|nsh[ld|st]|osh[ld|st]")) return false;
            e.action = *b;
        } else if (what == "tlbi") {
            auto op = w.count > 2 ? tlbi_named(w.word[2]) : std::nullopt;
            const bool plain = op && op->kind == TlbiKind::kVmall;
            const auto value = operand(3);
            if (!expect(op && w.count == (plain ? 3 : 4) && (plain || value),
                        "tlbi FORM [OPERAND], such as vmalle1is, vaae1is 0x80000"))
                return false;
            op->operand = value.value_or(0);
            e.action = *op;
        } else if (what == "msr") {
            const auto which = w.count > 2 ? context_register(w.word[2]) : std::nullopt;
            const auto value = operand(3);
            if (!expect(which && value && w.count == 4, "msr ttbr0_el1|ttbr1_el1|tcr_el1|mair_el1|sctlr_el1 VALUE"))
                return false;
            e.action = Register{*which, *value};
        } else if (what == "read" || what == "fetch") {
            const auto va = operand(2);
            if (!expect(va && w.count == 3, "read|fetch VA")) return false;
            e.action = Touch{*va, what == "read" ? Access::kRead : Access::kFetch};
        } else {
            if (what == "isb" || what == "exception" || what == "eret")
                e.action = Synchronize{};
            else if (what == "dmb" || what == "acquire")
                e.action = Acquire{};
            else if (what == "off" || what == "on")
                e.action = Power{what == "on"};
            else
                return false;
            if (w.count != 2) return expect(false, what);
        }
        return true;
    }

    Trace trace_;
    std::string message_;
    u32 line_ = 0;
    bool header_ = false;
};

}  // namespace

std::variant<Trace, Error> parse(std::string_view text) { return Parser().run(text); }

}  // namespace bbmsim::mmu::trace
