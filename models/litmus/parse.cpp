// SPDX-License-Identifier: Apache-2.0
#include "models/litmus/parse.hpp"

#include "models/litmus/parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace bbmsim::litmus {

std::string ParseError::to_string() const {
    return fmt::format("{}:{}:{}: {}", name, place.line, place.column, message);
}

std::variant<Test, ParseError> parse(std::string_view text, std::string_view name) {
    if (text.size() > kMaxText)
        return ParseError{std::string(name), {1, 1}, fmt::format("longer than {} bytes", kMaxText)};
    try {
        return Parser(text).all();
    } catch (const Wrong& wrong) {
        return ParseError{std::string(name), wrong.place, wrong.message};
    }
}

Test Parser::all() {
    header();
    metadata();
    init();
    code();
    condition();
    check();
    return std::move(test_);
}

// AArch64 NAME "what it is about"
void Parser::header() {
    const Token arch = lexer_.next();
    if (arch.kind != TokenKind::kName || arch.text != "AArch64") expected(arch, "AArch64, and the test's name");
    lexer_.skip_line_blanks();
    const Place place = lexer_.place();
    while (!lexer_.rest().empty()) {
        const char c = lexer_.rest().front();
        if (!is_name(c) && std::string_view("/-+[]:").find(c) == std::string_view::npos && !(c >= '0' && c <= '9'))
            break;
        test_.name += lexer_.take();
    }
    if (test_.name.empty()) throw Wrong{place, "expected the test's name behind AArch64"};
    if (test_.name.size() > 2 * kMaxName)
        throw Wrong{place, fmt::format("a name of more than {} characters", 2 * kMaxName)};
    if (lexer_.look() == '"') test_.doc = lexer_.next().text;
}

// Lines of KEY=VALUE; whatever else stands before the initial state is for people.
void Parser::metadata() {
    while (!lexer_.at_end() && lexer_.look() != '{') {
        const Place place = lexer_.place();
        if (lexer_.look() == '"') {
            (void)lexer_.next();
            continue;
        }
        const std::string_view line = lexer_.line();
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        if (line.find('{') != std::string_view::npos) throw Wrong{place, "expected '{' on a line of its own"};
        const auto trimmed = [](std::string_view s) {
            while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
            while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
            return std::string(s);
        };
        test_.metadata.emplace_back(trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1)));
        if (test_.metadata.size() > kMaxItems) throw Wrong{place, "too many lines before the initial state"};
    }
    if (lexer_.at_end()) throw Wrong{lexer_.place(), "the file ends here: expected '{' and the initial state"};
}

void Parser::check_process(u32 id, Place place, std::string_view what) const {
    const auto& all = test_.processes;
    if (std::none_of(all.begin(), all.end(), [id](const Process& p) { return p.id == id; }))
        throw Wrong{place, fmt::format("{} of P{}, and the test has no such process", what, id)};
}

void Parser::check() {
    for (const Init& init : test_.init)
        if (const auto* reg = std::get_if<Register>(&init.where)) check_process(reg->process, init.place, "a register");
    check_labels();
}

// --- common

bool Parser::accept(std::string_view symbol) {
    const Token& token = lexer_.peek();
    if ((token.kind != TokenKind::kSymbol && token.kind != TokenKind::kName) || token.text != symbol) return false;
    (void)lexer_.next();
    return true;
}

Token Parser::expect(std::string_view symbol) {
    const Token token = lexer_.next();
    if (token.kind != TokenKind::kSymbol || token.text != symbol) expected(token, fmt::format("'{}'", symbol));
    return token;
}

void Parser::expected(const Token& got, std::string_view what) const {
    throw Wrong{got.place, fmt::format("{}: expected {}", shown(got), what)};
}

std::string Parser::name(std::string_view what) {
    const Token token = lexer_.next();
    if (token.kind != TokenKind::kName) expected(token, what);
    if (token.text.size() > kMaxName)
        throw Wrong{token.place, fmt::format("a name of more than {} characters", kMaxName)};
    return std::string(token.text);
}

u64 Parser::number(std::string_view what) {
    const Token token = lexer_.next();
    if (token.kind != TokenKind::kNumber) expected(token, what);
    return number_of(token);
}

u64 number_of(const Token& token) {
    std::string_view digits = token.text;
    const bool negative = digits.starts_with('-');
    if (negative) digits.remove_prefix(1);
    const bool hex = digits.starts_with("0x") || digits.starts_with("0X");
    if (hex) digits.remove_prefix(2);
    u64 out = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out, hex ? 16 : 10);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size())
        throw Wrong{token.place, fmt::format("{}: expected a number of at most 64 bits", shown(token))};
    return negative ? ~out + 1 : out;
}

bool is_process(const Token& token) {
    return token.kind == TokenKind::kName && token.text.size() > 1 && token.text[0] == 'P' &&
           std::all_of(token.text.begin() + 1, token.text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return out;
}

std::string_view behind(std::string_view text, std::string_view prefix) {
    return text.starts_with(prefix) && text.size() > prefix.size() ? text.substr(prefix.size()) : std::string_view();
}

bool is_register(std::string_view name) {
    if (name.size() < 2 || name.size() > 3) return false;
    const char kind = name[0];
    if (kind != 'X' && kind != 'x' && kind != 'W' && kind != 'w') return false;
    unsigned n = 0;
    const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), n);
    return error == std::errc() && end == name.data() + name.size() && n <= 30;
}

}  // namespace bbmsim::litmus
