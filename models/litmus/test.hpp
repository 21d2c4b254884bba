// SPDX-License-Identifier: Apache-2.0
// A litmus test as data: herd7's AArch64 format with page-table variables (docs/manual/litmus.md lists what is read).
//
// What the tests talk about: a variable x stands in a page of its own; PTE(x) is the descriptor of that page, PA(x) its
// output address. Instructions are kept as text with their place: an assembler reads them.
//
// Beyond herd7's format: descriptors of other levels, PTE(x, level:2); other sets of tables, PTE(x, space:1); table and
// block entries; base registers, TTBR(space:1, asid:7, cnp:1).
#pragma once

#include "models/mmu/types.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace bbmsim::litmus {

struct Place {  // 1-based
    u32 line = 0, column = 0;
};

// PTE(x, level:2, space:1): the descriptor that a walk for x reads at a level.
struct PteAddress {
    std::string name;
    u32 level = 3;  // 1 to 3
    u32 space = 0;  // the set of tables; all processes begin with 0
};
// (oa:PA(x), valid:0, ...), (table:PTE(x)). Fields left out have herd's defaults, as initialised here.
struct PteValue {
    std::string oa;                   // of which variable; empty: not given
    bool oa_pte = false;              // the output address is that of PTE(oa)'s table
    std::optional<PteAddress> table;  // a table entry, to the table in which that stands; of the others, only `valid`
    u32 level = 0;                    // of the entry itself: 3 a page, 2 or 1 a block, 0 not given
    u32 valid = 1, af = 1, db = 1, dbm = 0, el0 = 1, x = 1, ng = 0, contiguous = 0, pxn = 0;
    std::vector<std::string> attrs;  // "Normal", "ISH", "iWB", "oNC", "Device-nGnRE", ... as written
};
// TTBR(space:1, asid:7, cnp:1): a value of TTBR0_EL1.
struct TtbrValue {
    u32 space = 0, asid = 0, cnp = 0;
};
// parel1_t:(f:1, oa:PA(x))
struct ParValue {
    std::string oa;
    std::vector<std::pair<std::string, u64>> fields;
};
struct Number {
    u64 value = 0;  // negative numbers in two's complement
};
struct Address {  // of a variable
    std::string name;
    u64 element = 0;
};
struct PhysicalAddress {  // of its page
    std::string name;
};
struct LabelAddress {
    u32 process = 0;
    std::string label;
};
using Value = std::variant<Number, Address, PteAddress, PhysicalAddress, LabelAddress, PteValue, ParValue, TtbrValue>;

struct Register {
    u32 process = 0;
    std::string name;  // upper case: X1, W1
};
struct Variable {
    std::string name;
    std::optional<u64> element;
};
using Pte = PteAddress;
using Location = std::variant<Register, Variable, Pte>;

struct Init {
    Place place;
    std::string type;      // int, uint64_t, pteval_t, ...; empty: not given
    bool pointer = false;  // TYPE *
    Location where;
    std::vector<Value> values;  // one; of an array all
    bool array = false;
};

struct Instruction {
    Place place;
    std::vector<std::string> labels;
    std::string text;  // empty: labels only, at the end of the code
};
struct Process {
    Place place;
    u32 id = 0;
    std::vector<Instruction> code, handler;
    bool has_handler = false;
};

// fault(P0:L0, x, MMU:Translation); what is left out matches anything.
struct FaultAtom {
    u32 process = 0;
    std::string label, variable, type;
    bool pte = false;  // of the page that holds PTE(variable)
};
struct EqualAtom {
    Location where;
    std::variant<Value, Location> value;
};

struct Condition {
    enum class Kind : u8 { kTrue, kFalse, kEqual, kFault, kNot, kAnd, kOr, kImplies };
    Kind kind = Kind::kTrue;
    Place place;
    EqualAtom equal;
    FaultAtom fault;
    std::vector<Condition> children;  // one of kNot, two of kImplies, two or more of kAnd and kOr
};

enum class Quantifier : u8 { kExists, kNotExists, kForall };

struct Test {
    std::string name, doc;
    std::vector<std::pair<std::string, std::string>> metadata;  // KEY=VALUE lines, in order
    std::vector<Init> init;
    std::vector<Process> processes;  // sorted by id
    std::vector<std::variant<Location, FaultAtom>> locations;
    std::optional<Condition> filter;
    Quantifier quantifier = Quantifier::kExists;
    Condition condition;
};

}  // namespace bbmsim::litmus
