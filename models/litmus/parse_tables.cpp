// SPDX-License-Identifier: Apache-2.0
// What stands in translation tables and what points to them: page-table entries as herd7 writes them, and beyond its
// format levels, sets of tables ("spaces"), table entries and values of the base register.
#include "models/litmus/parser.hpp"

#include <fmt/format.h>

#include <array>

namespace bbmsim::litmus {

namespace {
constexpr std::string_view kFields =
    "a field of a page-table entry: oa, table, level, valid, af, db, dbm, el0, x, nG, contiguous, PXN, attrs";
}

u32 Parser::field_value(std::string_view field, u32 least, u32 most) {
    const Token token = lexer_.next();
    const u64 value = token.kind == TokenKind::kNumber ? number_of(token) : most + u64{1};
    if (value < least || value > most)
        expected(token, most == 1 ? std::string("0 or 1") : fmt::format("{} {} to {}", field, least, most));
    return static_cast<u32>(value);
}

// (x), (x, level:2), (x, level:2, space:1)
PteAddress Parser::pte_in_parentheses() {
    expect("(");
    PteAddress out{.name = name("a variable")};
    while (accept(",")) {
        const Token key = lexer_.next();
        if (key.text != "level" && key.text != "space") expected(key, "level or space");
        expect(":");
        if (key.text == "level")
            out.level = field_value("level", 1, 3);
        else
            out.space = field_value("space", 0, kMaxSpaces - 1);
        count_item(key.place);
    }
    expect(")");
    return out;
}

// TTBR(space:1, asid:7, cnp:1), each of them 0 if left out
TtbrValue Parser::ttbr_value() {
    TtbrValue out;
    expect("(");
    do {
        const Token key = lexer_.next();
        const bool known = key.text == "space" || key.text == "asid" || key.text == "cnp";
        if (!known) expected(key, "a field of TTBR0_EL1: space, asid or cnp");
        expect(":");
        if (key.text == "space")
            out.space = field_value("space", 0, kMaxSpaces - 1);
        else if (key.text == "asid")
            out.asid = field_value("asid", 0, kMaxAsid);
        else
            out.cnp = field_value("cnp", 0, 1);
        count_item(key.place);
    } while (accept(","));
    expect(")");
    return out;
}

PteValue Parser::pte_value() {
    PteValue out;
    expect("(");
    Token of_leaf;  // a field that table entries don't have
    do {
        const Token key = lexer_.peek();
        count_item(key.place);
        if (key.text != "table" && key.text != "valid" && !of_leaf.place.line) of_leaf = key;
        pte_field(out);
    } while (accept(","));
    if (out.table && of_leaf.place.line) expected(of_leaf, "table and valid only, in a table entry");
    expect(")");
    return out;
}

void Parser::pte_field(PteValue& pte) {
    const Token key = lexer_.next();
    if (key.kind != TokenKind::kName) expected(key, kFields);
    if (lexer_.peek().text != ":") {
        pte.attrs.emplace_back(key.text);
        return;
    }
    expect(":");
    if (key.text == "oa") {
        const Token oa = lexer_.next();
        pte.oa_pte = oa.text == "PTE" || oa.text == "TTD" || oa.text.starts_with("pte_");
        if (oa.text == "PA" || oa.text == "PTE" || oa.text == "TTD")
            pte.oa = variable_in_parentheses();
        else if (const auto x = behind(oa.text, pte.oa_pte ? "pte_" : "phy_"); !x.empty())
            pte.oa = x;
        else
            expected(oa, "an output address: PA(VARIABLE)");
        return;
    }
    if (key.text == "table") {
        const Token inside = lexer_.next();
        if (inside.text != "PTE" && inside.text != "TTD") expected(inside, "an entry of the table: PTE(VARIABLE)");
        pte.table = pte_in_parentheses();
        if (pte.table->level == 1)
            throw Wrong{inside.place, "a level 1 table is not entered in another: expected level:2 or level:3"};
        return;
    }
    if (key.text == "attrs" || key.text == "Attrs") {
        expect("(");
        do {
            pte.attrs.push_back(name("an attribute, such as Normal, ISH, iWB, oNC or Device-nGnRE"));
            count_item(key.place);
        } while (accept(","));
        expect(")");
        return;
    }
    if (key.text == "level") {
        pte.level = field_value("level", 1, 3);
        return;
    }
    const std::array<std::pair<std::string_view, u32*>, 9> fields = {{{"valid", &pte.valid},
                                                                      {"af", &pte.af},
                                                                      {"db", &pte.db},
                                                                      {"dbm", &pte.dbm},
                                                                      {"el0", &pte.el0},
                                                                      {"x", &pte.x},
                                                                      {"nG", &pte.ng},
                                                                      {"contiguous", &pte.contiguous},
                                                                      {"PXN", &pte.pxn}}};
    for (const auto& [field, where] : fields) {
        if (key.text != field) continue;
        *where = field_value(field, 0, 1);
        return;
    }
    expected(key, kFields);
}

// An entry without output address has that of its own variable; one without level that of its place, else 3.
void Parser::complete(const Location& where, Value& value, Place place) const {
    auto* pte = std::get_if<PteValue>(&value);
    if (!pte) return;
    const auto* own = std::get_if<Pte>(&where);
    if (pte->table)
        pte->level = pte->table->level - 1;
    else if (!pte->level)
        pte->level = own ? own->level : 3;
    if (own && pte->level != own->level)
        throw Wrong{place,
                    fmt::format("a page-table entry of level {}: expected one of level {}", pte->level, own->level)};
    if (pte->table || !pte->oa.empty()) return;
    if (!own)
        throw Wrong{place, "a page-table entry without output address: expected oa:PA(VARIABLE) among its fields"};
    pte->oa = own->name;
}

}  // namespace bbmsim::litmus
