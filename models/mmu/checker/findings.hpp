// SPDX-License-Identifier: Apache-2.0
// What the checker reports: violations (protocol), hazards (effect), notes (quiet). Never mixed (design: mechanism 5).
#pragma once

#include "models/mmu/types.hpp"

#include <string>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::mmu {

enum class Rule : u8 {
    kSize,
    kOa,
    kMemtype,
    kCache,
    kShare,
    kCont,
    kGlobal,
    kNoTlbi,
    kNoDsbBeforeTlbi,
    kNoDsbAfterTlbi,
    kLocalTlbi,
    kWrongTlbi,
    kTableReuse,
    kContGroup,
    kAsidReuse,
    kCnp,
    kContext,
    kExecSync,
    kHwUpdate,
    kCount
};
// All that is said of a rule: findings, `bbmsim list rules` and docs/manual/rules/ are made from it. The guest program
// that breaks it is workloads/bare/rules/<id>.c. Strings are whole sentences of our own words, except where noted.
struct RuleInfo {
    Rule rule;
    const char* id;        // "BBM-SIZE"
    const char* arm_rule;  // the first of its sources, "R_WHZWS"
    const char* sources;   // rule ids of DDI 0487, or registers whose description says it; comma separated
    u8 holds_at;           // bit n: a PE at FEAT_BBM level n may not do what the guest program's violating variant does
    const char* values;    // what old and new value are: "descriptor", "tables" (an address), "register"
    const char* title;     // one line, no sentence
    const char* text;      // what is required
    const char* levels;    // when it applies at which FEAT_BBM level
    const char* hardware;  // what hardware may do if it is broken
    const char* mend;      // what would be right: the end of each finding
    const char* silent;    // exemptions, and what looks like it and is none
};
const RuleInfo& rule_info(Rule rule);
const std::vector<RuleInfo>& all_rules();   // in the order of Rule
const RuleInfo* find_rule(const char* id);  // by "BBM-SIZE"; null if there is none

struct Holder {  // a PE for which the finding matters
    PeId pe = 0;
    u32 bbml = 0;
    bool reaches = false;   // through a base register in force
    bool may_hold = false;  // left the table without a covering TLBI
    bool holds = false;     // its modelled TLBs really have the entry now
    u64 filled_ps = 0;      // of the held entry, if holds
};

// Equal findings (rule, writer, pc) are one, with the range of VA they touched.
struct Violation {
    Rule rule{};
    PeId pe = kNoPe;  // the writer
    u64 pc = 0;
    u64 first_ps = 0, last_ps = 0;
    u64 va_lo = 0, va_hi = 0;  // [lo, hi)
    u64 desc_pa = 0;           // of the first
    u8 level = 0;
    u64 old_value = 0, new_value = 0;  // of the first
    u64 count = 1;
    std::vector<Holder> holders;  // union over the occurrences
    std::string detail;           // what the rule's own judge had to say; part of the text
    std::string text;             // explanation, names rule and PEs; symbols are added above
    void archive(Archive& ar);
};

enum class HazardKind : u8 {
    kConflict,
    kStale,
    kLostUpdate  // pe: the writer; entry_value: what hardware had made of the descriptor
};
struct Hazard {
    HazardKind kind{};
    PeId pe = 0;  // the PE whose access it was
    u64 pc = 0;
    u64 first_ps = 0;
    u64 va_lo = 0, va_hi = 0;
    u64 desc_pa = 0;
    u64 entry_value = 0;   // descriptor value the used entry was made from
    u64 memory_value = 0;  // what memory holds now
    u64 count = 1;
    int violation = -1;     // index of the violation that let it in, if known
    std::string behaviour;  // "abort", "first", ..., "used stale entry"
    std::string text;
    void archive(Archive& ar);
};

struct Note {
    std::string text;
    PeId pe = kNoPe;
    u64 pc = 0;
    u64 va = 0;
    u64 count = 1;
    void archive(Archive& ar);
};

struct CheckerStats {
    u64 descriptor_writes = 0;  // to live tables
    u64 writes_by_level[4] = {};
    u64 splits = 0;  // of these, a block that became a table
    u64 tables_linked = 0, tables_unlinked = 0;
    u64 live_tables = 0;  // now
    u64 peak_live_tables = 0;
    u64 fills = 0;    // TLB fills looked at
    u64 pending = 0;  // old values that no completed TLBI has covered
};

}  // namespace bbmsim::mmu
