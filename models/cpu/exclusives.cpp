// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/exclusives.hpp"

#include "models/cpu/engine_impl.hpp"
#include "models/cpu/platform.hpp"
#include "models/mmu/event.hpp"

#include <algorithm>

namespace bbmsim::cpu {

namespace {
constexpr u64 granule_of(u64 pa) { return pa & ~(ExclusiveMonitors::kGranuleBytes - 1); }
bool touches(const ExclusiveState& monitor, u64 pa, u64 size) {
    return monitor.open && pa < monitor.pa + ExclusiveMonitors::kGranuleBytes && pa + size > monitor.pa;
}
}  // namespace

ExclusiveMonitors::ExclusiveMonitors(mmu::InnerDomain& domain) : domain_(domain) { domain.listener = this; }
ExclusiveMonitors::~ExclusiveMonitors() {
    if (domain_.listener == this) domain_.listener = nullptr;
}

void ExclusiveMonitors::attach(Pe& pe, Engine& engine, Platform& platform) {
    if (pe.id >= kMaxPes) return;
    attached_[pe.id] = {&pe, &engine, &platform};
    count_ = std::max(count_, pe.id + 1u);
}
void ExclusiveMonitors::detach(const Pe& pe) {
    if (pe.id < kMaxPes) attached_[pe.id] = {};
}

void ExclusiveMonitors::open(Pe& pe, u64 pa, unsigned size) {
    pe.exclusive = {true, granule_of(pa), static_cast<u8>(size)};
    if (count_ > 1 && !(domain_.ram.page_flags(PhysAddr(pa)) & kMonitored)) domain_.flag_page(PhysAddr(pa), kMonitored);
    if (domain_.bus.wants(EventKind::kExclusive)) emit(pe, {.kind = EventKind::kExclusive, .sub = 0, .pa = pa});
}

bool ExclusiveMonitors::passes(const Pe& pe, u64 pa, unsigned size) const {
    return pe.exclusive.open && pe.exclusive.pa == granule_of(pa) && pe.exclusive.size == size;
}

void ExclusiveMonitors::close(Pe& pe) { pe.exclusive.open = false; }

bool ExclusiveMonitors::contended(PeId writer, u64 pa, u64 size) const {
    for (unsigned i = 0; i < count_; ++i)
        if (i != writer && attached_[i].pe && touches(attached_[i].pe->exclusive, pa, size)) return true;
    return false;
}

bool ExclusiveMonitors::any_open_in_page(u64 pa) const {
    for (unsigned i = 0; i < count_; ++i)
        if (attached_[i].pe && touches(attached_[i].pe->exclusive, pa & ~kPageMask, kPageBytes)) return true;
    return false;
}

void ExclusiveMonitors::monitored_written(PeId writer, PhysAddr pa, u64 size) {
    for (unsigned i = 0; i < count_; ++i) {
        Attached& other = attached_[i];
        if (i == writer || !other.pe || !touches(other.pe->exclusive, pa.raw(), size)) continue;
        close(*other.pe);
        if (domain_.bus.wants(EventKind::kExclusive))
            emit(*other.pe, {.kind = EventKind::kExclusive, .sub = 3, .pa = pa.raw(), .a = writer});
        other.platform->event_to(static_cast<PeId>(i));
    }
    if (!any_open_in_page(pa.raw())) domain_.ram.page_flags(pa) &= static_cast<u8>(~kMonitored);
}

void ExclusiveMonitors::code_written(PhysAddr pa, u64 size) {
    bool still_code = false;
    for (unsigned i = 0; i < count_; ++i) {
        if (!attached_[i].engine) continue;
        attached_[i].engine->drop_code(pa, size);
        still_code |= attached_[i].engine->impl().code.holds_page(pa.raw());
    }
    if (!still_code) domain_.ram.page_flags(pa) &= static_cast<u8>(~kCode);
}

}  // namespace bbmsim::cpu
