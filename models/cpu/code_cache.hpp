// SPDX-License-Identifier: Apache-2.0
// Decoded blocks of one PE, keyed by physical address.
//
// A block is straight-line code within one 4 KiB page: at most 64 instructions, up to the first that ends it. It
// carries its whole-cycle cost. Look-up is a direct-mapped table by physical address in front of per-page arrays; that
// the address is right for the PC is the fetch filter's or the MMU's business. Blocks that a store drops live on until
// the engine's next block entry, so that a block may overwrite itself.
#pragma once

#include "models/cpu/core_config.hpp"
#include "models/cpu/op.hpp"
#include "models/mmu/ram_view.hpp"
#include "models/mmu/types.hpp"

#include <array>
#include <bitset>
#include <memory>
#include <unordered_map>
#include <vector>

namespace bbmsim::cpu {

struct Block {
    u64 pa = 0;
    u16 count = 0;        // instructions
    u16 cycles = 0;       // of all of them
    std::vector<Op> ops;  // and one behind the last that leaves the block
};

class CodeCache {
public:
    static constexpr unsigned kMaxInstructions = 64;

    explicit CodeCache(const CoreConfig& config) : config_(config) {}

    [[nodiscard]] const Block* find(u64 pa) const {
        const Entry& e = table_[(pa >> 2) & (kTableSize - 1)];
        return e.pa == pa ? e.block : nullptr;
    }
    // The block at pa, decoded if need be. RAM only. `probe_offsets`: instructions of a page that get a check op.
    const Block* get(const RamView& ram, u64 pa, const std::bitset<1024>& probe_offsets);
    // Every op of the blocks that are decoded now. F(const Op&).
    template <class F>
    void each_op(F&& f) const {
        for (const auto& [number, page] : pages_)
            for (const auto& block : page->blocks)
                if (block)
                    for (const Op& op : block->ops) f(op);
    }
    bool drop(u64 pa, u64 size);  // true if the page(s) still hold decoded blocks
    void clear();                 // everything
    void free_retired() { retired_.clear(); }
    [[nodiscard]] bool has_retired() const { return !retired_.empty(); }
    [[nodiscard]] bool holds_page(u64 pa) const { return pages_.contains(pa >> kPageShift); }

private:
    static constexpr u64 kTableSize = 8192;
    static constexpr u64 kMaxOps = u64{1} << 20;  // 32 MiB of decoded code, then everything goes
    struct Entry {
        u64 pa = ~u64{0};
        const Block* block = nullptr;
    };
    struct Page {
        std::array<std::unique_ptr<Block>, 1024> blocks;
        u64 lines = 0;  // 64-byte lines that some block was decoded from
    };

    std::unique_ptr<Block> decode_block(const RamView& ram, u64 pa, const std::bitset<1024>& probe_offsets) const;
    void retire(std::unique_ptr<Block> block);

    const CoreConfig& config_;
    std::vector<Entry> table_ = std::vector<Entry>(kTableSize);
    std::unordered_map<u64, std::unique_ptr<Page>> pages_;
    std::vector<std::unique_ptr<Block>> retired_;
    u64 ops_ = 0;
};

// Handlers of the ops that are no instructions (dispatch.cpp).
const Op* end_of_block(Pe& pe, const Op* op);
const Op* probe_check(Pe& pe, const Op* op);

}  // namespace bbmsim::cpu
