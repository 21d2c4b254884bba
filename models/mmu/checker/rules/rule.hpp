// SPDX-License-Identifier: Apache-2.0
// A rule of break-before-make: what it says, and when it is broken. One file of this folder each; list.cpp names them.
#pragma once

#include "models/mmu/checker/descriptor.hpp"
#include "models/mmu/checker/findings.hpp"
#include "models/mmu/ram_view.hpp"

#include <span>

namespace bbmsim::mmu {

// What a rule needs to know of the PE for which a change is judged.
struct PeView {
    u32 bbml = 0;
    u64 mair = 0;
    bool ha = false, hd = false;  // TCR.HA, TCR.HD: hardware access flag and dirty state
    u8 oa_bits = 48;              // TCR.IPS
    bool operator==(const PeView&) const = default;
};

// One valid value replaced by another at the same descriptor.
struct ValueChange {
    u64 before, after;
    DescKind before_kind, after_kind;
    u8 level;
    Granule granule;
    const PeView& pe;
    const RamView& ram;
};

// How far the sequence of R_DDMVT came for one old value and one PE, when a new valid value was written.
struct SequenceState {
    bool tlbi_issued = false;        // a covering TLBI that reaches the PE, after the write was ordered
    bool tlbi_before_order = false;  // likewise, but before any DSB had ordered the write
    bool tlbi_elsewhere = false;     // a covering local TLBI, but of another PE
    bool tlbi_wrong = false;         // one that was meant for the entry and does not cover it (tlbi_log.hpp)
};

struct RuleSpec {
    RuleInfo info;
    bool (*value)(const ValueChange&) = nullptr;       // rules on values
    bool (*sequence)(const SequenceState&) = nullptr;  // rules on the sequence
};

// In the order in which they are asked: the first that is broken names the finding.
std::span<const RuleSpec> rule_specs();

extern const RuleSpec kRuleSize, kRuleOa, kRuleMemtype, kRuleCache, kRuleShare, kRuleCont, kRuleGlobal;
extern const RuleSpec kRuleNoTlbi, kRuleNoDsbBeforeTlbi, kRuleNoDsbAfterTlbi, kRuleLocalTlbi, kRuleWrongTlbi;
// Judged where they happen: change(), contexts.cpp and hardware_rules.cpp.
extern const RuleSpec kRuleTableReuse, kRuleContGroup, kRuleAsidReuse, kRuleCnp, kRuleContext, kRuleExecSync,
    kRuleHwUpdate;

// Effective memory attributes by MAIR, for the rules on type, cacheability and shareability.
inline u8 mair_attr(u64 descriptor, u64 mair) { return static_cast<u8>(mair >> (8 * ((descriptor >> 2) & 7))); }
inline bool attr_is_device(u8 attr) { return (attr & 0xf0) == 0; }

}  // namespace bbmsim::mmu
