// SPDX-License-Identifier: Apache-2.0
// Data accesses that the filter does not answer. Every figure that a fast access adds up, this adds up as well.
//
// Order of checks: alignment that needs no translation, translation of each page touched, alignment that the memory
// type demands, then who is there: RAM, a device, or nobody (external abort). Accesses that must happen at board time
// (devices, stores that clear another PE's monitor) leave with kSync and keep their translation for the second try.
#include "models/cpu/memory_slow.hpp"

#include "models/cpu/engine_impl.hpp"
#include "models/cpu/mem.hpp"
#include "models/mmu/checker/bbm_checker.hpp"

#include <algorithm>
#include <array>

namespace bbmsim::cpu {

namespace {

constexpr u8 kFscExternal = 0x10, kFscConflict = 0x30, kFscUnsupportedExclusive = 0x35;

// The part of an access that lies within one page.
struct Piece {
    u64 va = 0;
    unsigned bytes = 0;
    mmu::Outcome outcome;
};

struct Resolved {
    std::array<Piece, 2> piece;
    unsigned pieces = 1;
    bool device = false;  // not in RAM: one aligned piece
};

bool privileged_access(const Pe& pe, MemMode mode) {
    return pe.ps.el == 1 && !(mode == MemMode::kUnprivileged && !pe.ps.uao);
}

bool take_pending(Engine::Impl& impl, unsigned slot, u64 va, Access access, mmu::Outcome& out) {
    PendingTranslation& p = impl.pending[slot];
    if (!p.valid) return false;
    p.valid = false;
    if (p.pc != impl.pe.slow_pc || p.va != va || p.access != access) return false;
    if (p.outcome.entry && p.outcome.entry->gen != p.gen) return false;
    out = p.outcome;
    return true;
}

// ISS.WnR of an atomic that may not write: 0 if reading would have faulted as well.
bool atomic_fault_is_write(Engine::Impl& impl, const mmu::Request& request, const mmu::Fault& fault) {
    if (fault.type != mmu::FaultType::kPermission) return false;
    const auto walk = mmu::inspect_walk(impl.domain.ram, impl.mmu.context(), impl.config.mmu, request.va);
    return request.privileged ? walk.perms.read_el1 : walk.perms.read_el0;
}

// Puts what was just learnt into the filter, if it holds for later accesses too.
void offer(Engine::Impl& impl, const Piece& piece, bool privileged) {
    const mmu::Outcome& o = piece.outcome;
    if (!impl.mmu.filter.enabled || !o.filterable || !o.entry || !cacheable(o.attr)) return;
    if (o.entry->stale || impl.hooked_page(piece.va)) return;  // the store itself may have changed the descriptor
    const u8 flags = impl.domain.ram.page_flags(PhysAddr(o.pa));
    using Filter = mmu::TranslationFilter;
    u8* host = flags & kBacked ? impl.domain.ram.at(PhysAddr(o.pa & ~kPageMask)) : nullptr;
    if (!(flags & kHwUpdated))
        impl.mmu.filter.insert(privileged ? Filter::kReadEl1 : Filter::kReadEl0, piece.va, host, o.entry, o.pa);
    if (o.writable && (flags & (kStoreSlow | kBacked)) == kBacked)
        impl.mmu.filter.insert(privileged ? Filter::kWriteEl1 : Filter::kWriteEl0, piece.va, host, o.entry, o.pa);
    const auto& perms = o.entry->perms;
    if (privileged && !impl.pe.ps.pan && (perms.read_el0 || perms.write_el0 || perms.exec_el0))
        impl.pan_sensitive = true;
}

// Translates all pieces and decides who answers. False: exception or exit.
bool resolve(Pe& pe, const Op* op, u64 va, unsigned elem, unsigned total, mmu::Request request, Resolved& out) {
    Engine::Impl& impl = impl_of(pe);
    const bool write = request.access == Access::kWrite;
    const bool aligned = (va & (elem - 1)) == 0;
    if (!aligned && pe.fast.align_mask) return alignment_fault(pe, op, va, write), false;

    const u64 offset = va & kPageMask;
    out.pieces = offset + total > kPageBytes ? 2 : 1;
    const auto first = out.pieces == 2 ? static_cast<unsigned>(kPageBytes - offset) : total;
    out.piece[0].va = va;
    out.piece[0].bytes = first;
    out.piece[1].va = va + first;
    out.piece[1].bytes = total - first;
    unsigned in_ram = 0;
    for (unsigned i = 0; i < out.pieces; ++i) {
        Piece& p = out.piece[i];
        request.va = p.va;
        if (!translate_data(pe, op, p.va, request, p.outcome, i)) return false;
        if (!aligned && p.outcome.attr.is_device()) return alignment_fault(pe, op, va, write), false;
        in_ram += impl.domain.ram.contains(PhysAddr(p.outcome.pa), p.bytes);
    }
    if (in_ram != out.pieces && (out.pieces == 2 || !aligned))
        return data_abort(pe, op, va, kFscExternal, write), false;
    out.device = in_ram != out.pieces;
    return !impl.points.watching() || !impl.points.access(op, {.va = va,
                                                               .bytes = total,
                                                               .read = !write || request.atomic,
                                                               .write = write,
                                                               .privileged = request.privileged});
}

// Board time must have come up to this PE: otherwise keeps the translations and leaves.
bool at_board_time(Pe& pe, const Op* op, const Resolved& access, Access kind) {
    if (pe.synced) return true;
    for (unsigned i = 0; i < access.pieces; ++i) keep_pending(pe, access.piece[i].va, kind, access.piece[i].outcome, i);
    leave_for(pe, op, Exit::kSync);
    return false;
}

void store_ram(Engine::Impl& impl, u64 pa, const void* bytes, unsigned size, StoreKind kind = StoreKind::kPlain) {
    const RamView& ram = impl.domain.ram;
    if ((ram.page_flags(PhysAddr(pa)) & (kStoreSlow | kBacked)) == kBacked)
        std::memcpy(ram.at(PhysAddr(pa)), bytes, size);
    else
        impl.domain.store(impl.pe.id, PhysAddr(pa), bytes, size, impl.pe.slow_pc, kind);
}

void load_ram(Engine::Impl& impl, u64 pa, void* out, unsigned size) {
    const RamView& ram = impl.domain.ram;
    ram.read(PhysAddr(pa), out, size);
    if (ram.page_flags(PhysAddr(pa)) & kHwUpdated) [[unlikely]]
        impl.domain.loaded(PhysAddr(pa), size);
}

bool clears_monitors(const Engine::Impl& impl, const Resolved& access) {
    for (unsigned i = 0; i < access.pieces; ++i) {
        const u64 pa = access.piece[i].outcome.pa;
        if ((impl.domain.ram.page_flags(PhysAddr(pa)) & kMonitored) &&
            impl.monitors.contended(impl.pe.id, pa, access.piece[i].bytes))
            return true;
    }
    return false;
}

// What fast::hit() and a load do, for a page of RAM that has no host memory.
bool read_unbacked(Engine::Impl& impl, u64 va, unsigned elem, unsigned total, MemMode mode, void* out) {
    Pe& pe = impl.pe;
    const bool user = mode == MemMode::kUnprivileged;
    const auto bank = static_cast<mmu::TranslationFilter::BankId>(user ? pe.fast.user_read_bank : pe.fast.read_bank);
    const mmu::FilterSlot* slot = pe.fast.filter->find_unbacked(bank, va);
    const u64 offset = va & kPageMask;
    if (!slot || offset > kPageBytes - total || (va & (elem - 1) & pe.fast.align_mask)) return false;
    const RamView& ram = impl.domain.ram;
    const PhysAddr pa((u64{slot->page} << kPageShift) | offset);
    if (ram.page_flags(pa) & kBacked) return false;
    fast::touch(pe, slot);
    ++pe.filter_data_hits;
    pe.charge(Cost::kCache, pe.fast.cache->read(pa.raw(), pe.cycles));
    if (total == 8 && offset % 8 == 0) {
        const u64 value = ram.fill(pa.raw());
        std::memcpy(out, &value, sizeof value);
    } else {
        ram.read(pa, out, total);
    }
    ++pe.loads;
    return true;
}

// False: a debugger stopped the PE here and sent it elsewhere.
bool begin_slow(Pe& pe, const Op* op, u64 va, unsigned bytes, bool read, bool write) {
    pe.slow_pc = pe.pc_of(op);
    pe.update_now();
    DebugPort& debug = impl_of(pe).debug;
    return !debug.watching() || !debug.access(op, va, bytes, read, write);
}

}  // namespace

void keep_pending(Pe& pe, u64 va, Access access, const mmu::Outcome& outcome, unsigned slot) {
    impl_of(pe).pending[slot] = {true, pe.slow_pc, va, access, outcome.entry ? outcome.entry->gen : 0, outcome};
}

void charge_data(Pe& pe, const mmu::Outcome& outcome, fast::Kind kind) {
    memory::PrivateCaches& cache = impl_of(pe).cache;
    u32 cycles = 0;
    if (!cacheable(outcome.attr)) {
        if (kind == fast::Kind::kRead) cycles = cache.uncached();  // writes to uncached memory are posted
    } else {
        switch (kind) {
            case fast::Kind::kRead: cycles = cache.read(outcome.pa, pe.cycles); break;
            case fast::Kind::kWrite: cycles = cache.write(outcome.pa, pe.cycles, pe.stores); break;
            case fast::Kind::kUpdate: cycles = cache.update(outcome.pa, pe.cycles); break;
            case fast::Kind::kZero: cycles = cache.zero(outcome.pa, pe.cycles); break;
        }
    }
    pe.charge(Cost::kCache, cycles);
}

bool translate_data(Pe& pe, const Op* op, u64 va, const mmu::Request& request, mmu::Outcome& out, unsigned slot) {
    Engine::Impl& impl = impl_of(pe);
    if (take_pending(impl, slot, va, request.access, out)) return true;
    const bool write = request.access == Access::kWrite;
    if (!request.maintenance && impl.hooked(va) && impl.hook(pe, va, request.access)) {
        ++pe.tlb_conflict_aborts;
        data_abort(pe, op, va, kFscConflict, write && !request.atomic);
        return false;
    }
    pe.fast.last_data = nullptr;
    out = impl.mmu.translate(request);
    pe.charge(Cost::kWalk, out.cycles);
    if (!out.fault) return true;
    if (out.fault.type == mmu::FaultType::kTlbConflict) ++pe.tlb_conflict_aborts;
    const bool wnr = request.atomic ? atomic_fault_is_write(impl, request, out.fault) : write;
    data_abort(pe, op, va, out.fault.fsc(), wnr || request.maintenance, request.maintenance);
    return false;
}

namespace slow {

bool read(Pe& pe, const Op* op, u64 va, unsigned elem, unsigned count, MemMode mode, void* out) {
    Engine::Impl& impl = impl_of(pe);
    if (read_unbacked(impl, va, elem, elem * count, mode, out)) return true;
    if (!begin_slow(pe, op, va, elem * count, true, false)) return false;
    const bool privileged = privileged_access(pe, mode);
    Resolved access;
    if (!resolve(pe, op, va, elem, elem * count,
                 {.va = va, .access = Access::kRead, .privileged = privileged, .pan = pe.ps.pan}, access))
        return false;
    auto* bytes = static_cast<u8*>(out);
    if (access.device) {
        if (!at_board_time(pe, op, access, Access::kRead)) return false;
        const unsigned part = std::min(elem, 8u);  // a bus transfer
        u8 read[64];
        bool answered = true;
        for (unsigned at = 0; at < elem * count && answered; at += part) {
            u64 value = 0;
            answered = impl.platform.mmio_read(pe, access.piece[0].outcome.pa + at, part, value);
            std::memcpy(read + at, &value, part);
        }
        pe.synced = false;
        if (!answered) return data_abort(pe, op, va, kFscExternal, false), false;
        std::memcpy(bytes, read, elem * count);
        ++pe.loads;
        return true;
    }
    for (unsigned i = 0; i < access.pieces; ++i) {
        const Piece& p = access.piece[i];
        load_ram(impl, p.outcome.pa, bytes + (i ? access.piece[0].bytes : 0), p.bytes);
        charge_data(pe, p.outcome, fast::Kind::kRead);
        if (access.pieces == 1) offer(impl, p, privileged);  // of two, the second may have evicted the first's entry
    }
    ++pe.loads;
    return true;
}

bool write(Pe& pe, const Op* op, u64 va, unsigned elem, unsigned count, MemMode mode, const void* in) {
    Engine::Impl& impl = impl_of(pe);
    if (!begin_slow(pe, op, va, elem * count, false, true)) return false;
    const bool privileged = privileged_access(pe, mode);
    Resolved access;
    if (!resolve(pe, op, va, elem, elem * count,
                 {.va = va, .access = Access::kWrite, .privileged = privileged, .pan = pe.ps.pan}, access))
        return false;
    const auto* bytes = static_cast<const u8*>(in);
    if (access.device) {
        if (!at_board_time(pe, op, access, Access::kWrite)) return false;
        const unsigned part = std::min(elem, 8u);
        bool answered = true;
        for (unsigned at = 0; at < elem * count && answered; at += part) {
            u64 value = 0;
            std::memcpy(&value, bytes + at, part);
            answered = impl.platform.mmio_write(pe, access.piece[0].outcome.pa + at, part, value);
        }
        pe.synced = false;
        if (!answered) return data_abort(pe, op, va, kFscExternal, true), false;
        ++pe.stores;
        return true;
    }
    if (clears_monitors(impl, access)) {
        if (!at_board_time(pe, op, access, Access::kWrite)) return false;
        pe.synced = false;
    }
    for (unsigned i = 0; i < access.pieces; ++i) {
        const Piece& p = access.piece[i];
        store_ram(impl, p.outcome.pa, bytes + (i ? access.piece[0].bytes : 0), p.bytes);
        charge_data(pe, p.outcome, fast::Kind::kWrite);
        if (access.pieces == 1) offer(impl, p, privileged);
    }
    ++pe.stores;
    return true;
}

bool load_exclusive(Pe& pe, const Op* op, u64 va, unsigned elem, unsigned count, void* out) {
    Engine::Impl& impl = impl_of(pe);
    const unsigned total = elem * count;
    if (va & (total - 1)) return alignment_fault(pe, op, va, false), false;
    const bool privileged = pe.ps.el == 1;
    if (const u8* host = fast::hit<fast::Kind::kRead>(pe, pe.fast.read_slots, va, total, 0)) {
        std::memcpy(out, host, total);
        const auto* slot = pe.fast.filter->find(static_cast<mmu::TranslationFilter::BankId>(pe.fast.read_bank), va);
        ++pe.loads;
        pe.slow_pc = pe.pc_of(op);
        pe.update_now();
        impl.monitors.open(pe, (u64{slot->page} << kPageShift) | (va & kPageMask), total);
        return true;
    }
    if (!begin_slow(pe, op, va, total, true, false)) return false;
    Resolved access;
    if (!resolve(pe, op, va, total, total,
                 {.va = va, .access = Access::kRead, .privileged = privileged, .pan = pe.ps.pan}, access))
        return false;
    if (access.device) return data_abort(pe, op, va, kFscUnsupportedExclusive, false), false;
    const Piece& p = access.piece[0];
    load_ram(impl, p.outcome.pa, out, total);
    charge_data(pe, p.outcome, fast::Kind::kRead);
    offer(impl, p, privileged);
    ++pe.loads;
    impl.monitors.open(pe, p.outcome.pa, total);
    return true;
}

bool store_exclusive(Pe& pe, const Op* op, u64 va, unsigned elem, unsigned count, const void* in, u32& status) {
    Engine::Impl& impl = impl_of(pe);
    const unsigned total = elem * count;
    if (va & (total - 1)) return alignment_fault(pe, op, va, true), false;
    // Without a monitor it is no access.
    if (!begin_slow(pe, op, va, total, false, pe.exclusive.open)) return false;
    const bool wants = impl.domain.bus.wants(EventKind::kExclusive);
    status = 1;
    if (!pe.exclusive.open) {
        impl.drop_pending();
        if (wants) emit(pe, {.kind = EventKind::kExclusive, .sub = 2, .va = va});
        return true;
    }
    const bool privileged = pe.ps.el == 1;
    Resolved access;
    if (!resolve(pe, op, va, total, total,
                 {.va = va, .access = Access::kWrite, .privileged = privileged, .pan = pe.ps.pan}, access))
        return false;
    if (access.device) return data_abort(pe, op, va, kFscUnsupportedExclusive, true), false;
    const Piece& p = access.piece[0];
    if (impl.monitors.passes(pe, p.outcome.pa, total)) {
        if (clears_monitors(impl, access)) {
            if (!at_board_time(pe, op, access, Access::kWrite)) return false;
            pe.synced = false;
        }
        store_ram(impl, p.outcome.pa, in, total, StoreKind::kAtomic);
        status = 0;
        ++pe.stores;
    }
    charge_data(pe, p.outcome, fast::Kind::kUpdate);
    offer(impl, p, privileged);
    ExclusiveMonitors::close(pe);
    if (wants)
        emit(pe, {.kind = EventKind::kExclusive, .sub = static_cast<u8>(status ? 2 : 1), .va = va, .pa = p.outcome.pa});
    return true;
}

bool rmw_begin(Pe& pe, const Op* op, u64 va, unsigned size, void* old, Rmw& rmw) {
    Engine::Impl& impl = impl_of(pe);
    if (!begin_slow(pe, op, va, size, true, true)) return false;
    const bool privileged = pe.ps.el == 1;
    Resolved access;
    if (!resolve(pe, op, va, size, size,
                 {.va = va, .access = Access::kWrite, .privileged = privileged, .pan = pe.ps.pan, .atomic = true},
                 access))
        return false;
    // Atomics on devices: IMPLEMENTATION DEFINED, here the abort that the architecture offers for it.
    if (access.device) return data_abort(pe, op, va, kFscUnsupportedExclusive, false), false;
    if (clears_monitors(impl, access)) {
        if (!at_board_time(pe, op, access, Access::kWrite)) return false;
        pe.synced = false;
    }
    const Piece& p = access.piece[0];
    load_ram(impl, p.outcome.pa, old, size);
    charge_data(pe, p.outcome, fast::Kind::kUpdate);
    offer(impl, p, privileged);
    ++pe.loads;
    rmw.pa = p.outcome.pa;
    return true;
}

void rmw_commit(Pe& pe, const Rmw& rmw, unsigned size, const void* value) {
    if (value) store_ram(impl_of(pe), rmw.pa, value, size, StoreKind::kAtomic);
    ++pe.stores;
}

bool zero_block(Pe& pe, const Op* op, u64 va) {
    static constexpr std::array<u8, 64> kZeros{};
    Engine::Impl& impl = impl_of(pe);
    va &= ~u64{63};
    if (u8* host = fast::hit<fast::Kind::kZero>(pe, pe.fast.write_slots, va, 64, 0)) {
        std::memset(host, 0, 64);
        ++pe.stores;
        return true;
    }
    if (!begin_slow(pe, op, va, 64, false, true)) return false;
    const bool privileged = pe.ps.el == 1;
    Resolved access;
    if (!resolve(pe, op, va, 64, 64, {.va = va, .access = Access::kWrite, .privileged = privileged, .pan = pe.ps.pan},
                 access))
        return false;
    const Piece& p = access.piece[0];
    if (p.outcome.attr.is_device()) return alignment_fault(pe, op, va, true), false;
    if (access.device) return data_abort(pe, op, va, kFscExternal, true), false;
    if (clears_monitors(impl, access)) {
        if (!at_board_time(pe, op, access, Access::kWrite)) return false;
        pe.synced = false;
    }
    store_ram(impl, p.outcome.pa, kZeros.data(), 64);
    charge_data(pe, p.outcome, fast::Kind::kZero);
    offer(impl, p, privileged);
    ++pe.stores;
    return true;
}

void acquire(Pe& pe) {
    if (auto* checker = impl_of(pe).domain.checker) checker->on_acquire(pe.id);
}

}  // namespace slow
}  // namespace bbmsim::cpu
