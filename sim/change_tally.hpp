// SPDX-License-Identifier: Apache-2.0
// What a run changed of live translation tables, told apart by what the rules tell apart, and by whom the entries were
// written for which a PE took a TLB conflict abort. For exploration: what was looked at, and what was not.
#pragma once

#include "models/mmu/event.hpp"

#include <map>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

// What differs, the first that applies.
enum class ChangeRow : u8 {
    kMake,        // an invalid entry became valid
    kBreak,       // a valid one invalid
    kSize,        // a table became a leaf or the reverse
    kTable,       // another table
    kOa,          // another output address
    kMemtype,     // another memory type or cacheability: AttrIndx
    kShare,       // SH
    kCont,        // the Contiguous bit
    kGlobal,      // nG
    kPermission,  // AP, XN, AF, DBM, nT, GP, hierarchical controls
    kSoftware,    // bits that translation does not look at
    kCount
};
enum class ChangeEntry : u8 { kTable, kBlock, kPage, kCount };  // what was there; for kMake what is there now
enum class ChangeVerdict : u8 {
    kLegal,
    kAfterBreak,  // a make where the former entry was broken and flushed, as R_DDMVT has it
    kViolates,    // it broke a rule when it was written
    kCount
};

struct ChangeCount {
    ChangeRow row{};
    u8 level = 0;
    ChangeEntry entry{};
    bool contiguous = false;  // before or after
    ChangeVerdict verdict{};
    u64 count = 0;
};

// TLB conflict aborts of one PE over entries that one instruction changed.
struct ConflictAborts {
    PeId pe = 0;
    u64 writer_pc = 0;                              // 0: nobody changed the descriptor while it was live
    u8 level = 0;                                   // of the largest entry that matched
    u64 desc_pa = 0;                                // of the first
    u64 pc = 0, va = 0, matches = 0, first_ps = 0;  // of the first
    u64 count = 0;
};

class ChangeTally final : public EventSink {
public:
    explicit ChangeTally(EventBus& bus);
    ~ChangeTally() override { bus_.detach(this); }
    ChangeTally(const ChangeTally&) = delete;

    void on_event(const Event& event) override;
    [[nodiscard]] std::vector<ChangeCount> changes() const;
    [[nodiscard]] std::vector<ConflictAborts> conflict_aborts() const { return aborts_; }
    void archive(Archive& ar);

private:
    static constexpr std::size_t kMostDescriptors = 1 << 18, kMostAborts = 4096;
    void write(const Event& event);
    void conflict(const Event& event);

    EventBus& bus_;
    std::map<std::tuple<ChangeRow, u8, ChangeEntry, bool, ChangeVerdict>, u64> counts_;
    std::unordered_map<u64, u64> writers_;  // who changed the valid descriptor there last
    std::unordered_set<u64> broken_;        // descriptors that were made invalid while they were live
    std::vector<ConflictAborts> aborts_;
};

}  // namespace bbmsim::sim
