// SPDX-License-Identifier: Apache-2.0
// From the end of one block straight into the next, without coming back to Engine::run.
//
// A chained entry is exactly what Engine::run does between two blocks while nothing wants attention and cycles remain:
// a fetch that the filter answers (counted, touched), the block at its physical address, its charge. The link behind
// the block's last op only says where that block was found before. All that is not so plain is chain_slow(), which
// finds and links, or gives up: null, with pe.pc at the target, and Engine::run goes on from there.
//
// A branch within its page needs no look at the filter: its block was entered by way of the slot that answers the
// target too, and whatever moves a fetch translation or wants attention sets the cycle limit to 0
// (TranslationFilter::fetch_moved, Pe::attend). A block that was fetched past the filter runs with that limit.
#pragma once

#include "models/cpu/code_cache.hpp"
#include "models/cpu/pe.hpp"
#include "models/mmu/filter.hpp"
#include "models/mmu/replacement/recency.hpp"
#include "models/mmu/tlb_entry.hpp"

namespace bbmsim::cpu {

enum class Way : u8 { kOn, kTaken };  // index of Links

// `links`: of the block that ends. pe.pc is the target.
const Op* chain_slow(Pe& pe, const Links* links, Way way);
// Where the limit is reached or the link void: sets pe.pc.
const Op* chain_near_slow(Pe& pe, const Links* links, u64 target, Way way);
// The same for a target that a register gives, with PSTATE.BTYPE perhaps set.
const Op* chain_indirect(Pe& pe, u64 target);

// The block is charged at its entry; pc is the virtual address of its first instruction.
inline void begin_block(Pe& pe, const Block* block, u64 pc) {
    pe.fast.block = block;
    pe.block_pc = pc;
    pe.instructions += block->count;
    pe.charge(Cost::kExecution, block->cycles);
}

// `op`: the branch that ends the block.
inline const Links* links_of(const Op* op) { return reinterpret_cast<const Links*>(op + 2); }

inline mmu::FilterSlot& fetch_slot(const Pe& pe, u64 pc) {
    return pe.fast.fetch_slots[(pc >> kPageShift) & (mmu::TranslationFilter::kSlots - 1)];
}
inline bool answers(const mmu::FilterSlot& slot, u64 pc) {
    return slot.tag == (pc & ~kPageMask) && slot.gen == slot.entry->gen;
}

// A fetch by that slot, perhaps of another page than the last one: the policy's touch, and what BR wants to know.
// False: touching is more than a stamp.
inline bool fetch_by(FastPath& fast, bool& guarded_page, const mmu::FilterSlot& slot) {
    if (!fast.fetch_stamps) [[unlikely]]
        return slot.entry == fast.last_fetch;
    mmu::replacement::stamp(fast.fetch_stamps, fast.fetch_clock, slot.entry->index);
    fast.last_fetch = slot.entry;
    guarded_page = slot.entry->perms.guarded & fast.bti;
    return true;
}

#ifdef BBMSIM_THREADED

[[gnu::always_inline]] inline const Op* enter_chained(Pe& pe, const Block* block, u64 pc) {
    ++pe.filter_fetch_hits;
    pe.entry_btype = 0;
    pe.synced = false;
    begin_block(pe, block, pc);
    return block->ops()->fn(pe, block->ops());
}

[[gnu::always_inline]] inline const Op* chain(Pe& pe, const Links* links, u64 target, Way way) {
    FastPath& fast = pe.fast;
    pe.pc = target;
    if (pe.cycles >= fast.cycle_limit) [[unlikely]]
        return nullptr;
    const auto n = static_cast<unsigned>(way);
    const mmu::FilterSlot& slot = fetch_slot(pe, target);
    const Block* block = links->to[n];
    if (links->generation[n] != fast.code_generation || !answers(slot, target) || slot.page != block->page() ||
        !fetch_by(fast, pe.guarded_page, slot)) [[unlikely]]
        return chain_slow(pe, links, way);
    return enter_chained(pe, block, target);
}
// The same for a target in the page of the block.
[[gnu::always_inline]] inline const Op* chain_near(Pe& pe, const Links* links, u64 target, Way way) {
    const auto n = static_cast<unsigned>(way);
    if (pe.cycles >= pe.fast.cycle_limit || links->generation[n] != pe.fast.code_generation) [[unlikely]]
        return chain_near_slow(pe, links, target, way);
    return enter_chained(pe, links->to[n], target);
}

#else

inline const Op* chain(Pe& pe, const Links*, u64 target, Way) { return pe.branch(target); }
inline const Op* chain_near(Pe& pe, const Links*, u64 target, Way) { return pe.branch(target); }

#endif

}  // namespace bbmsim::cpu
