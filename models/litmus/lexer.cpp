// SPDX-License-Identifier: Apache-2.0
#include "models/litmus/lexer.hpp"

#include <fmt/format.h>

#include <array>

namespace bbmsim::litmus {

namespace {

constexpr std::size_t kShown = 40;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name(char c) { return is_name_start(c) || is_digit(c) || c == '.' || c == '$'; }

std::string quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text.substr(0, kShown)) out += c >= ' ' && c <= '~' ? c : '?';
    return out + (text.size() > kShown ? "...'" : "'");
}

std::string shown(const Token& token) {
    return token.kind == TokenKind::kEnd ? "the end of the file" : quoted(token.text);
}

char Lexer::take() {
    const char c = text_[at_++];
    if (c == '\n') {
        ++line_;
        column_ = 1;
    } else {
        ++column_;
    }
    return c;
}

void Lexer::comment() {  // (* ... *), nested
    const Place begin = place();
    u32 depth = 0;
    do {
        if (rest().size() < 2) throw Wrong{begin, "this comment does not end: expected '*)'"};
        if (rest().starts_with("(*") || rest().starts_with("*)")) {
            depth += text_[at_] == '(' ? 1 : ~u32{0};
            take();
        }
        take();
    } while (depth);
}

void Lexer::skip_blanks() {
    while (at_ < text_.size()) {
        if (is_blank(text_[at_]))
            take();
        else if (rest().starts_with("(*"))
            comment();
        else
            return;
    }
}

void Lexer::skip_line_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_]) && text_[at_] != '\n') take();
}

bool Lexer::at_end() {
    skip_blanks();
    return at_ == text_.size();
}

char Lexer::look() { return at_end() ? '\0' : text_[at_]; }

std::string_view Lexer::line() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != '\n') take();
    std::string_view out = text_.substr(begin, at_ - begin);
    if (at_ < text_.size()) take();
    while (!out.empty() && is_blank(out.back())) out.remove_suffix(1);
    return out;
}

const Token& Lexer::peek() {
    const Lexer before = *this;
    Token token = lex();
    *this = before;
    token_ = token;
    return token_;
}

Token Lexer::next() { return lex(); }

Token Lexer::lex() {
    skip_blanks();
    Token out{TokenKind::kEnd, {}, place()};
    const std::size_t begin = at_;
    const auto finish = [&](TokenKind kind) {
        out.kind = kind;
        out.text = text_.substr(begin, at_ - begin);
        return out;
    };
    if (at_ == text_.size()) return out;
    const char c = take();
    const auto more = [&](auto&& wanted) {
        while (at_ < text_.size() && wanted(text_[at_])) take();
    };
    const bool negative = c == '-' && at_ < text_.size() && is_digit(text_[at_]);
    if (is_digit(c) || negative) {
        if (c == '0' && at_ < text_.size() && (text_[at_] == 'x' || text_[at_] == 'X')) {
            take();
            more(is_hex);
        } else {
            more(is_digit);
        }
        return finish(TokenKind::kNumber);
    }
    if (is_name_start(c)) {
        // '-' belongs to a name ("Device-nGnRE", "D-MMU") if a letter follows it.
        while (at_ < text_.size() &&
               (is_name(text_[at_]) || (text_[at_] == '-' && at_ + 1 < text_.size() && is_name_start(text_[at_ + 1]))))
            take();
        return finish(TokenKind::kName);
    }
    if (c == '"') {
        while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n') take();
        if (at_ == text_.size() || text_[at_] == '\n')
            throw Wrong{out.place, "this string does not end: expected '\"'"};
        out.kind = TokenKind::kString;
        out.text = text_.substr(begin + 1, at_ - begin - 1);
        take();
        return out;
    }
    static constexpr std::array<std::string_view, 6> kLong = {"/\\", "\\/", "=>", "==", "!=", "<>"};
    for (const std::string_view symbol : kLong)
        if (c == symbol[0] && at_ < text_.size() && text_[at_] == symbol[1]) {
            take();
            return finish(TokenKind::kSymbol);
        }
    return finish(std::string_view("[]{}()=,;:*&~|").find(c) != std::string_view::npos ? TokenKind::kSymbol
                                                                                       : TokenKind::kBad);
}

}  // namespace bbmsim::litmus
