// SPDX-License-Identifier: Apache-2.0
#include "sim/change_tally.hpp"

#include "models/mmu/config.hpp"

#include <algorithm>

namespace bbmsim::sim {

namespace {

constexpr u64 kAddress = 0x0000'ffff'ffff'f000, kContiguous = u64{1} << 52;
constexpr u64 kAttrIndx = 7 << 2, kSh = 3 << 8, kNg = 1 << 11;
constexpr u64 kNtBit = 1 << 16;                                         // of blocks: not part of the address
constexpr u64 kLeafControls = (3 << 6) | (1 << 10) | (u64{0xf} << 51);  // AP, AF, DBM, (Contiguous), PXN, UXN
constexpr u64 kGuarded = u64{1} << 50, kTableControls = u64{0x1f} << 59;

bool is_table(u64 value, unsigned level) { return level < 3 && (value & 2); }

ChangeRow row_of(u64 before, u64 after, unsigned level) {
    if (!(before & 1)) return ChangeRow::kMake;
    if (!(after & 1)) return ChangeRow::kBreak;
    const u64 differs = before ^ after;
    if (is_table(before, level) != is_table(after, level)) return ChangeRow::kSize;
    if (is_table(before, level)) {
        if (differs & kAddress) return ChangeRow::kTable;
        return differs & kTableControls ? ChangeRow::kPermission : ChangeRow::kSoftware;
    }
    const u64 nt = level < 3 ? kNtBit : 0;
    if (differs & kAddress & ~nt) return ChangeRow::kOa;
    if (differs & kAttrIndx) return ChangeRow::kMemtype;
    if (differs & kSh) return ChangeRow::kShare;
    if (differs & kContiguous) return ChangeRow::kCont;
    if (differs & kNg) return ChangeRow::kGlobal;
    return differs & (kLeafControls | kGuarded | nt) ? ChangeRow::kPermission : ChangeRow::kSoftware;
}

}  // namespace

ChangeTally::ChangeTally(EventBus& bus) : bus_(bus) {
    bus_.attach(this, u64{1} << static_cast<unsigned>(EventKind::kDescriptorWrite) |
                          u64{1} << static_cast<unsigned>(EventKind::kConflict));
}

void ChangeTally::on_event(const Event& event) {
    if (event.kind == EventKind::kDescriptorWrite)
        write(event);
    else
        conflict(event);
}

void ChangeTally::write(const Event& event) {
    const u64 before = event.a, after = event.b;
    if (before == after || !((before | after) & 1)) return;
    const ChangeRow row = row_of(before, after, event.level);
    const u64 shown = before & 1 ? before : after;
    const ChangeEntry entry = is_table(shown, event.level) ? ChangeEntry::kTable
                              : event.level == 3           ? ChangeEntry::kPage
                                                           : ChangeEntry::kBlock;
    auto verdict = event.sub ? ChangeVerdict::kViolates : ChangeVerdict::kLegal;
    if (row == ChangeRow::kMake && broken_.erase(event.pa) && !event.sub) verdict = ChangeVerdict::kAfterBreak;
    if (row == ChangeRow::kBreak && broken_.size() < kMostDescriptors) broken_.insert(event.pa);
    if (row != ChangeRow::kMake && (writers_.size() < kMostDescriptors || writers_.contains(event.pa)))
        writers_[event.pa] = event.pc;
    const bool leaf = entry != ChangeEntry::kTable || row == ChangeRow::kSize;
    ++counts_[{row, event.level, entry, leaf && ((before | after) & kContiguous), verdict}];
}

void ChangeTally::conflict(const Event& event) {
    if (static_cast<mmu::ConflictBehaviour>(event.sub) != mmu::ConflictBehaviour::kAbort) return;
    const auto writer = writers_.find(event.pa);
    const u64 pc = writer == writers_.end() ? 0 : writer->second;
    auto known = std::ranges::find_if(aborts_, [&](const ConflictAborts& a) {
        return a.pe == event.pe && a.writer_pc == pc && a.level == event.level;
    });
    if (known == aborts_.end()) {
        if (aborts_.size() == kMostAborts) return;
        aborts_.push_back({event.pe, pc, event.level, event.pa, event.pc, event.va, event.a, event.time_ps, 0});
        known = aborts_.end() - 1;
    }
    ++known->count;
}

std::vector<ChangeCount> ChangeTally::changes() const {
    std::vector<ChangeCount> out;
    for (const auto& [key, count] : counts_) {
        const auto& [row, level, entry, contiguous, verdict] = key;
        out.push_back({row, level, entry, contiguous, verdict, count});
    }
    return out;
}

}  // namespace bbmsim::sim
