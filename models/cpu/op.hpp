// SPDX-License-Identifier: Apache-2.0
// A decoded instruction: a handler and its operands, 32 bytes. Blocks are arrays of these.
#pragma once

#include "models/mmu/types.hpp"

namespace bbmsim::cpu {

struct Pe;
struct Op;

// Executes one instruction. Returns op + 1 or next(pe, op) to go on in the block, or null to leave it: after a branch
// (pe.pc is the target), an exception (pe.pc is the vector), or with pe.exit set (pe.pc is where to resume). See
// pe.hpp: leave helpers, and chain.hpp: from block to block.
using Handler = const Op* (*)(Pe& pe, const Op* op);

enum class OpClass : u8 {
    kAlu,
    kMultiply,
    kDivide,
    kBranch,
    kLoad,
    kStore,
    kAtomic,
    kSystem,
    kBarrier,
    kException,
    kCount
};

// Register file indices as they stand in Op: 0..30 Xn, and
inline constexpr u8 kRegSp = 31;    // the current stack pointer
inline constexpr u8 kRegZero = 32;  // reads as zero, never written
inline constexpr u8 kRegSink = 33;  // written by instructions whose destination is XZR, never read

struct alignas(32) Op {  // never in two cache lines
    Handler fn = nullptr;
    u64 imm = 0;
    u8 rd = 0, rn = 0, rm = 0, ra = 0;  // register file indices
    u8 aux = 0, aux2 = 0;               // condition, shift kind, amount, size: the handler's own
    u16 index = 0;                      // position in the block: pc = pe.block_pc + 4 * index
    u32 raw = 0;                        // the encoding
    u16 cycles_before = 0;              // whole cycles of the block's earlier ops, for leaving in the middle
    OpClass cls = OpClass::kAlu;
    bool ends_block = false;  // branches and whatever may change the context: the decoder stops after it
};
static_assert(sizeof(Op) == 32);

}  // namespace bbmsim::cpu
