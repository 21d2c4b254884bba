// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/tlbi.hpp"

namespace bbmsim::mmu {
namespace {

constexpr u64 bits(u64 v, unsigned hi, unsigned lo) { return (v >> lo) & ((u64{2} << (hi - lo)) - 1); }
u64 sign_extend(u64 v, unsigned top) { return static_cast<u64>(static_cast<i64>(v << (63 - top)) >> (63 - top)); }

// TG of a TTL or range operand: 1 4K, 2 16K, 3 64K.
constexpr unsigned tg_of(Granule g) { return g == Granule::k4K ? 1 : g == Granule::k16K ? 2 : 3; }

// The level that a TTL's two low bits name, or -1 where no leaf of the granule can be there (reserved, 48-bit PA).
int leaf_level(Granule g, u64 level) {
    if (level == 0 || (g == Granule::k16K && level == 1)) return -1;
    return static_cast<int>(level);
}

TlbiSpan single(const Tlbi& op, Granule g) {
    TlbiSpan s;
    const u64 page = u64{1} << granule_shift(g);
    s.va = sign_extend(bits(op.operand, 43, 0) << 12, 55) & ~(page - 1);
    s.bytes = page;
    const u64 ttl = bits(op.operand, 47, 44);
    if (ttl >> 2) {
        const auto named = ttl >> 2 == 1 ? Granule::k4K : ttl >> 2 == 2 ? Granule::k16K : Granule::k64K;
        s.ttl_level = leaf_level(named, ttl & 3);
        if (s.ttl_level >= 0 && named != g) s.required = false;  // a wrong TTL (R_SQXYZ)
    }
    return s;
}

TlbiSpan range(const Tlbi& op, Granule g) {
    TlbiSpan s;
    const u64 tg = bits(op.operand, 47, 46);
    const auto named = tg == 2 ? Granule::k16K : tg == 3 ? Granule::k64K : Granule::k4K;
    const unsigned shift = granule_shift(named);
    s.va = sign_extend(bits(op.operand, 36, 0) << shift, 36 + shift);
    s.bytes = ((bits(op.operand, 43, 39) + 1) << (5 * bits(op.operand, 45, 44) + 1)) << shift;
    s.ttl_level = leaf_level(named, bits(op.operand, 38, 37));
    s.required = tg == tg_of(g);  // R_XKMMX; TG=0 is reserved and matches nothing
    if (s.ttl_level >= 0 && s.va & ((u64{1} << level_shift(named, static_cast<unsigned>(s.ttl_level))) - 1))
        s.required = false;  // a base that is not aligned for its TTL: the range is UNPREDICTABLE (I_TYBWT)
    return s;
}

}  // namespace

TlbiSpan tlbi_span(const Tlbi& op, Granule granule) {
    if (op.kind == TlbiKind::kAsid || op.kind == TlbiKind::kVmall) return {0, 0, -1, true};
    return op.range ? range(op, granule) : single(op, granule);
}

std::string Tlbi::mnemonic() const {
    static constexpr const char* kKinds[] = {"vae1", "vale1", "vaae1", "vaale1", "aside1", "vmalle1"};
    std::string s = range ? "r" : "";
    s += kKinds[static_cast<unsigned>(kind)];
    if (scope == TlbiScope::kInner) s += "is";
    if (scope == TlbiScope::kOuter) s += "os";
    if (nxs) s += "nxs";
    return s;
}

// C5.5. op1=0. CRm: 1 OS, 3 IS, 7 local; range forms 5 OS, 2 IS, 6 local.
std::optional<Tlbi> decode_tlbi(u8 op1, u8 crn, u8 crm, u8 op2, u64 operand) {
    if (op1 != 0 || (crn != 8 && crn != 9)) return std::nullopt;
    Tlbi t;
    t.nxs = crn == 9;
    t.operand = operand;
    switch (crm) {
        case 1: t.scope = TlbiScope::kOuter; break;
        case 3: t.scope = TlbiScope::kInner; break;
        case 7: t.scope = TlbiScope::kLocal; break;
        case 5:
            t.scope = TlbiScope::kOuter;
            t.range = true;
            break;
        case 2:
            t.scope = TlbiScope::kInner;
            t.range = true;
            break;
        case 6:
            t.scope = TlbiScope::kLocal;
            t.range = true;
            break;
        default: return std::nullopt;
    }
    switch (op2) {
        case 0: t.kind = TlbiKind::kVmall; break;
        case 1: t.kind = TlbiKind::kVa; break;
        case 2: t.kind = TlbiKind::kAsid; break;
        case 3: t.kind = TlbiKind::kVaa; break;
        case 5: t.kind = TlbiKind::kVal; break;
        case 7: t.kind = TlbiKind::kVaal; break;
        default: return std::nullopt;
    }
    if (t.range && (t.kind == TlbiKind::kVmall || t.kind == TlbiKind::kAsid)) return std::nullopt;
    return t;
}

}  // namespace bbmsim::mmu
