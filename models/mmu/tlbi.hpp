// SPDX-License-Identifier: Apache-2.0
// EL1 TLB maintenance as data: decoded from the SYS encoding and its operand, sent over the interconnect,
// applied by every PE's TLBs (tlb.hpp) and judged by the checker. D8.16, C5.5; range operand FEAT_TLBIRANGE.
#pragma once

#include "models/mmu/types.hpp"

#include <optional>
#include <string>

namespace bbmsim::mmu {

enum class TlbiKind : u8 { kVa, kVal, kVaa, kVaal, kAsid, kVmall };
enum class TlbiScope : u8 { kLocal, kInner, kOuter };  // plain, IS, OS

struct Tlbi {
    TlbiKind kind = TlbiKind::kVmall;
    TlbiScope scope = TlbiScope::kLocal;
    bool nxs = false;
    bool range = false;
    u64 operand = 0;  // as written to the register

    [[nodiscard]] bool broadcast() const { return scope != TlbiScope::kLocal; }
    [[nodiscard]] bool last_level_only() const { return kind == TlbiKind::kVal || kind == TlbiKind::kVaal; }
    [[nodiscard]] bool any_asid() const {
        return kind == TlbiKind::kVaa || kind == TlbiKind::kVaal || kind == TlbiKind::kVmall;
    }
    [[nodiscard]] u16 asid() const { return static_cast<u16>(operand >> 48); }
    [[nodiscard]] std::string mnemonic() const;  // "vaale1is", "rvae1osnxs", ...
};

// The TLBI of a SYS instruction (op1=0, CRn=8 or 9 for nXS), or nothing if the encoding is not an EL1 stage 1 TLBI.
std::optional<Tlbi> decode_tlbi(u8 op1, u8 crn, u8 crm, u8 op2, u64 operand);

// What a TLBI by address covers, for a given granule: [va, va + bytes), and the level its TTL names.
struct TlbiSpan {
    u64 va = 0;  // canonical: bit 55 extended
    u64 bytes = 0;
    int ttl_level = -1;    // -1: any level
    bool required = true;  // false: nothing need be removed (TG mismatch R_XKMMX, reserved SCALE/TTL)
};
TlbiSpan tlbi_span(const Tlbi& op, Granule granule);

}  // namespace bbmsim::mmu
