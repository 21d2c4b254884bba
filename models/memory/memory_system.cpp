// SPDX-License-Identifier: Apache-2.0
#include "models/memory/memory_system.hpp"

#include <bit>

namespace bbmsim::memory {

MemorySystem::MemorySystem(const SharedConfig& config, Detail detail, unsigned pes)
    : config_(config),
      queues_(detail == Detail::kFull),
      several_(pes > 1),
      caches_(pes),
      l3_(config.l3_bytes, config.l3_ways),
      channel_(config) {}

void MemorySystem::attach(PeId pe, PrivateCaches* caches) {
    constexpr u64 kRounds = 4;  // times that all caches can be filled anew in between
    caches_[pe] = caches;
    gather_after_ += kRounds * caches->lines().size();
}

void MemorySystem::came(PeId pe, u64 line) {
    if (!several_) return;
    presence_.add(pe, line);
    if (++came_ >= gather_after_) [[unlikely]]
        gather_presence();
}

void MemorySystem::gather_presence() {
    came_ = 0;
    presence_.clear();
    for (std::size_t pe = 0; pe < caches_.size(); ++pe)
        if (caches_[pe])
            for (const u64 word : caches_[pe]->lines())
                if (word != kNoLine) presence_.add(static_cast<PeId>(pe), line_of(word));
}

u32 MemorySystem::memory(u64 line, u64 now, u64 khz) {
    if (!queues_) return 0;
    const u64 now_ps = static_cast<u64>(static_cast<unsigned __int128>(now) * 1'000'000'000 / khz);
    return cycles(channel_.transfer(line, now_ps), khz);
}

// Nobody waits for what goes to memory here.
void MemorySystem::store_in_l3(u64 line, u64 now, u64 khz) {
    u64 written = line;
    if (!l3_.present() || l3_.find_or_insert(line, true, written) == L3::Found::kNoAndWroteBack)
        memory(written, now, khz);
}

Answer MemorySystem::below(u64 line, bool contents, u64 now, u64 khz) {
    if (!contents) return {.place = Place::kL3};  // its home must agree, no more
    if (l3_.present()) {
        u64 written = 0;
        const L3::Found found = l3_.find_or_insert(line, false, written);
        if (found == L3::Found::kYes) return {.place = Place::kL3};
        if (found == L3::Found::kNoAndWroteBack) memory(written, now, khz);
    }
    return {.place = Place::kMemory, .queue_cycles = memory(line, now, khz)};
}

Answer MemorySystem::read(PeId pe, u64 line, u64 now, u64 khz) {
    for (u64 others = several_ ? presence_.others(pe, line) : 0; others; others &= others - 1) {
        const u64 word = caches_[static_cast<unsigned>(std::countr_zero(others))]->share(line);
        if (!word) continue;
        if (word & kDirty) store_in_l3(line, now, khz);
        if (word & kUnique) return {.place = Place::kTransfer, .unique = false};
        Answer answer = below(line, true, now, khz);  // the L3 is asked before another sharer
        if (answer.place != Place::kL3) answer = {.place = Place::kTransfer};
        answer.unique = false;
        return answer;
    }
    return below(line, true, now, khz);
}

bool MemorySystem::drop_others(PeId pe, u64 line) {
    bool found = false;
    for (u64 others = several_ ? presence_.others(pe, line) : 0; others; others &= others - 1)
        found |= caches_[static_cast<unsigned>(std::countr_zero(others))]->drop(line) != 0;
    return found;
}

Answer MemorySystem::own(PeId pe, u64 line, bool contents, u64 now, u64 khz) {
    if (drop_others(pe, line)) return {.place = Place::kTransfer};
    return below(line, contents, now, khz);
}

bool MemorySystem::upgrade(PeId pe, u64 line) { return drop_others(pe, line); }

void MemorySystem::clean_invalidate(u64 line) {
    for (PrivateCaches* caches : caches_)
        if (caches) caches->drop(line);
    l3_.drop(line);
}

}  // namespace bbmsim::memory
