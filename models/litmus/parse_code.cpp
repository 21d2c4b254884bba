// SPDX-License-Identifier: Apache-2.0
// The code: a column for each process and each fault handler, cells between '|', rows that end at ';'.
#include "models/litmus/parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace bbmsim::litmus {

namespace {

constexpr std::array<std::string_view, 6> kConditions = {"exists", "forall", "locations",
                                                         "filter", "final",  "observed"};
// What operands are made of. No quotes, no comments, nothing that an assembler takes for a line's end.
constexpr std::string_view kOperandCharacters = " \t,#[]!+-_.=:()";
constexpr std::size_t kMaxInstruction = 200;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::string_view trimmed(std::string_view s) {
    while (!s.empty() && is_blank(s.front())) s.remove_prefix(1);
    while (!s.empty() && is_blank(s.back())) s.remove_suffix(1);
    return s;
}

}  // namespace

void Parser::code() {
    heading();
    while (code_row()) {
    }
}

// P0 | P0.F | P1 ;
void Parser::heading() {
    do {
        const Token token = lexer_.next();
        const std::size_t dot = token.text.find('.');
        const Token plain{token.kind, token.text.substr(0, dot), token.place};
        const bool handler = dot != std::string_view::npos;
        if (!is_process(plain) || (handler && token.text.substr(dot) != ".F"))
            expected(token, "a process, P0, or its fault handler, P0.F");
        const u32 id = process_id(plain);
        auto process =
            std::find_if(test_.processes.begin(), test_.processes.end(), [id](const Process& p) { return p.id == id; });
        const bool known = process != test_.processes.end();
        if (handler != known || (handler && process->has_handler))
            expected(token, handler ? "the fault handler behind its process, once" : "each process once");
        if (!handler) {
            test_.processes.push_back({token.place, id, {}, {}, false});
        } else {
            process->has_handler = true;
        }
        columns_.push_back({id, handler});
    } while (accept("|"));
    expect(";");
    std::sort(test_.processes.begin(), test_.processes.end(),
              [](const Process& a, const Process& b) { return a.id < b.id; });
}

// False: no row, the condition or the end comes.
bool Parser::code_row() {
    const Token& first = lexer_.peek();
    if (first.kind == TokenKind::kEnd || first.text == "~") return false;
    if (std::find(kConditions.begin(), kConditions.end(), first.text) != kConditions.end()) return false;
    const Place row = first.place;
    for (std::size_t column = 0;; ++column) {
        lexer_.skip_blanks();
        const Place place = lexer_.place();
        std::string text;
        char end = 0;
        while (!lexer_.rest().empty()) {
            if (lexer_.rest().starts_with("(*")) {
                lexer_.skip_blanks();
                text += ' ';
                continue;
            }
            const char c = lexer_.take();
            if (c == '|' || c == ';') {
                end = c;
                break;
            }
            if (text.size() > kMaxInstruction) throw Wrong{place, "expected '|' or ';' behind an instruction"};
            text += is_blank(c) ? ' ' : c;
        }
        if (!end) throw Wrong{row, "this row of code does not end: expected ';'"};
        const std::string_view content = trimmed(text);
        if (column >= columns_.size()) {
            if (content.empty() && end == ';') return true;
            throw Wrong{place, fmt::format("a cell too many: the heading names {} columns", columns_.size())};
        }
        cell(content, place, column);
        if (end == ';') return true;
    }
}

// [LABEL:]... [INSTRUCTION]
void Parser::cell(std::string_view text, Place place, std::size_t column) {
    if (text.empty()) return;
    const auto process = std::find_if(test_.processes.begin(), test_.processes.end(),
                                      [&](const Process& p) { return p.id == columns_[column].process; });
    auto& into = columns_[column].handler ? process->handler : process->code;
    if (into.empty() || !into.back().text.empty()) into.push_back({place, {}, {}});
    Instruction& out = into.back();
    while (true) {
        std::size_t end = 0;
        while (end < text.size() && (is_name(text[end]))) ++end;
        std::size_t colon = end;
        while (colon < text.size() && is_blank(text[colon])) ++colon;
        if (end == 0 || !is_name_start(text[0]) || colon == text.size() || text[colon] != ':') break;
        if (end > kMaxName) throw Wrong{place, fmt::format("a name of more than {} characters", kMaxName)};
        count_item(place);
        out.labels.emplace_back(text.substr(0, end));
        text = trimmed(text.substr(colon + 1));
    }
    if (text.empty()) return;
    if (into.size() > kMaxInstructions) throw Wrong{place, fmt::format("more than {} instructions", kMaxInstructions)};
    out.place = place;
    if (!is_name_start(text[0]))
        throw Wrong{place, fmt::format("{}: expected an instruction or a label", quoted(text))};
    for (const char c : text)
        if (!is_name(c) && kOperandCharacters.find(c) == std::string_view::npos)
            throw Wrong{place, fmt::format("{}: expected an instruction; its operands can't hold {}", quoted(text),
                                           quoted(std::string_view(&c, 1)))};
    out.text = text;
}

void Parser::check_labels() const {
    for (const Process& process : test_.processes) {
        std::set<std::string_view> seen;
        for (const auto* part : {&process.code, &process.handler})
            for (const Instruction& instruction : *part)
                for (const std::string& label : instruction.labels)
                    if (!seen.insert(label).second)
                        throw Wrong{instruction.place, fmt::format("label {} of P{} stands twice", label, process.id)};
    }
}

void Parser::check_label(u32 process, std::string_view label, Place place) const {
    const auto has = [label](const std::vector<Instruction>& code) {
        return std::any_of(code.begin(), code.end(), [label](const Instruction& instruction) {
            return std::find(instruction.labels.begin(), instruction.labels.end(), label) != instruction.labels.end();
        });
    };
    for (const Process& p : test_.processes)
        if (p.id == process && (has(p.code) || has(p.handler))) return;
    throw Wrong{place, fmt::format("P{} has no label {}", process, label)};
}

}  // namespace bbmsim::litmus
