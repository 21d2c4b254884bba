// SPDX-License-Identifier: Apache-2.0
// The initial state: locations and values; those of translation tables are in parse_tables.cpp.
#include "models/litmus/parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace bbmsim::litmus {

namespace {

constexpr std::array<std::string_view, 4> kTypeWords = {"unsigned", "signed", "volatile", "_Atomic"};

}  // namespace

void Parser::count_item(Place place) {
    if (++items_ > kMaxItems) throw Wrong{place, fmt::format("more than {} items", kMaxItems)};
}

void Parser::init() {
    expect("{");
    while (!accept("}")) {
        if (accept(";")) continue;
        count_item(lexer_.peek().place);
        test_.init.push_back(init_item());
        const Token& behind_item = lexer_.peek();
        if (behind_item.text != ";" && behind_item.text != "}") expected(behind_item, "';' or '}' behind an item");
    }
}

// [TYPE [*]] LOCATION [= VALUE | = { VALUE, ... }]
Init Parser::init_item() {
    Init out;
    Token first = lexer_.next();
    out.place = first.place;
    while (first.kind == TokenKind::kName &&
           std::find(kTypeWords.begin(), kTypeWords.end(), first.text) != kTypeWords.end())
        first = lexer_.next();
    if (first.kind == TokenKind::kSymbol && first.text == "*") {  // *x = &y
        out.pointer = true;
        first = lexer_.next();
    } else if (first.kind == TokenKind::kName && !is_process(first)) {
        const Token& second = lexer_.peek();
        const bool names_location = second.text == "=" || second.text == ";" || second.text == "}" ||
                                    second.text == "(" || second.kind == TokenKind::kEnd;
        const bool array = second.text == "[" && [this] {  // "x[2]={..}" has a number there, "int [x]" a name
            Lexer ahead = lexer_;
            (void)ahead.next();
            return ahead.next().kind == TokenKind::kNumber;
        }();
        if (!names_location && !array) {
            out.type = first.text;
            out.pointer = accept("*");
            first = lexer_.next();
        }
    }
    out.where = location_of(first);
    auto* variable = std::get_if<Variable>(&out.where);
    if (variable && variable->element) {  // an array of so many
        out.array = true;
        const u64 count = *variable->element;
        variable->element.reset();
        if (count == 0 || count > 64) throw Wrong{out.place, fmt::format("an array of {}: 1 to 64 elements", count)};
        out.values.assign(count, Number{});
        if (!accept("=")) return out;
        expect("{");
        for (u64 i = 0; i < count; ++i) {
            if (i) expect(",");
            const Place place = lexer_.peek().place;
            out.values[i] = value();
            complete(out.where, out.values[i], place);
        }
        expect("}");
        return out;
    }
    if (!accept("=")) {
        out.values.emplace_back(Number{});
        return out;
    }
    const Place place = lexer_.peek().place;
    (void)accept("&");
    out.values.push_back(value());
    complete(out.where, out.values[0], place);
    return out;
}

u32 Parser::process_id(const Token& token) const {
    const Token digits{TokenKind::kNumber, token.text.substr(token.kind == TokenKind::kName ? 1 : 0), token.place};
    const u64 id = number_of(digits);
    if (id >= kMaxProcesses)
        throw Wrong{token.place, fmt::format("{}: processes are P0 to P{}", shown(token), kMaxProcesses - 1)};
    return static_cast<u32>(id);
}

std::string Parser::variable_in_parentheses() {
    expect("(");
    std::string out = name("a variable");
    expect(")");
    return out;
}

Location Parser::location() { return location_of(lexer_.next()); }

// 0:X1, P0:X1, x, x[2], [x], PTE(x), [PTE(x, level:2)], TTD(x), pte_x
Location Parser::location_of(const Token& first) {
    if (first.kind == TokenKind::kSymbol && first.text == "[") {
        const Token inner = lexer_.next();
        if (inner.kind != TokenKind::kName) expected(inner, "a variable or PTE(VARIABLE)");
        Location out = location_of(inner);
        expect("]");
        return out;
    }
    if (first.kind == TokenKind::kNumber || is_process(first)) {
        const u32 process = process_id(first);
        expect(":");
        const Token reg = lexer_.next();
        if (reg.kind != TokenKind::kName || !is_register(reg.text)) expected(reg, "a register, X0 to X30 or W0 to W30");
        return Register{process, upper(reg.text)};
    }
    if (first.kind != TokenKind::kName) expected(first, "a location: PROCESS:REGISTER, a variable, or PTE(VARIABLE)");
    if (first.text.size() > kMaxName)
        throw Wrong{first.place, fmt::format("a name of more than {} characters", kMaxName)};
    if (first.text == "PTE" || first.text == "TTD") return pte_in_parentheses();
    if (const auto x = behind(first.text, "pte_"); !x.empty()) return Pte{.name = std::string(x)};
    Variable out{std::string(first.text), {}};
    if (lexer_.peek().text == "[") {
        (void)lexer_.next();
        out.element = number("an index");
        expect("]");
    }
    return out;
}

Value Parser::value() {
    const Token& token = lexer_.peek();
    if (token.text == "(" && token.kind == TokenKind::kSymbol) {
        Lexer ahead = lexer_;
        (void)ahead.next();
        if (ahead.next().text == "parel1_t") {  // herd prints it in parentheses
            expect("(");
            Value out = par_value();
            expect(")");
            return out;
        }
        return pte_value();
    }
    if (token.kind == TokenKind::kNumber) {
        const Token first = lexer_.next();
        if (lexer_.peek().text != ":") return Number{number_of(first)};
        expect(":");
        return LabelAddress{process_id(first), name("a label")};
    }
    if (token.kind != TokenKind::kName)
        expected(token,
                 "a value: a number, a variable, PTE(VARIABLE), PA(VARIABLE) or a page-table entry (oa:PA(x), ...)");
    return value_of_name(lexer_.next());
}

Value Parser::value_of_name(const Token& first) {
    if (first.text == "parel1_t") {
        expect(":");
        expect("(");
        ParValue out;
        do {
            const std::string field = name("a field of PAR_EL1");
            expect(":");
            if (field == "oa") {
                const Token pa = lexer_.next();
                if (pa.text == "PA")
                    out.oa = variable_in_parentheses();
                else
                    expected(pa, "PA(VARIABLE)");
            } else {
                out.fields.emplace_back(field, number("a number"));
            }
            count_item(first.place);
        } while (accept(","));
        expect(")");
        return out;
    }
    if (first.text == "PTE" || first.text == "TTD") return pte_in_parentheses();
    if (first.text == "TTBR" && lexer_.peek().text == "(") return ttbr_value();
    if (first.text == "PA") return PhysicalAddress{variable_in_parentheses()};
    if (first.text == "label") {
        expect(":");
        const Token text = lexer_.next();
        const std::size_t colon = text.text.find(':');
        if (text.kind != TokenKind::kString || colon == std::string_view::npos) expected(text, "\"P0:LABEL\"");
        const Token process{TokenKind::kName, text.text.substr(0, colon), text.place};
        if (!is_process(process)) expected(text, "\"P0:LABEL\"");
        return LabelAddress{process_id(process), std::string(text.text.substr(colon + 1))};
    }
    if (first.text == "instr") throw Wrong{first.place, "instructions as values are not supported"};
    if (is_process(first) && lexer_.peek().text == ":") {
        expect(":");
        return LabelAddress{process_id(first), name("a label")};
    }
    if (first.text.size() > kMaxName)
        throw Wrong{first.place, fmt::format("a name of more than {} characters", kMaxName)};
    if (const auto x = behind(first.text, "pte_"); !x.empty()) return PteAddress{.name = std::string(x)};
    if (const auto x = behind(first.text, "phy_"); !x.empty()) return PhysicalAddress{std::string(x)};
    Address out{std::string(first.text), 0};
    if (accept("[")) {
        out.element = number("an index");
        if (out.element >= 64) throw Wrong{first.place, "an index above 63"};
        expect("]");
    }
    return out;
}

ParValue Parser::par_value() { return std::get<ParValue>(value_of_name(lexer_.next())); }

}  // namespace bbmsim::litmus
