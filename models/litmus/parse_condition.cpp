// SPDX-License-Identifier: Apache-2.0
// What is asked of the final state: locations, filter, and the quantified condition. As in herd, '=>' binds closer than
// '/\', which binds closer than '\/'; '~' binds closest.
#include "models/litmus/parser.hpp"

#include <fmt/format.h>

#include <array>

namespace bbmsim::litmus {

namespace {

bool is_fault_word(const Token& token) { return token.text == "fault" || token.text == "Fault"; }

}  // namespace

void Parser::condition() {
    while (accept("locations")) listed_locations();
    if (accept("filter")) {
        test_.filter = disjunction(0);
        (void)accept(";");
    }
    while (accept("locations")) listed_locations();
    if (lexer_.peek().kind == TokenKind::kEnd) return;  // nothing asked: any state will do
    const Token word = lexer_.next();
    if (word.text == "~") {
        if (!accept("exists")) expected(lexer_.peek(), "exists behind '~'");
        test_.quantifier = Quantifier::kNotExists;
    } else if (word.text == "forall") {
        test_.quantifier = Quantifier::kForall;
    } else if (word.text != "exists" && word.text != "final") {
        expected(word, "exists, ~exists, forall, locations or filter");
    }
    test_.condition = disjunction(0);
    (void)accept(";");
    const Token end = lexer_.next();
    if (end.kind != TokenKind::kEnd) expected(end, "'/\\', '\\/', '=>' or the end of the file");
}

// locations [x; 0:X1; fault(P0,x);]
void Parser::listed_locations() {
    expect("[");
    while (!accept("]")) {
        if (accept(";")) continue;
        count_item(lexer_.peek().place);
        if (is_fault_word(lexer_.peek())) {
            test_.locations.emplace_back(fault());
        } else {
            Token first = lexer_.peek();
            test_.locations.emplace_back(location());
            if (const auto* reg = std::get_if<Register>(&std::get<Location>(test_.locations.back())))
                check_process(reg->process, first.place, "a register");
            if (lexer_.peek().kind == TokenKind::kName || lexer_.peek().text == "*") (void)lexer_.next();  // its type
        }
        const Token& behind = lexer_.peek();
        if (behind.text != ";" && behind.text != "]") expected(behind, "';' or ']' behind a location");
    }
}

Condition Parser::disjunction(u32 depth) {
    Condition first = conjunction(depth);
    if (lexer_.peek().text != "\\/") return first;
    Condition out{.kind = Condition::Kind::kOr, .place = first.place};
    out.children.push_back(std::move(first));
    while (accept("\\/")) out.children.push_back(conjunction(depth));
    return out;
}

Condition Parser::conjunction(u32 depth) {
    Condition first = implication(depth);
    if (lexer_.peek().text != "/\\") return first;
    Condition out{.kind = Condition::Kind::kAnd, .place = first.place};
    out.children.push_back(std::move(first));
    while (accept("/\\")) out.children.push_back(implication(depth));
    return out;
}

Condition Parser::implication(u32 depth) {
    if (depth > kMaxNesting) throw Wrong{lexer_.peek().place, fmt::format("nested more than {} deep", kMaxNesting)};
    Condition first = negation(depth);
    if (!accept("=>")) return first;
    Condition out{.kind = Condition::Kind::kImplies, .place = first.place};
    out.children.push_back(std::move(first));
    out.children.push_back(implication(depth + 1));
    return out;
}

Condition Parser::negation(u32 depth) {
    const Place place = lexer_.peek().place;
    count_item(place);
    if (depth > kMaxNesting) throw Wrong{place, fmt::format("nested more than {} deep", kMaxNesting)};
    if (accept("~") || accept("not")) {
        Condition out{.kind = Condition::Kind::kNot, .place = place};
        out.children.push_back(negation(depth + 1));
        return out;
    }
    if (lexer_.peek().text == "(" && lexer_.peek().kind == TokenKind::kSymbol) {
        expect("(");
        Condition out = disjunction(depth + 1);
        expect(")");
        return out;
    }
    return atom();
}

Condition Parser::atom() {
    const Token first = lexer_.peek();
    Condition out{.kind = Condition::Kind::kTrue, .place = first.place};
    if (accept("true")) return out;
    if (accept("false")) {
        out.kind = Condition::Kind::kFalse;
        return out;
    }
    if (is_fault_word(first)) {
        out.kind = Condition::Kind::kFault;
        out.fault = fault();
        return out;
    }
    out.kind = Condition::Kind::kEqual;
    out.equal.where = location();
    if (const auto* reg = std::get_if<Register>(&out.equal.where))
        check_process(reg->process, first.place, "a register");
    const Token relation = lexer_.next();
    const bool differs = relation.text == "!=" || relation.text == "<>";
    if (relation.text != "=" && relation.text != "==" && !differs) expected(relation, "'=' or '!=' behind a location");
    const Token& next = lexer_.peek();
    const bool bracket = next.kind == TokenKind::kSymbol && next.text == "[";
    const bool starred = next.kind == TokenKind::kSymbol && next.text == "*";
    bool location_follows = bracket;
    if (next.kind == TokenKind::kNumber || is_process(next)) {  // 0:X1, and not the label 0:L1
        Lexer ahead = lexer_;
        (void)ahead.next();
        location_follows = ahead.next().text == ":" && is_register(ahead.next().text);
    }
    if (starred) throw Wrong{next.place, "'*' in a condition is not supported"};
    if (location_follows) {
        out.equal.value = location();
    } else {
        (void)accept("&");
        const Place place = lexer_.peek().place;
        Value v = value();
        complete(out.equal.where, v, place);
        out.equal.value = std::move(v);
    }
    if (!differs) return out;
    Condition negated{.kind = Condition::Kind::kNot, .place = out.place};
    negated.children.push_back(std::move(out));
    return negated;
}

// fault(P0), fault(P0:L0), fault(P0:L0,x), fault(P0:L0,PTE(x),MMU:Translation), fault(P0,UndefinedInstruction)
FaultAtom Parser::fault() {
    (void)lexer_.next();
    expect("(");
    FaultAtom out;
    const Token process = lexer_.next();
    if (!is_process(process) && process.kind != TokenKind::kNumber) expected(process, "a process, such as P0 or P0:L0");
    out.process = process_id(process);
    check_process(out.process, process.place, "a fault");
    if (accept(":")) {
        const Place place = lexer_.peek().place;
        out.label = name("a label");
        check_label(out.process, out.label, place);
    }
    static constexpr std::array<std::string_view, 10> kTypes = {
        "MMU", "D-MMU",          "I-MMU",    "Translation", "AccessFlag", "Permission", "UndefinedInstruction",
        "SVC", "SupervisorCall", "Exclusive"};
    for (int part = 0; part < 2 && accept(","); ++part) {
        const Token word = lexer_.peek();
        bool is_type = part == 1;
        for (const std::string_view type : kTypes) is_type |= word.text == type;
        if (!is_type) {
            if (word.text == "PTE" || word.text == "TTD") {
                (void)lexer_.next();
                out.variable = variable_in_parentheses();
                out.pte = true;
            } else {
                out.variable = name("a variable or a type of fault");
                if (out.variable.starts_with("pte_") && out.variable.size() > 4) {
                    out.variable.erase(0, 4);
                    out.pte = true;
                }
            }
            continue;
        }
        out.type = name("a type of fault, such as MMU:Translation");
        while (accept(":")) {
            out.type += ':' + name("a type of fault, such as MMU:Translation");
            if (out.type.size() > kMaxName) throw Wrong{word.place, "this type of fault is too long"};
        }
        break;
    }
    expect(")");
    return out;
}

}  // namespace bbmsim::litmus
