// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/code_cache.hpp"

#include "models/cpu/decode.hpp"

#include <algorithm>
#include <cmath>

namespace bbmsim::cpu {

namespace {

double cost_of(const TimingConfig& t, OpClass cls) {
    switch (cls) {
        case OpClass::kAlu: return t.alu;
        case OpClass::kMultiply: return t.multiply;
        case OpClass::kDivide: return t.divide;
        case OpClass::kBranch: return t.branch;
        case OpClass::kLoad: return t.load;
        case OpClass::kStore: return t.store;
        case OpClass::kAtomic: return t.atomic;
        case OpClass::kSystem: return t.system;
        case OpClass::kBarrier: return t.barrier;
        case OpClass::kException: return 0;  // charged when taken
        case OpClass::kCount: break;
    }
    return 0;
}

// Sums of binary fractions such as 0.1 must not gain a cycle by rounding.
u16 whole(double cycles) { return static_cast<u16>(std::min(cycles, 65535.0)); }
u16 whole_up(double cycles) { return whole(std::ceil(cycles - 1e-6)); }

}  // namespace

std::unique_ptr<Block> CodeCache::decode_block(const RamView& ram, u64 pa,
                                               const std::bitset<1024>& probe_offsets) const {
    auto block = std::make_unique<Block>();
    block->pa = pa;
    const DecodeContext context{config_.features, &config_.timing};
    const u64 room = (kPageBytes - (pa & kPageMask)) / 4;
    const auto limit = static_cast<unsigned>(std::min<u64>(room, kMaxInstructions));
    double cycles = 0;
    unsigned index = 0;
    for (bool ended = false; index < limit && !ended; ++index) {
        const u64 at = pa + 4 * u64{index};
        if (probe_offsets[(at & kPageMask) >> 2])
            block->ops.push_back(
                {.fn = &probe_check, .index = static_cast<u16>(index), .cycles_before = whole(cycles + 1e-6)});
        u32 raw = 0;
        ram.read(PhysAddr(at), &raw, 4);
        Op op;
        decode(raw, context, op);
        op.index = static_cast<u16>(index);
        op.cycles_before = whole(cycles + 1e-6);
        cycles += cost_of(config_.timing, op.cls);
        ended = op.ends_block;
        block->ops.push_back(op);
    }
    block->count = static_cast<u16>(index);
    block->cycles = std::max<u16>(1, whole_up(cycles));  // time moves even if every instruction is free
    block->ops.push_back(
        {.fn = &end_of_block, .index = static_cast<u16>(index), .cycles_before = block->cycles, .ends_block = true});
    block->ops.shrink_to_fit();
    return block;
}

const Block* CodeCache::get(const RamView& ram, u64 pa, const std::bitset<1024>& probe_offsets) {
    if (ops_ > kMaxOps) clear();
    auto& page = pages_[pa >> kPageShift];
    if (!page) page = std::make_unique<Page>();
    auto& block = page->blocks[(pa & kPageMask) >> 2];
    if (!block) {
        block = decode_block(ram, pa, probe_offsets);
        ops_ += block->ops.size();
        const u64 first = (pa & kPageMask) >> 6;
        const u64 last = ((pa & kPageMask) + 4 * u64{block->count} - 1) >> 6;
        for (u64 line = first; line <= last; ++line) page->lines |= u64{1} << line;
    }
    table_[(pa >> 2) & (kTableSize - 1)] = {pa, block.get()};
    return block.get();
}

void CodeCache::retire(std::unique_ptr<Block> block) {
    Entry& e = table_[(block->pa >> 2) & (kTableSize - 1)];
    if (e.block == block.get()) e = {};
    ops_ -= block->ops.size();
    retired_.push_back(std::move(block));
}

bool CodeCache::drop(u64 pa, u64 size) {
    bool left = false;
    for (u64 at = pa & ~kPageMask; at < pa + size; at += kPageBytes) {
        const auto found = pages_.find(at >> kPageShift);
        if (found == pages_.end()) continue;
        Page& page = *found->second;
        const u64 begin = std::max(pa, at) - at;
        const u64 end = std::min(pa + size, at + kPageBytes) - at;
        u64 written = 0;
        for (u64 line = begin >> 6; line <= (end - 1) >> 6; ++line) written |= u64{1} << line;
        if (!(page.lines & written)) {
            left = true;
            continue;
        }
        for (auto& block : page.blocks)
            if (block) retire(std::move(block));
        pages_.erase(found);
    }
    return left;
}

void CodeCache::clear() {
    for (auto& [number, page] : pages_)
        for (auto& block : page->blocks)
            if (block) retire(std::move(block));
    pages_.clear();
}

}  // namespace bbmsim::cpu
