// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/code_cache.hpp"

#include "models/cpu/decode.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <new>

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

CodeCache::BlockPtr CodeCache::decode_block(const RamView& ram, u64 pa, const std::bitset<1024>& probe_offsets) {
    Block header{.pa = pa};
    decoded_.clear();
    DecodeContext context{config_.features, &config_.timing, 0, true};
    const u64 room = (kPageBytes - (pa & kPageMask)) / 4;
    const auto limit = static_cast<unsigned>(std::min<u64>(room, kMaxInstructions));
    double cycles = 0;
    unsigned index = 0;
    for (bool ended = false; index < limit && !ended; ++index) {
        const u64 at = pa + 4 * u64{index};
        if (probe_offsets[(at & kPageMask) >> 2])
            decoded_.push_back(
                {.fn = &probe_check, .index = static_cast<u16>(index), .cycles_before = whole(cycles + 1e-6)});
        u32 raw = 0;
        ram.read(PhysAddr(at), &raw, 4);
        Op op;
        context.page_offset = static_cast<unsigned>(at & kPageMask);
        decode(raw, context, op);
        op.index = static_cast<u16>(index);
        op.cycles_before = whole(cycles + 1e-6);
        if (index == 0) header.first_raw = raw;
        cycles += cost_of(config_.timing, op.cls);
        ended = op.ends_block;
        decoded_.push_back(op);
    }
    header.count = static_cast<u16>(index);
    header.cycles = std::max<u16>(1, whole_up(cycles));  // time moves even if every instruction is free
    decoded_.push_back(
        {.fn = &end_of_block, .index = static_cast<u16>(index), .cycles_before = header.cycles, .ends_block = true});
    header.op_count = static_cast<u32>(decoded_.size());
    const std::size_t op_bytes = decoded_.size() * sizeof(Op);
    auto* memory =
        static_cast<u8*>(::operator new (sizeof(Block) + op_bytes + sizeof(Links), std::align_val_t{alignof(Block)}));
    auto* block = new (memory) Block(header);
    std::uninitialized_copy(decoded_.begin(), decoded_.end(), reinterpret_cast<Op*>(memory + sizeof(Block)));
    new (memory + sizeof(Block) + op_bytes) Links;
    return BlockPtr(block);
}

const Block* CodeCache::get(const RamView& ram, u64 pa, const std::bitset<1024>& probe_offsets) {
    if (ops_ > kMaxOps) clear();
    auto& page = pages_[pa >> kPageShift];
    if (!page) page = std::make_unique<Page>();
    auto& block = page->blocks[(pa & kPageMask) >> 2];
    if (!block) {
        block = decode_block(ram, pa, probe_offsets);
        ops_ += block->op_count;
        const u64 first = (pa & kPageMask) >> 6;
        const u64 last = ((pa & kPageMask) + 4 * u64{block->count} - 1) >> 6;
        for (u64 line = first; line <= last; ++line) page->lines |= u64{1} << line;
    }
    table_[slot_of(pa)] = block.get();
    return block.get();
}

void CodeCache::retire(BlockPtr block) {
    const Block*& found = table_[slot_of(block->pa)];
    if (found == block.get()) found = &kNone;
    ops_ -= block->op_count;
    ++generation_;
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
