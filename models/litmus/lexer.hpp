// SPDX-License-Identifier: Apache-2.0
// Tokens of the initial state and of the conditions; the code between them is cut into cells of text.
#pragma once

#include "models/litmus/test.hpp"

#include <string>
#include <string_view>

namespace bbmsim::litmus {

enum class TokenKind : u8 { kEnd, kName, kNumber, kString, kSymbol, kBad };

struct Token {
    TokenKind kind = TokenKind::kEnd;
    std::string_view text;  // of a string: without the quotes
    Place place;
};

// What is wrong: the parser's functions throw it to each other, parse() catches it.
struct Wrong {
    Place place;
    std::string message;
};

class Lexer {
public:
    explicit Lexer(std::string_view text) : text_(text) {}

    [[nodiscard]] bool at_end();  // behind spaces and comments
    [[nodiscard]] char look();    // the next character, behind spaces and comments; 0 at the end
    [[nodiscard]] Place place() const { return {line_, column_}; }
    [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
    [[nodiscard]] const Token& peek();
    Token next();
    void skip_blanks();       // spaces, newlines and comments
    void skip_line_blanks();  // spaces only
    char take();              // one character
    std::string_view line();  // to the end of the line, which is taken too; without a carriage return

private:
    void comment();
    Token lex();

    std::string_view text_;
    std::size_t at_ = 0;
    u32 line_ = 1, column_ = 1;
    Token token_;  // as peek() found it
};

bool is_name_start(char c);
bool is_name(char c);
std::string shown(const Token& token);      // as messages quote it
std::string quoted(std::string_view text);  // likewise: printable, not long

}  // namespace bbmsim::litmus
