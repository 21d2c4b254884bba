// SPDX-License-Identifier: Apache-2.0
// Decoded blocks of one PE, keyed by physical address.
//
// A block is straight-line code within one 4 KiB page: at most 64 instructions, up to the first that ends it. It
// carries its whole-cycle cost. Look-up is a direct-mapped table by physical address in front of per-page arrays; that
// the address is right for the PC is the fetch filter's or the MMU's business. Blocks that a store drops live on until
// the engine's next block entry, so that a block may overwrite itself.
//
// A block is one piece of memory: header, ops, one op behind the last that leaves the block, links to the blocks that
// its end went to before (chain.hpp follows them). Links are void once the generation has moved.
#pragma once

#include "models/cpu/core_config.hpp"
#include "models/cpu/op.hpp"
#include "models/mmu/ram_view.hpp"
#include "models/mmu/types.hpp"

#include <array>
#include <bitset>
#include <memory>
#include <new>
#include <unordered_map>
#include <vector>

namespace bbmsim::cpu {

struct alignas(Op) Block {
    u64 pa = 0;
    u16 count = 0;      // instructions
    u16 cycles = 0;     // of all of them
    u32 first_raw = 0;  // encoding of the first instruction
    u32 op_count = 0;   // with check ops and the one that leaves the block
    [[nodiscard]] const Op* ops() const { return reinterpret_cast<const Op*>(this + 1); }
    [[nodiscard]] u32 page() const { return static_cast<u32>(pa >> kPageShift); }
};
static_assert(sizeof(Block) == sizeof(Op));

// Where a block's end went: [0] on to the next instruction, [1] to the branch's target. Behind its last op.
struct Links {
    const Block* to[2] = {nullptr, nullptr};
    u64 generation[2] = {0, 0};
};
static_assert(alignof(Links) <= alignof(Op));

class CodeCache {
public:
    static constexpr unsigned kMaxInstructions = 64;

    // `generation` moves whenever a block goes.
    CodeCache(const CoreConfig& config, u64& generation) : config_(config), generation_(generation) {}

    [[nodiscard]] const Block* find(u64 pa) const {
        const Block* block = table_[slot_of(pa)];
        return block->pa == pa ? block : nullptr;
    }
    // The block at pa, decoded if need be. RAM only. `probe_offsets`: instructions of a page that get a check op.
    const Block* get(const RamView& ram, u64 pa, const std::bitset<1024>& probe_offsets);
    // Every op of the blocks that are decoded now. F(const Op&).
    template <class F>
    void each_op(F&& f) const {
        for (const auto& [number, page] : pages_)
            for (const auto& block : page->blocks)
                if (block)
                    for (u32 i = 0; i < block->op_count; ++i) f(block->ops()[i]);
    }
    bool drop(u64 pa, u64 size);  // true if the page(s) still hold decoded blocks
    void clear();                 // everything
    void free_retired() { retired_.clear(); }
    [[nodiscard]] bool has_retired() const { return !retired_.empty(); }
    [[nodiscard]] bool holds_page(u64 pa) const { return pages_.contains(pa >> kPageShift); }

private:
    static constexpr u64 kTableSize = 16384;
    static u64 slot_of(u64 pa) { return ((pa >> 2) ^ (pa >> 16)) & (kTableSize - 1); }
    static constexpr u64 kMaxOps = u64{1} << 20;  // 32 MiB of decoded code, then everything goes
    static constexpr Block kNone{.pa = ~u64{0}};
    struct Free {
        void operator()(Block* block) const { ::operator delete (block, std::align_val_t{alignof(Block)}); }
    };
    using BlockPtr = std::unique_ptr<Block, Free>;
    struct Page {
        std::array<BlockPtr, 1024> blocks;
        u64 lines = 0;  // 64-byte lines that some block was decoded from
    };

    BlockPtr decode_block(const RamView& ram, u64 pa, const std::bitset<1024>& probe_offsets);
    void retire(BlockPtr block);

    const CoreConfig& config_;
    u64& generation_;
    std::vector<Op> decoded_;  // of the block that is being made
    std::vector<const Block*> table_ = std::vector<const Block*>(kTableSize, &kNone);
    std::unordered_map<u64, std::unique_ptr<Page>> pages_;
    std::vector<BlockPtr> retired_;
    u64 ops_ = 0;
};

// Handlers of the ops that are no instructions (dispatch.cpp).
const Op* end_of_block(Pe& pe, const Op* op);
const Op* probe_check(Pe& pe, const Op* op);

}  // namespace bbmsim::cpu
