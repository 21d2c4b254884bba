// SPDX-License-Identifier: Apache-2.0
// The run loop: attention, limit, block entry, dispatch.
//
// A block's instructions and whole cycles are charged at its entry; whoever leaves in the middle gives the rest back
// (retire_until). What a slow path inside a block takes for the present is therefore late by less than the block.
#include "models/cpu/chain.hpp"
#include "models/cpu/engine_impl.hpp"
#include "models/cpu/platform.hpp"
#include "models/cpu/software_step.hpp"
#include "models/mmu/checker/bbm_checker.hpp"

#include <algorithm>

namespace bbmsim::cpu {

void retire_until(Pe& pe, const Op* op, bool including) {
    const Block* block = pe.fast.block;
    if (!block) return;
    const unsigned retired = op->index + (including ? 1u : 0u);
    const unsigned spent = including ? (op + 1)->cycles_before : op->cycles_before;
    pe.instructions -= block->count - retired;
    const u64 unspent = block->cycles - spent;
    pe.cycles -= unspent;
    pe.fast.block = nullptr;  // once
}

const Op* leave_for(Pe& pe, const Op* op, Exit why) {
    if (op->index == 0) pe.ps.btype = pe.entry_btype;
    pe.pc = pe.pc_of(op);
    retire_until(pe, op, false);
    pe.exit = why;
    return nullptr;
}

const Op* leave_after(Pe& pe, const Op* op, Exit why) {
    pe.pc = pe.pc_of(op) + 4;
    retire_until(pe, op, true);
    pe.exit = why;
    return nullptr;
}

const Op* end_of_block(Pe& pe, const Op* op) {
    const auto* links = reinterpret_cast<const Links*>(op + 1);
    const u64 target = pe.pc_of(op);
    return target & kPageMask ? chain_near(pe, links, target, Way::kOn) : chain(pe, links, target, Way::kOn);
}

const Op* probe_check(Pe& pe, const Op* op) {
    Engine::Impl& impl = impl_of(pe);
    const u64 va = pe.pc_of(op);
    if (!impl.probe_pages[(va >> kPageShift) & 1023]) return next(pe, op);
    if (impl.marks.contains(va)) impl.platform.mark(pe, va);
    if (!impl.probes.contains(va)) return next(pe, op);
    const Block* block = pe.fast.block;
    const u64 retired = block ? pe.instructions - (block->count - op->index) : pe.instructions;
    if (impl.probed_pc == va && impl.probed_instructions == retired) return op + 1;  // this very execution, again
    if (!pe.synced) return leave_for(pe, op, Exit::kSync);
    impl.probed_pc = va;
    impl.probed_instructions = retired;
    // The probe sees exactly what has retired; the rest of the block is charged again behind it.
    const u64 ahead = block ? block->cycles - op->cycles_before : 0;
    const u64 ahead_instructions = pe.instructions - retired;
    pe.cycles -= ahead;
    pe.instructions = retired;
    pe.pc = pe.slow_pc = va;
    pe.update_now();
    impl.platform.probe(pe, va);
    pe.charge(Cost::kExecution, ahead);
    pe.instructions += ahead_instructions;
    return op + 1;
}

namespace {

void software_step(Engine::Impl& impl);

// Interrupts, stop requests, illegal state, software step, dropped code. True: go on to the block.
bool attend(Engine::Impl& impl) {
    Pe& pe = impl.pe;
    impl.code.free_retired();
    if (pe.stop_requested) {
        pe.exit = Exit::kStop;
        return false;
    }
    if (!pe.powered) {
        pe.exit = Exit::kOff;
        return false;
    }
    if (pe.sys.pmu.line != impl.pmu_line) {
        impl.pmu_line = pe.sys.pmu.line;
        pe.exit = Exit::kPmu;
        return false;
    }
    if ((pe.irq_line || pe.fiq_line) && take_interrupt(pe)) return false;
    pe.attention = pe.irq_line || pe.fiq_line || pe.ps.il;
    if (pe.ps.il) {
        pe.update_now();
        pe.slow_pc = pe.pc;
        take_exception(pe, Vector::kSync, pe.pc, make_esr(0x0e, 0));
        return false;
    }
    if (step_enabled(pe)) [[unlikely]] {
        software_step(impl);
        return false;
    }
    return true;
}

// PSTATE.BTYPE against the first instruction of a guarded page. True: it may execute.
bool branch_target_allowed(Pe& pe, u32 raw) {
    const u8 btype = pe.ps.btype;
    const bool bt = pe.sys.sctlr & (u64{1} << (pe.ps.el == 1 ? 36 : 35));  // BT1, BT0: PACIxSP is no jump target
    if ((raw & 0xffffff3f) == 0xd503241f) {                                // BTI
        const unsigned targets = (raw >> 6) & 3;                           // bit 0: c, bit 1: j
        return targets == 3 || (targets == 1 && btype != 3) || (targets == 2 && btype != 2);
    }
    if (raw == 0xd503233f || raw == 0xd503237f) return btype != 3 || !bt;  // PACIASP, PACIBSP
    const u32 exception = raw & 0xffe0001f;
    return exception == 0xd4200000 || exception == 0xd4400000;  // BRK, HLT
}

const Block* fetch_slow(Engine::Impl& impl, const mmu::TlbEntry*& entry) {
    Pe& pe = impl.pe;
    const u64 va = pe.pc;
    pe.slow_pc = va;
    pe.update_now();
    const bool privileged = pe.ps.el == 1;
    if (impl.hooked(va) && impl.hook(pe, va, Access::kFetch)) {
        ++pe.tlb_conflict_aborts;
        instruction_abort(pe, va, 0x30);
        return nullptr;
    }
    pe.fast.last_fetch = nullptr;
    const mmu::Outcome o = impl.mmu.translate({.va = va, .access = Access::kFetch, .privileged = privileged});
    pe.charge(Cost::kWalk, o.cycles);
    if (o.fault) {
        if (o.fault.type == mmu::FaultType::kTlbConflict) ++pe.tlb_conflict_aborts;
        instruction_abort(pe, va, o.fault.fsc());
        return nullptr;
    }
    const RamView& ram = impl.domain.ram;
    if (!ram.contains(PhysAddr(o.pa), 4)) {
        instruction_abort(pe, va, 0x10);
        return nullptr;
    }
    entry = o.entry;
    const u8 flags = ram.page_flags(PhysAddr(o.pa));
    if (o.filterable && o.entry && (flags & kBacked) && !impl.hooked_page(va)) {
        using Filter = mmu::TranslationFilter;
        impl.mmu.filter.insert(privileged ? Filter::kFetchEl1 : Filter::kFetchEl0, va,
                               ram.at(PhysAddr(o.pa & ~kPageMask)), o.entry, o.pa);
    }
    if (!(flags & kCode)) impl.domain.flag_page(PhysAddr(o.pa), kCode);
    if (const Block* found = impl.code.find(o.pa)) return found;
    return impl.code.get(ram, o.pa, impl.probe_offsets);
}

// A fetch that the filter answered: the policy's touch, and what BR wants to know of the page.
inline void fetched(Engine::Impl& impl, mmu::TlbEntry* entry) {
    Pe& pe = impl.pe;
    if (entry == pe.fast.last_fetch) return;
    if (pe.fast.touch_fetch) impl.mmu.touch_fetch(entry);
    pe.fast.last_fetch = entry;
    pe.guarded_page = entry->perms.guarded && impl.config.features.bti;
}

// The block that a slot of the fetch filter leads to.
inline const Block* block_of(Engine::Impl& impl, const mmu::FilterSlot& slot, u64 pc) {
    const u64 pa = (u64{slot.page} << kPageShift) | (pc & kPageMask);
    if (const Block* found = impl.code.find(pa)) [[likely]]
        return found;
    if (!(impl.domain.ram.page_flags(PhysAddr(pa)) & kCode)) impl.domain.flag_page(PhysAddr(pa), kCode);
    return impl.code.get(impl.domain.ram, pa, impl.probe_offsets);
}

// The block at pe.pc, or null after an exception. `plain`: the filter answered.
inline const Block* enter_block(Engine::Impl& impl, bool& plain) {
    Pe& pe = impl.pe;
    plain = false;
    if (pe.pc & 3) [[unlikely]] {
        pc_alignment_fault(pe, pe.pc);
        return nullptr;
    }
    const Block* block = nullptr;
    const mmu::FilterSlot& slot = fetch_slot(pe, pe.pc);
    if (answers(slot, pe.pc)) [[likely]] {
        fetched(impl, slot.entry);
        ++pe.filter_fetch_hits;
        block = block_of(impl, slot, pe.pc);
        plain = true;
    } else {
        const mmu::TlbEntry* entry = nullptr;
        block = fetch_slow(impl, entry);
        if (!block) return nullptr;
        pe.guarded_page = entry && entry->perms.guarded && impl.config.features.bti;
    }
    if (impl.points.breaking() && impl.points.breaks_at(pe.pc)) [[unlikely]] {
        impl.points.take_breakpoint();
        return nullptr;
    }
    pe.entry_btype = pe.ps.btype;
    if (pe.ps.btype) [[unlikely]] {
        if (pe.guarded_page && !branch_target_allowed(pe, block->first_raw)) {
            pe.update_now();
            pe.slow_pc = pe.pc;
            take_exception(pe, Vector::kSync, pe.pc, make_esr(0x0d, pe.ps.btype));
            return nullptr;
        }
        pe.ps.btype = 0;
    }
    return block;
}

// A counter that may interrupt overflows soon: bounds the run so that it can't happen unseen. True: it is so near that
// instructions are to be executed one by one.
bool approach_overflow(Engine::Impl& impl, u64& limit) {
    // A block's instructions; its cycles, unless it waits for memory often.
    constexpr u64 kNearInstructions = CodeCache::kMaxInstructions, kNearCycles = 2048;
    Pe& pe = impl.pe;
    pmu_update(pe);
    const PmuDistance d = pmu_distance(pe);
    if (d.instructions <= kNearInstructions || d.cycles <= kNearCycles) {
        impl.pmu_stop_instructions = d.instructions == ~u64{0} ? d.instructions : pe.instructions + d.instructions;
        impl.pmu_stop_cycles = d.cycles == ~u64{0} ? d.cycles : pe.cycles + d.cycles;
        return true;
    }
    const u64 instructions = std::min(d.instructions, d.others);
    const u64 some = instructions > kNearInstructions ? instructions - kNearInstructions : 0;
    const auto cycles = static_cast<u64>(static_cast<double>(some) * impl.least_cycles);
    limit = std::min({limit, pe.cycles + (d.cycles - kNearCycles), pe.cycles + std::max<u64>(1, cycles)});
    return false;
}

bool overflowed(const Engine::Impl& impl, const Op* op) {
    const Pe& pe = impl.pe;
    const Block* block = pe.fast.block;
    return block && (pe.instructions - (block->count - op->index) >= impl.pmu_stop_instructions ||
                     pe.cycles - (block->cycles - op->cycles_before) >= impl.pmu_stop_cycles);
}

// One by one, for those who look at every instruction: the trace, the debugger. Each op is executed as a copy with
// nothing behind it, or it would go on by itself; Engine::run has seen to it that no block follows either.
void observe_block(Engine::Impl& impl, const Op* op) {
    Pe& pe = impl.pe;
    while (op) {
        if (op->fn == &end_of_block) {
            pe.branch(pe.pc_of(op));
            return;
        }
        if (op->fn != &probe_check) {
            if (op->index && overflowed(impl, op)) {
                leave_for(pe, op, Exit::kNone);
                return;
            }
            if (op->index && impl.points.breaking() && impl.points.breaks_at(pe.pc_of(op))) {
                impl.points.take_breakpoint(op);
                return;
            }
            if (impl.debug.active() && impl.debug.before(op)) return;
            if (impl.trace && impl.domain.bus.wants(EventKind::kInstruction)) {
                pe.slow_pc = pe.pc_of(op);
                pe.update_now();
                emit(pe, {.kind = EventKind::kInstruction, .a = op->raw});
            }
        }
        Op copy[] = {op[0], op[1]};
        copy[1].fn = [](Pe&, const Op* at) { return at; };
        op = op->fn(pe, copy) ? op + 1 : nullptr;
    }
}

// While a software step is active: the exception, or one instruction and then, by way of attend(), the exception.
void software_step(Engine::Impl& impl) {
    Pe& pe = impl.pe;
    pe.attention = true;
    if (!pe.ps.ss) return take_step_exception(pe);
    bool plain = false;
    const Block* block = enter_block(impl, plain);
    if (!block) return;
    const SingleBlock one = single(*block);
    const u32 raw = block->first_raw;
    const u64 exceptions = pe.exceptions;
    begin_block(pe, &one.block, pe.pc);
    pe.ps.ss = !calls(raw);
    pe.fast.cycle_limit = 0;
    observe_block(impl, one.block.ops());
    pe.fast.block = nullptr;
    pe.synced = false;
    stepped(pe, raw, exceptions);
}

const Op* begin_chained(Pe& pe, const Block* block, u64 pc) {
    ++pe.filter_fetch_hits;
    pe.synced = false;
    begin_block(pe, block, pc);
#ifdef BBMSIM_THREADED
    return block->ops()->fn(pe, block->ops());
#else
    return block->ops();
#endif
}

}  // namespace

const Op* chain_near_slow(Pe& pe, const Links* links, u64 target, Way way) {
    pe.pc = target;
    return pe.cycles >= pe.fast.cycle_limit ? nullptr : chain_slow(pe, links, way);
}

const Op* chain_slow(Pe& pe, const Links* links, Way way) {
    const u64 pc = pe.pc;
    const mmu::FilterSlot& slot = fetch_slot(pe, pc);
    if (!answers(slot, pc)) return nullptr;
    Engine::Impl& impl = impl_of(pe);
    fetched(impl, slot.entry);
    const auto n = static_cast<unsigned>(way);
    const Block* block = links->to[n];
    if (links->generation[n] != pe.fast.code_generation || block->page() != slot.page) {
        block = block_of(impl, slot, pc);
        auto* found = const_cast<Links*>(links);  // ops are constant to handlers, links are the engine's
        found->to[n] = block;
        found->generation[n] = pe.fast.code_generation;
    }
    pe.entry_btype = 0;
    return begin_chained(pe, block, pc);
}

namespace {

// Another L1I entry than the last, or code that the table does not know.
[[gnu::noinline]] const Op* chain_indirect_slow(Pe& pe) {
    Engine::Impl& impl = impl_of(pe);
    const u64 target = pe.pc;
    const mmu::FilterSlot& slot = fetch_slot(pe, target);
    fetched(impl, slot.entry);
    const Block* block = block_of(impl, slot, target);
    if (pe.ps.btype && pe.guarded_page && !branch_target_allowed(pe, block->first_raw)) [[unlikely]]
        return nullptr;  // takes its exception at the entry that Engine::run makes
    pe.entry_btype = pe.ps.btype;
    pe.ps.btype = 0;
    return begin_chained(pe, block, target);
}

}  // namespace

const Op* chain_indirect(Pe& pe, u64 target) {
    pe.pc = target;
    if (pe.cycles >= pe.fast.cycle_limit) [[unlikely]]
        return nullptr;
    const mmu::FilterSlot& slot = fetch_slot(pe, target);
    if (!answers(slot, target)) [[unlikely]]
        return nullptr;
    if (!fetch_by(pe.fast, pe.guarded_page, slot)) [[unlikely]]
        return chain_indirect_slow(pe);
    const Block* block = impl_of(pe).code.find((u64{slot.page} << kPageShift) | (target & kPageMask));
    if (!block) [[unlikely]]
        return chain_indirect_slow(pe);
    if (pe.ps.btype && pe.guarded_page && !branch_target_allowed(pe, block->first_raw)) [[unlikely]]
        return nullptr;  // takes its exception at the entry that Engine::run makes
    pe.entry_btype = pe.ps.btype;
    pe.ps.btype = 0;
    return begin_chained(pe, block, target);
}

Exit Engine::run(u64 cycle_limit) {
    Impl& impl = *impl_;
    Pe& pe = impl.pe;
    pe.exit = Exit::kNone;
    pe.attention = true;
    if (pe.sys.pmu.armed) pmu_update(pe);
    pe.fast.acquire = impl.domain.checker && impl.domain.pes.size() > 1;
    while (true) {
        if (pe.attention) [[unlikely]] {
            if (!attend(impl)) {
                if (pe.exit != Exit::kNone) return pe.exit;
                if (pe.cycles >= cycle_limit) return pe.exit = Exit::kLimit;
                continue;
            }
        }
        if (pe.cycles >= cycle_limit) [[unlikely]]
            return pe.exit = Exit::kLimit;
        u64 limit = cycle_limit;
        bool singly = impl.trace || impl.debug.active() || impl.points.breaking();
        impl.pmu_stop_instructions = impl.pmu_stop_cycles = ~u64{0};
        if (pe.sys.pmu.armed && !pe.sys.pmu.line) [[unlikely]] {
            singly |= approach_overflow(impl, limit);
            if (pe.sys.pmu.line) continue;
        }
        bool plain = false;
        const Block* block = enter_block(impl, plain);
        if (!block) [[unlikely]]
            continue;
        begin_block(pe, block, pe.pc);
        const Op* op = block->ops();
        if (singly) [[unlikely]] {
            pe.fast.cycle_limit = 0;
            observe_block(impl, op);
        } else {
            pe.fast.cycle_limit = plain && !pe.attention ? limit : 0;
            do op = op->fn(pe, op);
            while (op);
        }
        pe.synced = false;
        if (pe.exit != Exit::kNone) [[unlikely]]
            return pe.exit;
    }
}

}  // namespace bbmsim::cpu
