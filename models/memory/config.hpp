// SPDX-License-Identifier: Apache-2.0
// Parameters of the memory side: a PE's own caches and store buffer, and what all PEs share. Plain data, the same field
// names as in Python; where each default comes from and how sure it is: python/bbmsim/parameters.py.
#pragma once

#include "models/mmu/types.hpp"

#include <string>
#include <vector>

namespace bbmsim::memory {

// How much of the memory side is modelled (docs/manual/cost.md).
enum class Detail : u8 {
    kFast,     // private tags, a fixed price per level, nothing shared
    kTypical,  // coherence between private caches, shared L3, walks through the caches, store buffers
    kFull,     // and bandwidth, DRAM rows, the node's work for each target of a DVM message
};

// A PE's own data caches as latencies; 64-byte lines, tags only. 0 bytes: the level is absent. I-side: not modelled.
struct CacheConfig {
    u32 l1d_bytes = 65536, l1d_ways = 4, l2_bytes = 524288, l2_ways = 8;
    u32 l2_cycles = 10;           // added when L1D misses and L2 hits
    u32 l3_cycles = 26;           // added when both miss and L3 answers
    u32 memory_cycles = 160;      // added when memory answers
    u32 store_buffer_lines = 24;  // lines that stores may wait for at once; 0: a store waits for its own
    u32 store_line_cycles = 8;    // between two lines that leave the store buffer
    u32 write_stream_lines = 4;   // whole lines stored in a row after which none is read first; 0: all are read
    bool walks_fill_l2 = true;    // lines that walks read are kept in L2
};

// What the PEs share.
struct SharedConfig {
    u32 l3_bytes = 8u << 20, l3_ways = 16;  // 0 bytes: absent
    u32 transfer_ns = 40;                   // a line that another PE's cache answers for
    u32 bandwidth_mb_s = 40'000;            // of memory, reads and writes together; detail full
    u32 dram_row_bytes = 8192, dram_banks = 16;
    u32 dram_row_ns = 15;  // added when a bank has another row open; detail full
};

template <class V>
void visit_fields(CacheConfig& c, V&& v) {
    v("l1d_bytes", c.l1d_bytes);
    v("l1d_ways", c.l1d_ways);
    v("l2_bytes", c.l2_bytes);
    v("l2_ways", c.l2_ways);
    v("l2_cycles", c.l2_cycles);
    v("l3_cycles", c.l3_cycles);
    v("memory_cycles", c.memory_cycles);
    v("store_buffer_lines", c.store_buffer_lines);
    v("store_line_cycles", c.store_line_cycles);
    v("write_stream_lines", c.write_stream_lines);
    v("walks_fill_l2", c.walks_fill_l2);
}
template <class V>
void visit_fields(SharedConfig& c, V&& v) {
    v("l3_bytes", c.l3_bytes);
    v("l3_ways", c.l3_ways);
    v("transfer_ns", c.transfer_ns);
    v("bandwidth_mb_s", c.bandwidth_mb_s);
    v("dram_row_bytes", c.dram_row_bytes);
    v("dram_banks", c.dram_banks);
    v("dram_row_ns", c.dram_row_ns);
}

// One line per problem, paths from the struct down; `memory_bytes`: of the board, whose lines the tags must name.
std::vector<std::string> validate(const CacheConfig& config);
std::vector<std::string> validate(const SharedConfig& config, u64 memory_bytes);

}  // namespace bbmsim::memory
