// SPDX-License-Identifier: Apache-2.0
// The recursive descent behind parse(): one file for each part of a test. Functions throw Wrong; parse() catches it.
#pragma once

#include "models/litmus/lexer.hpp"
#include "models/litmus/parse.hpp"

#include <string>
#include <string_view>

namespace bbmsim::litmus {

class Parser {
public:
    explicit Parser(std::string_view text) : lexer_(text) {}
    Test all();

private:
    // parse.cpp
    void header();
    void metadata();
    void check();  // what can be said of the whole: processes that exist, registers of them
    void check_process(u32 id, Place place, std::string_view what) const;
    // parse_state.cpp
    void init();
    Init init_item();
    Value value();
    Value value_of_name(const Token& name);
    ParValue par_value();
    Location location();
    Location location_of(const Token& first);
    Location bracketed_location();
    u32 process_id(const Token& token) const;
    std::string variable_in_parentheses();
    // parse_tables.cpp
    PteValue pte_value();
    void pte_field(PteValue& pte);
    PteAddress pte_in_parentheses();
    TtbrValue ttbr_value();
    u32 field_value(std::string_view field, u32 least, u32 most);
    void complete(const Location& where, Value& value, Place place) const;
    // parse_code.cpp
    void code();
    void heading();
    bool code_row();
    void cell(std::string_view text, Place place, std::size_t column);
    void check_labels() const;
    void check_label(u32 process, std::string_view label, Place place) const;
    // parse_condition.cpp
    void condition();
    void listed_locations();
    Condition implication(u32 depth);
    Condition conjunction(u32 depth);
    Condition disjunction(u32 depth);
    Condition negation(u32 depth);
    Condition atom();
    FaultAtom fault();
    void count_item(Place place);

    // common
    bool accept(std::string_view symbol);
    Token expect(std::string_view symbol);
    std::string name(std::string_view what);
    u64 number(std::string_view what);
    [[noreturn]] void expected(const Token& got, std::string_view what) const;

    struct Column {
        u32 process = 0;
        bool handler = false;
    };
    Lexer lexer_;
    Test test_;
    std::vector<Column> columns_;
    std::size_t items_ = 0;
};

u64 number_of(const Token& token);        // throws Wrong
bool is_process(const Token& token);      // P0, P1, ...
bool is_register(std::string_view name);  // X0 to X30, W0 to W30, in either case
std::string upper(std::string_view text);
std::string_view behind(std::string_view text, std::string_view prefix);  // empty: it is no prefix, or all there is

}  // namespace bbmsim::litmus
