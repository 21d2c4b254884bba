// SPDX-License-Identifier: Apache-2.0
// BBM-WRONG-TLBI: the TLBI between break and make is there and does not cover the old entry. Each way of getting it
// wrong is named; the right form beside it is silent.
#include "tests/checker/world.hpp"

namespace bbmsim::mmu {
namespace {

struct Meant {
    World w;
    LinearMap m;
    explicit Meant(Granule g = Granule::k4K) : w({{0}}, 64 << 20, g), m(w) { w.enter1(0, m.l0); }

    // Breaks the page's entry, issues the TLBI, makes another.
    void page(const Tlbi& op) {
        w.write(0, m.page_desc, 0);
        issue(op);
        w.write(0, m.page_desc, w.leaf(World::kBase + (5 << 20)), 0x2000);
    }
    void issue(const Tlbi& op) {
        w.dsb(0);
        w.checker.on_tlbi(0, op);
        w.dsb(0);
    }
    [[nodiscard]] const std::string& text() const { return w.checker.violations().at(0).text; }
    [[nodiscard]] bool says(const char* part) const {
        return w.rules() == Ids{"BBM-WRONG-TLBI"} && text().find(part) != std::string::npos;
    }
};
constexpr Tlbi single(TlbiKind kind, u64 operand) {
    return {.kind = kind, .scope = TlbiScope::kInner, .operand = operand};
}
constexpr u64 field(u64 va) { return (va >> 12) & ((u64{1} << 44) - 1); }
constexpr u64 range_operand(u64 va, unsigned tg, unsigned num, unsigned ttl = 0) {
    return (u64{tg} << 46) | (u64{num} << 39) | (u64{ttl} << 37) | ((va >> 12) & ((u64{1} << 37) - 1));
}
constexpr u64 va = LinearMap::table_va;

TEST(WrongTlbi, RightForms) {
    for (const TlbiKind kind : {TlbiKind::kVaa, TlbiKind::kVaal}) {
        Meant x;
        x.page(single(kind, field(va)));
        EXPECT_TRUE(x.w.silent());
        Meant y;
        y.page({.kind = kind, .scope = TlbiScope::kInner, .range = true, .operand = range_operand(va, 1, 0, 3)});
        EXPECT_TRUE(y.w.silent());
    }
}
TEST(WrongTlbi, TtlNamesAnotherLevel) {
    Meant x;
    x.page(single(TlbiKind::kVaal, field(va) | (u64{0b0110} << 44)));
    EXPECT_TRUE(x.says("TTL names level 2")) << x.text();
}
TEST(WrongTlbi, TtlNamesAnotherGranule) {  // as when address bits leak into the field
    Meant x;
    x.page(single(TlbiKind::kVaal, field(va) | (u64{0b1111} << 44)));
    EXPECT_TRUE(x.says("TTL field does not name the 4K granule")) << x.text();
}
TEST(WrongTlbi, RangeOfAnotherGranule) {
    Meant x;
    x.page({.kind = TlbiKind::kVaal, .scope = TlbiScope::kInner, .range = true, .operand = range_operand(va, 2, 0)});
    EXPECT_TRUE(x.says("R_XKMMX")) << x.text();
}
TEST(WrongTlbi, RangeEndsTooEarly) {
    Meant x;
    const u64 last = x.m.page_desc + 8 * 2;  // a range of two pages, and the third is meant too
    x.w.write(0, last, 0);
    x.issue({.kind = TlbiKind::kVaal, .scope = TlbiScope::kInner, .range = true, .operand = range_operand(va, 1, 0)});
    x.w.write(0, last, x.w.leaf(World::kBase + (5 << 20)), 0x2000);
    EXPECT_TRUE(x.says("ends before the entry")) << x.text();
}
TEST(WrongTlbi, OperandIsTheAddressItself) {
    Meant x;
    x.page(single(TlbiKind::kVaal, va & ((u64{1} << 44) - 1)));
    EXPECT_TRUE(x.says("holds the address itself")) << x.text();
}
TEST(WrongTlbi, OperandShiftedByTheGranule) {  // 64K granule: the operand is VA[55:12] all the same
    World w({{0}}, 64 << 20, Granule::k64K);
    const u64 l1 = w.page(), l2 = w.page(), l3 = w.page(), page_va = World::kLinear + (u64{1} << 16);
    w.poke(l1, World::table(l2));
    w.poke(l2, World::table(l3));
    w.poke(l3 + 8, w.leaf(World::kBase));
    w.enter1(0, l1);
    w.write(0, l3 + 8, 0);
    w.dsb(0);
    w.checker.on_tlbi(0, single(TlbiKind::kVaal, (page_va >> 16) & ((u64{1} << 40) - 1)));
    w.dsb(0);
    w.write(0, l3 + 8, w.leaf(World::kBase + (1 << 20)), 0x2000);
    ASSERT_EQ(w.rules(), Ids{"BBM-WRONG-TLBI"});
    EXPECT_NE(w.checker.violations()[0].text.find("shifted right by 16"), std::string::npos);
}
TEST(WrongTlbi, ByAsidOfAGlobalEntry) {
    Meant x;
    x.page(single(TlbiKind::kAsid, 0));
    EXPECT_TRUE(x.says("removes no global entry")) << x.text();
}
TEST(WrongTlbi, AnUnrelatedAddressIsNoAttempt) {
    Meant x;
    x.page(single(TlbiKind::kVaal, field(World::kLinear + (u64{3} << 39))));
    EXPECT_EQ(x.w.rules(), Ids{"BBM-NO-TLBI"});
}

}  // namespace
}  // namespace bbmsim::mmu
