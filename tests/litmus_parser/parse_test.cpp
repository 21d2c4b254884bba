// SPDX-License-Identifier: Apache-2.0
// The parser of litmus tests: what it reads, and where it says that it can't.
#include "models/litmus/parse.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bbmsim::litmus {
namespace {

litmus::Test good(const std::string& text) {
    auto parsed = parse(text, "t");
    if (const auto* error = std::get_if<ParseError>(&parsed)) ADD_FAILURE() << error->to_string();
    return std::holds_alternative<litmus::Test>(parsed) ? std::get<litmus::Test>(parsed) : litmus::Test{};
}
std::string error(const std::string& text) {
    const auto parsed = parse(text, "t");
    const auto* wrong = std::get_if<ParseError>(&parsed);
    return wrong ? wrong->to_string() : "read";
}

const std::string kHead = "AArch64 T\n{ int x=1; 0:X1=x; }\n";
const std::string kCode = " P0 ;\n LDR W0,[X1] ;\n";

TEST(LitmusParser, ReadsEveryPartOfATest) {
    const litmus::Test t = good(R"(AArch64 a-test+dsb.ish
"about"
(* a comment (* in a comment *) *)
Variant=vmsa,fatal
TTHM=P0:HA HD
Orig=nothing of interest
{
 int x=1; uint64_t y; int z[2]={3,4};
 [PTE(x)]=(valid:0, attrs:(Normal, ISH, iWB, oNC)); pte_y=(oa:phy_x, db:0, dbm:1);
 0:X1=x; P1:X2=PTE(x); pteval_t 1:X3=(oa:PA(y),af:0,Device-nGnRE); 1:X4=-1; int *q=&x; 1:X5=P0:L0
}
 P0          | P0.F | P1     ;
 MOV W0,#1   | ERET |        ;
L0:          |      | DSB ISH;  (* rows end
 at semicolons *)
L1: STR W0,[X1] | | L2:;
locations [x; 0:X0; fault(P0:L1,x);]
filter 0:X0=1
~exists (fault(P0:L1,PTE(x),MMU:Permission) /\ 0:X0=1 \/ not (x=1)) /\ [PTE(x)]=(valid:0) /\ 1:X2 != 7
)");
    EXPECT_EQ(t.name, "a-test+dsb.ish");
    EXPECT_EQ(t.doc, "about");
    ASSERT_EQ(t.metadata.size(), 3U);
    EXPECT_EQ(t.metadata[1], (std::pair<std::string, std::string>{"TTHM", "P0:HA HD"}));
    ASSERT_EQ(t.init.size(), 11U);
    EXPECT_EQ(t.init[2].values.size(), 2U);
    const auto& pte_x = std::get<PteValue>(t.init[3].values[0]);
    EXPECT_EQ(pte_x.oa, "x");  // its own, if none is given
    EXPECT_EQ(pte_x.valid, 0U);
    EXPECT_EQ(pte_x.attrs.size(), 4U);
    EXPECT_EQ(std::get<Pte>(t.init[4].where).name, "y");
    EXPECT_EQ(std::get<PteValue>(t.init[4].values[0]).oa, "x");
    EXPECT_EQ(std::get<Number>(t.init[8].values[0]).value, ~u64{0});
    EXPECT_TRUE(t.init[9].pointer);
    EXPECT_EQ(std::get<LabelAddress>(t.init[10].values[0]).label, "L0");
    ASSERT_EQ(t.processes.size(), 2U);
    EXPECT_TRUE(t.processes[0].has_handler);
    ASSERT_EQ(t.processes[0].code.size(), 2U);
    EXPECT_EQ(t.processes[0].code[1].labels, (std::vector<std::string>{"L0", "L1"}));
    EXPECT_EQ(t.processes[0].code[1].text, "STR W0,[X1]");
    EXPECT_EQ(t.processes[0].code[1].place.line, 16U);
    ASSERT_EQ(t.processes[1].code.size(), 2U);
    EXPECT_TRUE(t.processes[1].code[1].text.empty());
    EXPECT_EQ(t.locations.size(), 3U);
    EXPECT_TRUE(t.filter.has_value());
    EXPECT_EQ(t.quantifier, Quantifier::kNotExists);
    ASSERT_EQ(t.condition.kind, Condition::Kind::kAnd);
    EXPECT_EQ(t.condition.children.size(), 3U);
    EXPECT_EQ(t.condition.children[0].kind, Condition::Kind::kOr);
}

TEST(LitmusParser, ReadsLevelsSpacesTablesAndBaseRegisters) {  // beyond herd7's format
    const litmus::Test t = good(R"(AArch64 T
{
 [PTE(x, level:2)]=(oa:PA(y), nG:1); [PTE(x,space:3,level:1)]=(table:PTE(x, level:2, space:1), valid:0);
 0:X1=PTE(x, level:2); 0:X2=(table:PTE(y)); 0:X3=(oa:PA(x), level:1, contiguous:1, PXN:1); 0:X4=TTBR(asid:255, cnp:1);
 [PTE(y)]=(af:0); uint64_t z[1]={(oa:PA(x))}; 0:X5=TTBR;
}
 P0 ;
 NOP ;
exists [PTE(x, level:2)]=(valid:0) /\ 0:X4=TTBR(space:2)
)");
    const auto address = [](const PteAddress& a, const char* name, u32 level, u32 space) {
        return a.name == name && a.level == level && a.space == space;
    };
    ASSERT_EQ(t.init.size(), 9U);
    const auto value = [&](std::size_t i) { return t.init[i].values.at(0); };
    EXPECT_TRUE(address(std::get<Pte>(t.init[0].where), "x", 2, 0));
    EXPECT_EQ(std::get<PteValue>(value(0)).level, 2U) << "that of its place";
    EXPECT_EQ(std::get<PteValue>(value(0)).ng, 1U);
    EXPECT_TRUE(address(std::get<Pte>(t.init[1].where), "x", 1, 3));
    const auto table = std::get<PteValue>(value(1));
    ASSERT_TRUE(table.table);
    EXPECT_TRUE(address(*table.table, "x", 2, 1));
    EXPECT_EQ(table.level, 1U);
    EXPECT_EQ(table.valid, 0U);
    EXPECT_TRUE(address(std::get<PteAddress>(value(2)), "x", 2, 0));
    EXPECT_EQ(std::get<PteValue>(value(3)).level, 2U);
    const auto block = std::get<PteValue>(value(4));
    EXPECT_EQ(block.level, 1U);
    EXPECT_TRUE(block.contiguous && block.pxn && !block.ng);
    const auto base = std::get<TtbrValue>(value(5));
    EXPECT_TRUE(base.space == 0 && base.asid == 255 && base.cnp == 1);
    EXPECT_EQ(std::get<PteValue>(value(6)).level, 3U);
    EXPECT_EQ(std::get<PteValue>(value(7)).level, 3U);
    EXPECT_EQ(std::get<Address>(value(8)).name, "TTBR") << "a variable may be called so";
    const auto& equal = t.condition.children.at(0).equal;
    EXPECT_EQ(std::get<PteValue>(std::get<Value>(equal.value)).level, 2U);
    EXPECT_EQ(std::get<PteValue>(std::get<Value>(equal.value)).oa, "x");
}

TEST(LitmusParser, ImplicationBindsCloserThanConjunction) {  // as herd7 reads it
    const litmus::Test t = good(kHead + kCode + "forall 0:X0=1 /\\ 0:X0=2 => 0:X0=3 \\/ false");
    ASSERT_EQ(t.condition.kind, Condition::Kind::kOr);
    ASSERT_EQ(t.condition.children[0].kind, Condition::Kind::kAnd);
    EXPECT_EQ(t.condition.children[0].children[1].kind, Condition::Kind::kImplies);
}

TEST(LitmusParser, SaysWhereAndWhatWasExpected) {
    const auto starts = [](const std::string& text, const std::string& with) {
        const std::string got = error(text);
        EXPECT_EQ(got.substr(0, with.size()), with) << got;
    };
    starts("", "t:1:1: the end of the file: expected AArch64");
    starts("X86 t\n{}", "t:1:1: 'X86': expected AArch64");
    starts("AArch64 T\n", "t:2:1: the file ends here: expected '{'");
    starts("AArch64 T\n{ x=1", "t:2:6: the end of the file: expected ';' or '}'");
    starts("AArch64 T\n{ [PTE(x)]=(valid:2); }", "t:2:19: '2': expected 0 or 1");
    starts("AArch64 T\n{ [PTE(x)]=(depth:2); }", "t:2:13: 'depth': expected a field of a page-table entry");
    starts("AArch64 T\n{ [PTE(x)]=(level:2); }", "t:2:12: a page-table entry of level 2: expected one of level 3");
    starts("AArch64 T\n{ [PTE(x)]=(table:PTE(x)); }", "t:2:12: a page-table entry of level 2: expected one of level 3");
    starts("AArch64 T\n{ 0:X1=(oa:PA(x), level:0); }", "t:2:25: '0': expected level 1 to 3");
    starts("AArch64 T\n{ 0:X1=(table:PA(x)); }", "t:2:15: 'PA': expected an entry of the table: PTE(VARIABLE)");
    starts("AArch64 T\n{ 0:X1=(table:PTE(x, level:1)); }",
           "t:2:15: a level 1 table is not entered in another: expected");
    starts("AArch64 T\n{ 0:X1=(table:PTE(x), af:0); }",
           "t:2:23: 'af': expected table and valid only, in a table entry");
    starts("AArch64 T\n{ 0:X1=PTE(x, depth:2); }", "t:2:15: 'depth': expected level or space");
    starts("AArch64 T\n{ 0:X1=PTE(x, level:4); }", "t:2:21: '4': expected level 1 to 3");
    starts("AArch64 T\n{ 0:X1=PTE(x, space:4); }", "t:2:21: '4': expected space 0 to 3");
    starts("AArch64 T\n{ 0:X1=PTE(x level:2); }", "t:2:14: 'level': expected ')'");
    starts("AArch64 T\n{ 0:X1=TTBR(asid:256); }", "t:2:18: '256': expected asid 0 to 255");
    starts("AArch64 T\n{ 0:X1=TTBR(cnp:x); }", "t:2:17: 'x': expected 0 or 1");
    starts("AArch64 T\n{ 0:X1=TTBR(vmid:1); }", "t:2:13: 'vmid': expected a field of TTBR0_EL1: space, asid or cnp");
    starts("AArch64 T\n{ int x[1]={(valid:0)}; }", "t:2:13: a page-table entry without output address");
    starts("AArch64 T\n{ 0:X1=(valid:0); }", "t:2:8: a page-table entry without output address");
    starts("AArch64 T\n{ 0:SP=1; }", "t:2:5: 'SP': expected a register");
    starts("AArch64 T\n{ 1:X1=x; }\n P0 ;\n NOP ;", "t:2:3: a register of P1, and the test has no such process");
    starts("AArch64 T\n{ x=99999999999999999999; }", "t:2:5: '99999999999999999999': expected a number");
    starts(kHead + " P0 | P0 ;\n", "t:3:7: 'P0': expected each process once");
    starts(kHead + " P0 ;\n NOP | NOP ;\n", "t:4:8: a cell too many");
    starts(kHead + " P0 ;\n NOP \n", "t:4:2: this row of code does not end");
    starts(kHead + " P0 ;\n .incbin \"/etc/hosts\" ;\n", "t:4:2: '.incbin \"/etc/hosts\"': expected an instruction");
    starts(kHead + " P0 ;\n LDR X0,\"a\" ;\n", "t:4:2: 'LDR X0,\"a\"': expected an instruction; its operands can't");
    starts(kHead + " P0 ;\nL: NOP;\nL: NOP;\n", "t:5:1: label L of P0 stands twice");
    starts(kHead + kCode + "exists (0:X0=1", "t:5:15: the end of the file: expected ')'");
    starts(kHead + kCode + "exists 0:X0=1 0:X0=2", "t:5:15: '0': expected '/\\', '\\/'");
    starts(kHead + kCode + "exists fault(P3,x)", "t:5:14: a fault of P3, and the test has no such process");
    starts(kHead + kCode + "sometimes", "t:5:1: this row of code does not end");
    starts("AArch64 T\n(* no end", "t:2:1: this comment does not end");
    starts(kHead + kCode + "exists " + std::string(5000, '('), "t:5:109: nested more than 100 deep");
    starts(kHead + kCode + "exists " + std::string(5000, '~'), "t:5:109: nested more than 100 deep");
    starts(std::string(kMaxText + 1, ' '), "t:1:1: longer than");
}

TEST(LitmusParser, BytesOfAnyKindAreReadOrRefused) {
    std::string text = kHead + kCode + "exists 0:X0=1";
    for (std::size_t i = 0; i < text.size(); ++i)
        for (const char c : {'\0', '\xff', '(', '"', '}', '|', ';', '-'}) {
            std::string changed = text;
            changed[i] = c;
            (void)error(changed);
            (void)error(text.substr(0, i));
        }
}

}  // namespace
}  // namespace bbmsim::litmus
