// SPDX-License-Identifier: Apache-2.0
// Time, waiting and waking of one PE. What it asks of the machine: core_platform.cpp.
#include "sim/core_module.hpp"

#include "models/mmu/checker/bbm_checker.hpp"
#include "sim/machine.hpp"
#include "sim/random.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <utility>

namespace bbmsim::sim {

namespace {

constexpr std::size_t kStackBytes = 1 << 20;  // event callbacks run on it, Python's among them
constexpr u64 kAbortLoopLimit = 100;          // exceptions in a row with no instruction between them
constexpr u8 kMaskIrq = 2, kMaskFiq = 1;      // in PState::daif

}  // namespace

CoreModule::CoreModule(const sc_core::sc_module_name& name, Machine& machine, PeId id, u64 seed)
    : sc_module(name),
      memory("memory"),
      dvm_out("dvm_out"),
      dvm_in("dvm_in"),
      machine_(machine),
      clock_(machine.config.cores[id].freq_mhz),
      disturb_random_(split_seed(seed, id + kDisturbStream)),
      quantum_ps_(u64{machine.config.quantum_ns} * 1000),
      interrupt_ps_(machine.memory ? u64{machine.config.interconnect.interrupt_ns} * 1000 : 0),
      resume_due_(machine.agenda, [this] { resume_.notify(); }),
      event_due_(machine.agenda, [this] { events_arrive(); }),
      timer_due_(machine.agenda, [this] { evaluate_timers(); }),
      power_due_(machine.agenda, [this] { power_arrives(); }),
      late_due_(machine.agenda, [this] { late_maintenance(); }),
      disturb_due_(machine.agenda, [this] { disturb(); }),
      interrupt_due_(machine.agenda, [this] { interrupts_arrive(); }) {
    const cpu::CoreConfig& config = machine.config.cores[id];
    pe.id = id;
    mmu = std::make_unique<mmu::Mmu>(id, config.mmu, machine.ram.view(), machine.bus, split_seed(seed, id));
    mmu->filter.enabled = machine.config.filter;
    machine.domain.add(mmu.get());
    engine =
        std::make_unique<cpu::Engine>(pe, config, *mmu, machine.domain, machine.monitors, *this, machine.memory.get());
    pe.sys.cntfrq = machine.config.counter_hz;
    dvm_out.register_nb_transport_bw(this, &CoreModule::tlbi_completes);
    dvm_in.register_nb_transport_fw(this, &CoreModule::tlbi_arrives);
    SC_THREAD(thread);
    set_stack_size(kStackBytes);
    if (config.mmu.nasty.disturbs()) disturb_due_.at(0);
    if (config.mmu.nasty.late_walk) machine.domain.late.window_ps = 1000 * u64{config.mmu.nasty.window_ns};
}

void CoreModule::reseed(u64 seed) {
    disturb_random_ = mmu::SplitMix64(split_seed(seed, pe.id + kDisturbStream));
    mmu->reseed(split_seed(seed, pe.id));
    if (mmu->config.nasty.disturbs() && !disturb_due_.is_set()) disturb_due_.in(0);  // from now on
}

// Board time, so that a PE that waits is disturbed like one that runs; the same with and without the filter.
void CoreModule::disturb() {
    if (pe.powered) {
        pe.now_ps = std::max(pe.now_ps, machine_.now_ps());
        mmu->disturb();
        pe.fast.last_data = pe.fast.last_fetch = nullptr;  // they may no longer be the most recent
    }
    const u32 mean = mmu->config.nasty.interval_ns;
    disturb_due_.in(1000 * u64{1 + disturb_random_.below(2 * mean)});
}

void CoreModule::late_maintenance() { mmu->complete_maintenance(); }

void CoreModule::thread() {
    while (true) {
        if (std::exchange(resumed_, false)) {
            wait(resume_due_.is_set() ? resume_ : wake_);
            continue;
        }
        u64 next = kAsleep;
        try {
            next = advance();
        } catch (const std::exception& error) {  // must not leave the process: SystemC's context would be lost
            machine_.control.end(Outcome::kError, fmt::format("core {}: {}", pe.id, error.what()));
        } catch (...) {
            machine_.control.end(Outcome::kError, fmt::format("core {}: unknown exception", pe.id));
        }
        if (next != kAsleep) resume_due_.at(next);
        wait(next == kAsleep ? wake_ : resume_);
    }
}

u64 CoreModule::advance() {
    if (machine_.control.ended()) return kAsleep;
    machine_.control.poll();
    if (!wake_up()) return kAsleep;
    while (true) {
        const u64 now = machine_.now_ps();
        if (machine_.schedule && !machine_.debugger.held(pe.id) && hold_back()) return local_ps();
        u64 local = local_ps();
        if (state_ == State::kSync) {
            if (local > now) {
                if (!skip_to(local)) return local;
                continue;
            }
            state_ = State::kRunning;
            pe.synced = true;
        }
        machine_.injector.time_passes(pe, local);
        refresh_hooks();
        if (machine_.debugger.held(pe.id)) return kAsleep;
        local = local_ps();  // a stall takes time
        const u64 horizon = clock_.cycles(now + quantum_ps_);
        if (pe.cycles >= horizon || (next_timer_ps_ > now && next_timer_ps_ <= local)) {
            if (!skip_to(local)) return local;
            continue;
        }
        const cpu::Exit why = run_engine(cycle_limit(horizon));
        evaluate_pmu();
        check_abort_loop();
        const bool runs = leave(why);
        if (engine->debug().step_complete()) engine->debug().report_step();
        if (!runs) return kAsleep;
    }
}

bool CoreModule::skip_to(u64 time_ps) {
    constexpr u32 kPolls = 16;  // looking at the host's clock takes about as long as this
    if (!machine_.skip_to(time_ps)) return false;
    if (++skips_ % kPolls == 0) machine_.control.poll();
    return true;
}

bool CoreModule::hold_back() {
    const u64 held_ps = machine_.schedule->hold_ps(pe.id, local_ps());
    if (held_ps == 0) return false;
    stall(held_ps);
    return local_ps() > machine_.now_ps();
}

void CoreModule::ask_schedule_before_sync() {
    if (!machine_.schedule || !machine_.schedule->wants_instructions()) return;
    const mmu::WalkResult at = machine_.walk(pe.id, pe.pc);
    if (at.fault || !machine_.ram.view().contains(PhysAddr(at.pa), 4)) return;
    u32 encoding = 0;
    machine_.ram.view().read(PhysAddr(at.pa), &encoding, 4);
    machine_.schedule->before(pe.id, pe.pc, encoding);
}

// Stops for samples are nobody else's business: whatever looks at the PE between two runs must not see them.
cpu::Exit CoreModule::run_engine(u64 limit) {
    if (!machine_.profiler) return engine->run(limit);
    while (true) {
        const cpu::Exit why = engine->run(std::min(limit, machine_.profiler->next_sample_cycles(pe.id)));
        machine_.profiler->ran(pe);
        if (why != cpu::Exit::kLimit || pe.cycles >= limit) return why;
    }
}

// The horizon, or an earlier point at which something of this PE is due.
u64 CoreModule::cycle_limit(u64 horizon_cycles) const {
    u64 due = machine_.injector.next_due_ps(pe.id);
    if (machine_.schedule) due = std::min(due, machine_.schedule->due_ps(pe.id));
    if (next_timer_ps_ > local_ps()) due = std::min(due, next_timer_ps_);
    return due == ~u64{0} ? horizon_cycles : std::min(horizon_cycles, clock_.cycles(due));
}

bool CoreModule::leave(cpu::Exit why) {
    if (machine_.control.ended()) return false;
    switch (why) {
        case cpu::Exit::kNone:
        case cpu::Exit::kLimit:
        case cpu::Exit::kPmu: return true;
        case cpu::Exit::kSync:
            state_ = State::kSync;
            ask_schedule_before_sync();
            return true;
        case cpu::Exit::kWaitDvm: state_ = State::kWaitDvm; break;
        case cpu::Exit::kWfe:
            state_ = State::kWfe;
            start_event_stream();
            if (machine_.injector.wants(Occasion::Kind::kWfe, pe.id)) wake_for_nothing();
            break;
        case cpu::Exit::kWfi: state_ = State::kWfi; break;
        case cpu::Exit::kOff: state_ = down_ ? State::kWfi : State::kOff; break;
        case cpu::Exit::kStop:
            pe.stop_requested = false;
            if (stalled_) state_ = State::kStalled;
            if (suspended_) state_ = State::kWfi;
            stalled_ = suspended_ = false;
            break;
    }
    return wake_up();
}

bool CoreModule::wake_up() {
    const u32 wake_cycles = engine->config().maintenance.wfe_wake_cycles;
    switch (state_) {
        case State::kRunning:
        case State::kSync: return true;
        case State::kStalled:
            if (pe.dvm_outstanding > machine_.config.interconnect.dvm_outstanding) return false;
            account_waiting();
            break;
        case State::kWaitDvm:
            if (pe.dvm_outstanding != 0) return false;
            account_waiting();
            pe.synced = true;  // woken at board time: the DSB completes here
            break;
        case State::kWfe: {
            const bool interrupt =
                (pe.irq_line && !(pe.ps.daif & kMaskIrq)) || (pe.fiq_line && !(pe.ps.daif & kMaskFiq));
            if (!pe.event_register && !interrupt) return false;
            account_waiting();
            pe.event_register = false;
            pe.charge(cpu::Cost::kWfe, wake_cycles);
            emit(EventKind::kWfeWake);
            break;
        }
        case State::kWfi:
            if (!pe.irq_line && !pe.fiq_line) return false;
            account_waiting();
            pe.charge(cpu::Cost::kParked, wake_cycles);
            emit(EventKind::kWfiWake);
            if (std::exchange(down_, false)) start_at(power_.entry, power_.x0);
            break;
        case State::kOff:
            if (!pe.powered) return false;
            account_waiting();
            break;
    }
    state_ = State::kRunning;
    return true;
}

void CoreModule::account_waiting() {
    cpu::Cost cause;
    switch (state_) {
        case State::kRunning:
        case State::kSync: return;
        case State::kStalled:
        case State::kWaitDvm: cause = cpu::Cost::kTlbiDsb; break;
        case State::kWfe: cause = cpu::Cost::kWfe; break;
        case State::kWfi:
        case State::kOff: cause = cpu::Cost::kParked; break;
        default: return;
    }
    const u64 reached = clock_.cycles(machine_.now_ps());
    if (reached > pe.cycles) {
        if (machine_.profiler) machine_.profiler->waits(pe, cause, reached - pe.cycles);
        pe.charge(cause, reached - pe.cycles);
    }
    pe.now_ps = local_ps();
}

void CoreModule::check_abort_loop() {
    if (pe.abort_loop < kAbortLoopLimit) return;
    machine_.control.end(Outcome::kAbortLoop,
                         fmt::format("core {} takes exceptions without executing an instruction: pc {}, ELR_EL1 {}, "
                                     "ESR_EL1 {:#x}, FAR_EL1 {:#x}",
                                     pe.id, machine_.symbols.symbolize(pe.pc), machine_.symbols.symbolize(pe.sys.elr),
                                     pe.sys.esr, pe.sys.far));
}

void CoreModule::refresh_hooks() {
    if (machine_.probes.changed(pe.id)) engine->set_probes(machine_.probes.take(pe.id));
    if (machine_.injector.hook_changed(pe.id)) {
        const Injector::Range range = machine_.injector.take_hook(pe.id);
        if (range.hi == 0)
            engine->set_conflict_hook(0, 0, {});
        else
            engine->set_conflict_hook(range.lo, range.hi, [this](cpu::Pe& who, u64 va, Access access) {
                Occasion o{.kind = Occasion::Kind::kAccess, .va = va, .access = access};
                machine_.injector.offer(o, who);
                return o.taken;
            });
    }
}

void CoreModule::interrupt_engine() {
    pe.stop_requested = true;
    pe.attend();
}

void CoreModule::power_on(u64 entry_pa, u64 x0, u64 delay_ps) {
    power_ = {entry_pa, x0};
    power_due_.in(delay_ps);
}

void CoreModule::power_arrives() {
    account_waiting();
    machine_.psci.arrived(pe.id);
    start_at(power_.entry, power_.x0);
    wake_.notify(sc_core::SC_ZERO_TIME);
}

void CoreModule::start_at(u64 entry_pa, u64 x0) {
    machine_.gic.reset_cpu_interface(pe.id);
    if (machine_.checker) machine_.checker->on_power(pe.id, true);
    engine->reset(entry_pa, x0);
    timer_written(pe);
}

void CoreModule::power_off() {
    pe.powered = false;
    pe.attend();
    if (machine_.checker) machine_.checker->on_power(pe.id, false);
}

void CoreModule::stall(u64 duration_ps) { pe.charge(cpu::Cost::kParked, clock_.cycles(duration_ps)); }

void CoreModule::wake_for_nothing() {
    Occasion o{.kind = Occasion::Kind::kWfe, .pc = pe.pc};
    machine_.injector.offer(o, pe);
    const u64 now = machine_.now_ps();
    if (o.taken) event_arrives_in(std::max(local_ps(), now) - now + o.delay_ps);
}

void CoreModule::suspend() {
    suspended_ = true;
    interrupt_engine();
}

// Interrupts still arrive: the timer and the interrupt controller stay on, as its CPU interface does until it wakes.
void CoreModule::suspend_down(u64 entry_pa, u64 x0) {
    power_ = {entry_pa, x0};
    down_ = true;
    power_off();
}

void CoreModule::set_irq(bool level) { interrupt_line(irq_wanted_, pe.irq_line, level); }
void CoreModule::set_fiq(bool level) { interrupt_line(fiq_wanted_, pe.fiq_line, level); }

// The line falls at once: what the PE has acknowledged it must not see again.
void CoreModule::interrupt_line(bool& wanted, bool& line, bool level) {
    wanted = level;
    if (!level) {
        line = false;
        if (!irq_wanted_ && !fiq_wanted_) interrupt_due_.cancel();
    } else if (interrupt_ps_ == 0) {
        interrupts_arrive();
    } else if (!line) {
        interrupt_due_.in(interrupt_ps_);
    }
}

void CoreModule::interrupts_arrive() {
    pe.irq_line = irq_wanted_;
    pe.fiq_line = fiq_wanted_;
    if (!pe.irq_line && !pe.fiq_line) return;
    pe.attend();
    if (state_ == State::kWfe || state_ == State::kWfi) wake_.notify(sc_core::SC_ZERO_TIME);
}

void CoreModule::event_arrives_in(u64 delay_ps) {
    const u64 due = machine_.now_ps() + delay_ps;
    if (!event_times_.empty() && event_times_.back() == due) return;
    event_times_.insert(std::ranges::upper_bound(event_times_, due), due);
    event_due_.at(event_times_.front());
}

void CoreModule::events_arrive() {
    const u64 now = machine_.now_ps();
    while (!event_times_.empty() && event_times_.front() <= now) event_times_.pop_front();
    if (!event_times_.empty()) event_due_.at(event_times_.front());
    pe.event_register = true;
    if (state_ == State::kWfe) wake_.notify(sc_core::SC_ZERO_TIME);
}

bool CoreModule::step_alone() {
    constexpr unsigned kTries = 4;  // each exit for board time is one
    if (machine_.control.ended() || state_ == State::kOff || state_ == State::kWaitDvm || state_ == State::kStalled)
        return false;
    account_waiting();
    state_ = State::kRunning;
    wake();
    refresh_hooks();
    const u64 instructions = pe.instructions, exceptions = pe.exceptions;
    auto stepped = [&] { return pe.instructions != instructions || pe.exceptions != exceptions; };
    for (unsigned i = 0; i < kTries && !stepped() && state_ == State::kRunning; ++i) {
        pe.synced = true;  // its time has come, by decree
        engine->debug().step_and_leave();
        const cpu::Exit why = engine->run(pe.cycles + 1);
        engine->debug().disarm();
        check_abort_loop();
        leave(why);
        if (state_ == State::kSync) state_ = State::kRunning;
    }
    return stepped();
}

std::string CoreModule::state() const {
    switch (state_) {
        case State::kRunning:
        case State::kSync: break;
        case State::kStalled: return "waits to issue a TLBI";
        case State::kWaitDvm: return "waits in DSB";
        case State::kWfe: return "waits in WFE";
        case State::kWfi: return "waits in WFI";
        case State::kOff: return "is off";
    }
    return "runs";
}

std::string CoreModule::describe() const {
    if (state_ == State::kOff) return fmt::format("core {} is off", pe.id);
    return fmt::format("core {} {} before {}", pe.id, state(), machine_.symbols.symbolize(pe.pc));
}

}  // namespace bbmsim::sim
