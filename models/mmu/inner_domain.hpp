// SPDX-License-Identifier: Apache-2.0
// The PEs that share memory: the one place through which a store to a page that somebody cares about must go.
//
// PE stores (all kinds: plain, exclusives, LSE, DC ZVA), hardware AF/dirty updates, device DMA, injected and Python
// writes all call store_prepare() before and store_done() after, when the page's flags are not exactly kBacked.
#pragma once

#include "models/mmu/late_writes.hpp"
#include "models/mmu/mmu.hpp"
#include "models/mmu/ram_view.hpp"
#include "models/mmu/types.hpp"

#include <vector>

namespace bbmsim {
class Archive;
class EventBus;
}  // namespace bbmsim

namespace bbmsim::mmu {

class BbmChecker;

// What the CPU room is told of stores by others (monitors, decoded code). Implemented above models/mmu.
class StoreListener {
public:
    virtual ~StoreListener() = default;
    virtual void code_written(PhysAddr pa, u64 size) = 0;  // page has kCode
    // Page has kMonitored. The writer's own monitor stays; a walker's write has none (kNoPe): walks are another
    // observer, and a store-exclusive must not undo what its own PE's walk just set.
    virtual void monitored_written(PeId writer, PhysAddr pa, u64 size) = 0;
};

class InnerDomain {
public:
    InnerDomain(const RamView& ram, EventBus& bus) : ram(ram), bus(bus) {}
    void add(Mmu* mmu);  // in order of PeId

    // Complete write of size <= 64 bytes within one page, by any writer; does backing, checker, stale marking,
    // monitors, code. `pc` is the writer's, 0 for none. RAM only.
    void store(PeId writer, PhysAddr pa, const void* bytes, u64 size, u64 pc, StoreKind kind = StoreKind::kPlain);
    // A PE's load from a page with kHwUpdated.
    void loaded(PhysAddr pa, u64 size);
    // Host-side write of any size (images, Python, DMA): the same, page by page.
    void write(PeId writer, PhysAddr pa, const void* bytes, u64 size);
    // Sets flags on a page and drops it from every PE's write filter.
    void flag_page(PhysAddr pa, u8 flag);
    void back_page(PhysAddr pa);  // RamView::back; no filter slot need be dropped (filter.hpp)
    void archive(Archive& ar);    // its own state; the PEs', the checker's and memory's are theirs

    RamView ram;
    EventBus& bus;
    std::vector<Mmu*> pes;
    LateWrites late;                // nasty.late_walk
    BbmChecker* checker = nullptr;  // null: no checking, no page is watched
    StoreListener* listener = nullptr;
    const u64* device_now_ps = nullptr;  // the time of writes by the host and devices; null: 0
};

}  // namespace bbmsim::mmu
