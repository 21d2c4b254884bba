// SPDX-License-Identifier: Apache-2.0
// What of the devices and of RAM is state (models/mmu/snapshot/archive.hpp). Interrupt lines are on both sides of a
// wire: each side keeps its own, and nothing is signalled when they are read.
#include "models/board/gicv3.hpp"
#include "models/board/pl011.hpp"
#include "models/board/pl031.hpp"
#include "models/board/psci.hpp"
#include "models/board/ram.hpp"
#include "models/board/virtio_blk.hpp"
#include "models/board/virtio_console.hpp"
#include "models/mmu/snapshot/archive.hpp"

#include <algorithm>
#include <cstring>

namespace bbmsim::board {

void GicDistributor::archive(Archive& ar) {
    auto& [pes, changed, regs, ctlr, banks, route, target, ready, ready_words, participants] = *this;
    ar(regs, ctlr);
    ar.fixed(banks);
    ar.fixed(route);
    ar.fixed(target);
    ar.fixed(ready);
    ar(ready_words, participants);
}
void GicRedistributor::archive(Archive& ar) {
    auto& [pe, last, changed, regs, waker, bank] = *this;
    ar(regs, waker, bank);
}
void GicRedistributors::archive(Archive& ar) { ar.fixed(frames_); }
void GicCpuInterface::archive(Archive& ar) {
    auto& [pe, gic, pmr, bpr0, bpr1, common, split, groups, active, pending, irq, fiq] = *this;
    ar(pmr, bpr0, bpr1, common, split, groups, active, pending, irq, fiq);
}
void GicV3::archive(Archive& ar) {
    auto& [pes, irq, fiq, distributor, redistributors, interfaces, participants] = *this;
    ar.part("gic");
    ar(distributor, redistributors);
    ar.fixed(interfaces);
    ar(participants);
}

void Pl011::archive(Archive& ar) {
    auto& [transmit, interrupt, regs, a, b, c, d, e, f, g, h, i, raw, fifo, backlog, line, disabled] = *this;
    ar.part("uart");
    ar(regs, a, b, c, d, e, f, g, h, i, raw, fifo, backlog, line, disabled);
}
void Pl031::archive(Archive& ar) {
    auto& [now, interrupt, regs, offset, a, b, c, d, armed, deadline, line] = *this;
    ar.part("rtc");
    ar(regs, offset, a, b, c, d, armed, deadline, line);
}
void Psci::archive(Archive& ar) {
    auto& [pes, base, bytes, states] = *this;
    ar(states);
}

void VirtioMmio::archive(Archive& ar) {
    auto& [device, dma, interrupt, regs, a, b, c, d, e, driver, queues, pending, due, line, failures, first] = *this;
    ar.part("virtio");
    ar(regs, a, b, c, d, e, driver, queues, pending, due, line, failures, first);
    device->archive(ar);
}
void VirtioConsole::archive(Archive& ar) {
    auto& [transmit, input] = *this;
    ar(input);
}
void Disk::archive(Archive& ar) {
    auto& [file, is_writable, bytes, overlay] = *this;
    ar(overlay);
}

namespace {

// Calls f(first page, pages) for each run of pages that have a flag.
template <class F>
void each_run(const u8* flags, u64 pages, F&& f) {
    for (u64 i = 0; i < pages;) {
        u64 eight = 0;
        if (pages - i >= sizeof eight) {
            std::memcpy(&eight, flags + i, sizeof eight);
            if (eight == 0) {
                i += sizeof eight;
                continue;
            }
        }
        if (flags[i] == 0) {
            ++i;
            continue;
        }
        u64 end = i;
        while (end < pages && flags[end] != 0) ++end;
        f(i, end - i);
        i = end;
    }
}

}  // namespace

// Flags of pages that have any, and contents of those that host memory holds.
void Ram::archive(Archive& ar) {
    auto& [ram, flag_bytes] = *this;
    ar.part("ram");
    const u64 pages = ram.bytes >> kPageShift;
    std::vector<std::pair<u64, u64>> runs;
    if (!ar.loading()) each_run(ram.flags, pages, [&](u64 first, u64 count) { runs.emplace_back(first, count); });
    ar(runs);
    for (const auto& [first, count] : runs) {
        if (first > pages || count > pages - first) throw StateError("memory outside of RAM");
        ar.raw(ram.flags + first, count);
    }
    for (const auto& [first, count] : runs)
        for (u64 page = first; page < first + count; ++page)
            if (ram.flags[page] & kBacked) ar.raw(ram.host + (page << kPageShift), kPageBytes);
}

}  // namespace bbmsim::board
