// SPDX-License-Identifier: Apache-2.0
// What a PE asks of the machine around it (cpu::Platform), and what the interconnect asks of the PE.
#include "models/board/gicv3.hpp"
#include "models/board/memory_map.hpp"
#include "models/memory/private_caches.hpp"
#include "models/mmu/checker/bbm_checker.hpp"
#include "sim/core_module.hpp"
#include "sim/machine.hpp"

#include <algorithm>

namespace bbmsim::sim {

void CoreModule::emit(EventKind kind, u64 a, u64 b) {
    if (!machine_.bus.wants(kind)) return;
    machine_.bus.emit(
        {.kind = kind, .pe = pe.id, .time_ps = std::max(local_ps(), machine_.now_ps()), .pc = pe.pc, .a = a, .b = b});
}

bool CoreModule::device_access(tlm::tlm_command command, u64 pa, unsigned size, u64& value) {
    tlm::tlm_generic_payload trans;
    trans.set_command(command);
    trans.set_address(pa);
    trans.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
    trans.set_data_length(size);
    trans.set_streaming_width(size);
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    memory->b_transport(trans, delay);
    const u64 waited = clock_.cycles(delay.value());
    pe.charge(cpu::Cost::kCache, waited);
    engine->caches().device(waited);
    return trans.is_response_ok();
}

bool CoreModule::mmio_read(cpu::Pe&, u64 pa, unsigned size, u64& value) {
    value = 0;
    return device_access(tlm::TLM_READ_COMMAND, pa, size, value);
}

bool CoreModule::mmio_write(cpu::Pe&, u64 pa, unsigned size, u64 value) {
    return device_access(tlm::TLM_WRITE_COMMAND, pa, size, value);
}

bool CoreModule::icc_read(cpu::Pe&, u32 encoding, u64& value) { return machine_.gic.icc_read(pe.id, encoding, value); }
bool CoreModule::icc_write(cpu::Pe&, u32 encoding, u64 value) { return machine_.gic.icc_write(pe.id, encoding, value); }

u64 CoreModule::counter(const cpu::Pe&) { return machine_.counter.at_ps(local_ps()); }

void CoreModule::timer_written(cpu::Pe&) {
    virtual_timer_ = {pe.sys.cntv_ctl, pe.sys.cntv_cval};
    physical_timer_ = {pe.sys.cntp_ctl, pe.sys.cntp_cval};
    evaluate_timers();
}

void CoreModule::evaluate_timers() {
    const u64 now = machine_.now_ps();
    const u64 count = machine_.counter.at_ps(now);
    machine_.gic.set_ppi(pe.id, board::kVirtualTimerPpi, virtual_timer_.line(count));
    machine_.gic.set_ppi(pe.id, board::kPhysicalTimerPpi, physical_timer_.line(count));
    next_timer_ps_ = ~u64{0};
    for (const board::Timer& timer : {virtual_timer_, physical_timer_})
        if (const auto deadline = timer.next_deadline_ps(machine_.counter, now))
            next_timer_ps_ = std::min(next_timer_ps_, *deadline);
    timer_due_.cancel();
    if (next_timer_ps_ != ~u64{0}) timer_due_.at(next_timer_ps_);
}

void CoreModule::evaluate_pmu() {
    if (pe.sys.pmu.line == pmu_line_) return;
    pmu_line_ = pe.sys.pmu.line;
    machine_.gic.set_ppi(pe.id, board::kPmuPpi, pmu_line_);
}

// CNTKCTL_EL1.EVNTEN: transitions of one bit of the counter are events (D12.2.3). Only a waiting PE needs to see them.
void CoreModule::start_event_stream() {
    const u64 ctl = pe.sys.cntkctl;
    if (!(ctl & 4)) return;
    const u64 bit = u64{1} << ((ctl >> 4) & 0xf);
    const u64 phase = ctl & 8 ? 0 : bit;  // EVNTDIR: 1 to 0, else 0 to 1
    const u64 now = machine_.now_ps();
    const u64 count = machine_.counter.at_ps(std::max(now, local_ps()));
    u64 next = (count & ~(2 * bit - 1)) + phase;
    while (next <= count) next += 2 * bit;
    if (const auto due = machine_.counter.when_ps(next)) event_arrives_in(*due - now);
}

void CoreModule::broadcast_tlbi(cpu::Pe&, const mmu::Tlbi& op) {
    ++pe.dvm_sent;
    ++pe.dvm_outstanding;
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    dvm_out->nb_transport_fw(*machine_.dvm_pool.acquire(op, pe.id), phase, delay);
    if (pe.dvm_outstanding > machine_.config.interconnect.dvm_outstanding) {  // back-pressure: a flood can't pile up
        stalled_ = true;
        interrupt_engine();
    }
}

tlm::tlm_sync_enum CoreModule::tlbi_arrives(tlm::tlm_generic_payload& trans, tlm::tlm_phase&, sc_core::sc_time& delay) {
    if (!pe.powered) return tlm::TLM_COMPLETED;
    const auto* dvm = trans.get_extension<DvmExtension>();
    account_waiting();
    pe.now_ps = local_ps();
    mmu->invalidate(dvm->op);
    ++dvm_received_;
    const u32 cycles = engine->config().maintenance.tlbi_receive_cycles;
    // A PE that waits anyway loses nothing but delays the issuer all the same.
    if (state_ == State::kRunning || state_ == State::kSync) pe.charge(cpu::Cost::kTlbiDsb, cycles);
    const u64 now = machine_.now_ps();
    tlbis_done_ps_ = std::max(now, tlbis_done_ps_) + clock_.ps(cycles);  // one after the other
    delay += Kernel::ps(tlbis_done_ps_ - now);
    if (mmu->config.nasty.late_tlbi) {  // it takes effect somewhere before the acknowledgement
        const u64 extra = 1000 * u64{disturb_random_.below(mmu->config.nasty.window_ns)};
        tlbis_done_ps_ += extra;
        delay += Kernel::ps(extra);
        late_due_.at(tlbis_done_ps_);
    }
    emit(EventKind::kDvm, dvm->issuer, cycles);
    return tlm::TLM_COMPLETED;
}

tlm::tlm_sync_enum CoreModule::tlbi_completes(tlm::tlm_generic_payload& trans, tlm::tlm_phase&, sc_core::sc_time&) {
    trans.release();
    --pe.dvm_outstanding;
    if (state_ == State::kWaitDvm || state_ == State::kStalled) wake_.notify(sc_core::SC_ZERO_TIME);
    return tlm::TLM_COMPLETED;
}

void CoreModule::send_event(cpu::Pe&) { machine_.send_event(pe.id); }
void CoreModule::event_to(PeId target) { machine_.event_to(target); }
void CoreModule::hypercall(cpu::Pe&, bool smc, u16 imm) { machine_.hypercall(*this, smc, imm); }

void CoreModule::probe(cpu::Pe&, u64 va) {
    emit(EventKind::kProbe, va);
    machine_.probes.reached(pe, va);
    // A probe may ask for further ones, or arm an injection: both need the engine between two blocks.
    if (machine_.probes.changed(pe.id) || machine_.injector.hook_changed(pe.id)) interrupt_engine();
}

void CoreModule::mark(cpu::Pe&, u64 va) { machine_.saves.reached(va); }

Counters CoreModule::counters() const {
    Counters c;
    c.cost = pe.costs();
    c.cycles = pe.cycles;
    c.instructions = pe.instructions;
    c.loads = pe.loads;
    c.stores = pe.stores;
    c.exceptions = pe.exceptions;
    c.interrupts = pe.interrupts;
    c.conflict_aborts = pe.tlb_conflict_aborts;
    c.dsb = pe.dsb_count;
    c.dvm_sent = pe.dvm_sent;
    c.dvm_received = dvm_received_;
    const memory::PrivateCaches& caches = engine->caches();
    c.l1d_cache_misses = caches.l1_misses;
    c.l2_cache_misses = caches.l2_misses;
    c.l3_cache_misses = caches.l3_misses;
    c.line_transfers = caches.transfers;
    c.cache_cycles = caches.cache_cycles;
    c.walk_cycles = caches.walk_cycles;
    c.tlb = mmu->stats;
    if (mmu->counts_tlb_accesses()) {  // the engine adds those of earlier contexts
        c.tlb.l1i_accesses += pe.filter_fetch_hits;
        c.tlb.l1d_accesses += pe.filter_data_hits;
    }
    c.tlbi = pe.tlbi_count;
    if (machine_.checker)
        for (unsigned level = 0; level < 4; ++level)
            c.descriptor_writes[level] = machine_.checker->writes_by(pe.id)[level];
    return c;
}

}  // namespace bbmsim::sim
