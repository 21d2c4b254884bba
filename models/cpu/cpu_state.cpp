// SPDX-License-Identifier: Apache-2.0
// What of a PE and its engine is state (models/mmu/snapshot/archive.hpp).
#include "models/cpu/engine_impl.hpp"
#include "models/mmu/snapshot/archive.hpp"

namespace bbmsim::cpu {

// FastPath is derived, but for what the last context synchronization and the last block entry left.
void Pe::archive(Archive& ar) {
    auto& [fast_path, btype, in_time, registers, at, pstate, block_at, guarded, local, retired, wanted, irq, fiq, event,
           on, stop, why, outstanding, monitor, vectors, number, system, causes, read, written, data_hits, fetch_hits,
           taken, interrupted, conflicts, maintenance, barriers, sent, time, clock, slow_at, pair, at_exception,
           unmodelled, unmodelled_at, loop, runs, translates] = *this;
    ar.part("pe");
    ar(fast_path.align_mask, btype);
    ar(registers, at, pstate, block_at, guarded, local, retired, wanted, in_time, irq, fiq, event, on, stop, why,
       outstanding, monitor, vectors, system, causes, read, written, data_hits, fetch_hits, taken, interrupted,
       conflicts, maintenance, barriers, sent, time, slow_at, pair, at_exception, unmodelled, unmodelled_at, loop);
}

// As the last context synchronization left it: registers may have been written since.
void SelfHostedDebug::archive(Archive& ar) {
    auto& [the_pe, breaks, watches, count, watched] = *this;
    ar(breaks, watches, count, watched);
}

void PendingTranslation::archive(Archive& ar, mmu::Mmu& mmu) {
    auto& [is_valid, at, address, kind, generation, result] = *this;
    auto& [fault, pa, attr, entry, cycles, filterable, writable] = result;
    u32 place = is_valid ? mmu.place_of(entry) : mmu.place_of(nullptr);
    ar(is_valid, at, address, kind, generation, fault, pa, attr, place, cycles, filterable, writable);
    if (ar.loading()) entry = mmu.at_place(place);
}

void Engine::Impl::archive(Archive& ar) {
    auto& [the_pe, settings, translator, shared, all_monitors, machine, tags, walks, decoded, signatures, waiting,
           since, syndrome, exception_cost, barrier_cost, kept, sensitive, asked, asked_lo, asked_hi, probed, marked,
           offsets, pages, last_probe, last_probe_instructions, tracing, line, cheapest, stop_instructions, stop_cycles,
           stops, self_hosted] = *this;
    ar.part("engine");
    ar(tags, waiting, since, syndrome, sensitive, last_probe, last_probe_instructions, line, self_hosted);
    for (PendingTranslation& translation : kept) translation.archive(ar, translator);
}

void Engine::archive(Archive& ar) {
    Pe& pe = impl_->pe;
    pe.archive(ar);
    impl_->archive(ar);
    if (!ar.loading()) return;
    pe.fast.block = nullptr;
    pe.fast.last_data = pe.fast.last_fetch = nullptr;
    impl_->code.clear();
    update_banks(pe);
}

}  // namespace bbmsim::cpu
