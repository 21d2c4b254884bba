// SPDX-License-Identifier: Apache-2.0
// The run loop: attention, limit, block entry, dispatch.
//
// A block's instructions and whole cycles are charged at its entry; whoever leaves in the middle gives the rest back
// (retire_until). What a slow path inside a block takes for the present is therefore late by less than the block.
#include "models/cpu/engine_impl.hpp"
#include "models/cpu/platform.hpp"
#include "models/cpu/software_step.hpp"
#include "models/mmu/checker/bbm_checker.hpp"

namespace bbmsim::cpu {

void retire_until(Pe& pe, const Op* op, bool including) {
    Engine::Impl& impl = impl_of(pe);
    const Block* block = impl.block;
    if (!block) return;
    const unsigned retired = op->index + (including ? 1u : 0u);
    const unsigned spent = including ? (op + 1)->cycles_before : op->cycles_before;
    pe.instructions -= block->count - retired;
    const u64 unspent = block->cycles - spent;
    pe.cycles -= unspent;
    pe.cost[static_cast<unsigned>(Cost::kExecution)] -= unspent;
    impl.block = nullptr;  // once
}

const Op* leave_for(Pe& pe, const Op* op, Exit why) {
    Engine::Impl& impl = impl_of(pe);
    if (op->index == 0) pe.ps.btype = impl.entry_btype;
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

const Op* end_of_block(Pe& pe, const Op* op) { return pe.branch(pe.pc_of(op)); }

const Op* probe_check(Pe& pe, const Op* op) {
    Engine::Impl& impl = impl_of(pe);
    const u64 va = pe.pc_of(op);
    if (!impl.probes.contains(va)) return op + 1;
    const u64 retired = impl.block ? pe.instructions - (impl.block->count - op->index) : pe.instructions;
    if (impl.probed_pc == va && impl.probed_instructions == retired) return op + 1;  // this very execution, again
    if (!pe.synced) return leave_for(pe, op, Exit::kSync);
    impl.probed_pc = va;
    impl.probed_instructions = retired;
    // The probe sees exactly what has retired; the rest of the block is charged again behind it.
    const u64 ahead = impl.block ? impl.block->cycles - op->cycles_before : 0;
    const u64 ahead_instructions = pe.instructions - retired;
    pe.cycles -= ahead;
    pe.cost[static_cast<unsigned>(Cost::kExecution)] -= ahead;
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

// The block at pe.pc, or null after an exception.
inline const Block* enter_block(Engine::Impl& impl) {
    Pe& pe = impl.pe;
    if (pe.pc & 3) [[unlikely]] {
        pc_alignment_fault(pe, pe.pc);
        return nullptr;
    }
    const Block* block = nullptr;
    const mmu::TlbEntry* entry = nullptr;
    mmu::FilterSlot* slot =
        pe.fast.filter->find(static_cast<mmu::TranslationFilter::BankId>(pe.fast.fetch_bank), pe.pc);
    if (slot) [[likely]] {
        if (pe.fast.touch_fetch && slot->entry != pe.fast.last_fetch) {
            impl.mmu.touch_fetch(slot->entry);
            pe.fast.last_fetch = slot->entry;
        }
        ++pe.filter_fetch_hits;
        const u64 pa = (u64{slot->page} << kPageShift) | (pe.pc & kPageMask);
        entry = slot->entry;
        block = impl.code.find(pa);
        if (!block) [[unlikely]] {
            if (!(impl.domain.ram.page_flags(PhysAddr(pa)) & kCode)) impl.domain.flag_page(PhysAddr(pa), kCode);
            block = impl.code.get(impl.domain.ram, pa, impl.probe_offsets);
        }
    } else {
        block = fetch_slow(impl, entry);
        if (!block) return nullptr;
    }
    pe.guarded_page = entry && entry->perms.guarded && impl.config.features.bti;
    impl.entry_btype = pe.ps.btype;
    if (pe.ps.btype) [[unlikely]] {
        if (pe.guarded_page) {
            u32 raw = 0;
            for (const Op& op : block->ops)
                if (op.fn != &probe_check) {
                    raw = op.raw;
                    break;
                }
            if (!branch_target_allowed(pe, raw)) {
                pe.update_now();
                pe.slow_pc = pe.pc;
                take_exception(pe, Vector::kSync, pe.pc, make_esr(0x0d, pe.ps.btype));
                return nullptr;
            }
        }
        pe.ps.btype = 0;
    }
    return block;
}

// One by one, for those who look at every instruction: the trace, the debugger.
void observe_block(Engine::Impl& impl, const Op* op) {
    Pe& pe = impl.pe;
    while (op) {
        if (op->fn != &end_of_block && op->fn != &probe_check) {
            if (impl.debug.active() && impl.debug.before(op)) return;
            if (impl.trace && impl.domain.bus.wants(EventKind::kInstruction)) {
                pe.slow_pc = pe.pc_of(op);
                pe.update_now();
                emit(pe, {.kind = EventKind::kInstruction, .a = op->raw});
            }
        }
        op = op->fn(pe, op);
    }
}

// While a software step is active: the exception, or one instruction and then, by way of attend(), the exception.
void software_step(Engine::Impl& impl) {
    Pe& pe = impl.pe;
    pe.attention = true;
    if (!pe.ps.ss) return take_step_exception(pe);
    const Block* block = enter_block(impl);
    if (!block) return;
    const Block one = single(*block);
    const u32 raw = (&one.ops.back() - 1)->raw;
    const u64 exceptions = pe.exceptions;
    impl.block = &one;
    pe.block_pc = pe.pc;
    pe.instructions += one.count;
    pe.charge(Cost::kExecution, one.cycles);
    pe.ps.ss = !calls(raw);
    observe_block(impl, one.ops.data());
    impl.block = nullptr;
    pe.synced = false;
    stepped(pe, raw, exceptions);
}

}  // namespace

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
        const Block* block = enter_block(impl);
        if (!block) [[unlikely]]
            continue;
        impl.block = block;
        pe.block_pc = pe.pc;
        pe.instructions += block->count;
        pe.charge(Cost::kExecution, block->cycles);
        const Op* op = block->ops.data();
        if (impl.trace || impl.debug.active()) [[unlikely]]
            observe_block(impl, op);
        else
            do op = op->fn(pe, op);
            while (op);
        pe.synced = false;
        if (pe.exit != Exit::kNone) [[unlikely]]
            return pe.exit;
    }
}

}  // namespace bbmsim::cpu
