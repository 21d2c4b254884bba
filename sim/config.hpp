// SPDX-License-Identifier: Apache-2.0
// The board as data; the same field names as bbmsim.Board in Python.
#pragma once

#include "models/cpu/core_config.hpp"
#include "models/memory/config.hpp"

#include <string>
#include <vector>

namespace bbmsim::sim {

struct InterconnectConfig {
    u32 hop_ns = 20;           // one way between a PE and the DVM node
    u32 dvm_outstanding = 16;  // DVM messages in flight on the board
    u32 dvm_target_ns = 1;     // the node's work for each PE that a message goes to; not in detail fast
    u32 mmio_ns = 50;          // device access
    u32 event_ns = 20;         // SEV or cleared monitor to the waiting PE
    u32 psci_on_ns = 2000;     // CPU_ON call to the first instruction of the target
    u32 interrupt_ns = 100;    // a pending interrupt, IPIs among them, to the PE's seeing it; not in detail fast
};

// A virtio disk, and a virtio console beside it.
struct DiskConfig {
    std::string path;        // of the image; empty: neither is there
    bool writable = false;   // false: what the guest writes stays in memory
    u32 latency_ns = 20000;  // from a request to its being served
};

// Which PE gets ahead of which (schedule.hpp).
struct ScheduleConfig {
    std::string name = "default";  // default, random, pct, targeted
    u32 depth = 3;                 // pct: how often priorities change
    u32 length_us = 0;             // pct: over which stretch of board time; 0: drawn, 64 us to 64 ms
    u32 hold_ns = 50000;           // the longest that a PE is held
};

struct BoardConfig {
    std::vector<cpu::CoreConfig> cores;
    u64 memory_bytes = u64{1} << 30;  // from 1 GiB up (0x4000_0000)
    u32 quantum_ns = 1000;            // how far a PE may run ahead of board time
    u64 counter_hz = 62'500'000;      // CNTFRQ_EL0
    bool checker = true;
    bool filter = true;      // the exact fast-path filter; false only to prove it exact
    bool zero_fill = false;  // unwritten RAM reads zero instead of the pattern
    memory::Detail detail = memory::Detail::kTypical;
    InterconnectConfig interconnect;
    memory::SharedConfig shared;
    DiskConfig disk;
    ScheduleConfig schedule;
};

template <class V>
void visit_fields(InterconnectConfig& c, V&& v) {
    v("hop_ns", c.hop_ns);
    v("dvm_outstanding", c.dvm_outstanding);
    v("dvm_target_ns", c.dvm_target_ns);
    v("mmio_ns", c.mmio_ns);
    v("event_ns", c.event_ns);
    v("psci_on_ns", c.psci_on_ns);
    v("interrupt_ns", c.interrupt_ns);
}
template <class V>
void visit_fields(DiskConfig& c, V&& v) {
    v("path", c.path);
    v("writable", c.writable);
    v("latency_ns", c.latency_ns);
}
template <class V>
void visit_fields(ScheduleConfig& c, V&& v) {
    v("name", c.name);
    v("depth", c.depth);
    v("length_us", c.length_us);
    v("hold_ns", c.hold_ns);
}
template <class V>
void visit_fields(BoardConfig& c, V&& v) {
    v("cores", c.cores);
    v("memory_bytes", c.memory_bytes);
    v("quantum_ns", c.quantum_ns);
    v("counter_hz", c.counter_hz);
    v("checker", c.checker);
    v("filter", c.filter);
    v("zero_fill", c.zero_fill);
    v("detail", c.detail);
    v("interconnect", c.interconnect);
    v("shared", c.shared);
    v("disk", c.disk);
    v("schedule", c.schedule);
}

// One line per problem: "cores[2].mmu.l2_tlb.ways=5 does not divide entries=1024", "memory=2TiB exceeds cores[0]'s
// 40-bit physical address range (RAM begins at 1GiB)". Empty: sound.
std::vector<std::string> validate(const BoardConfig& board);

}  // namespace bbmsim::sim
