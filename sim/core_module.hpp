// SPDX-License-Identifier: Apache-2.0
// One PE as a SystemC module: lends an Engine its time and stands between it and the machine (cpu::Platform).
//
// Time: the PE runs ahead of board time by at most the quantum; instructions that need order leave the engine, wait
// here until board time has come up, and execute then. Local time is a function of Pe::cycles alone (clock.hpp), so
// waiting is charged when it ends, or when somebody looks, by counting up to board time.
// State: everything is a data member; the thread's stack holds nothing between two activations (design: mechanism 8).
// Memory: instructions use RamView directly (the DMI of this simulator); the `memory` socket carries device accesses.
#pragma once

#include "models/board/generic_timer.hpp"
#include "models/cpu/engine.hpp"
#include "models/cpu/platform.hpp"
#include "models/mmu/event.hpp"
#include "models/mmu/rng.hpp"
#include "sim/agenda.hpp"
#include "sim/clock.hpp"
#include "sim/counters.hpp"
#include "sim/dvm.hpp"
#include "sim/kernel.hpp"

#include <deque>
#include <memory>
#include <string>

#include <tlm_utils/passthrough_target_socket.h>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

class Machine;

class CoreModule final : public sc_core::sc_module, public cpu::Platform {
public:
    CoreModule(const sc_core::sc_module_name& name, Machine& machine, PeId id, u64 seed);

    tlm_utils::simple_initiator_socket<CoreModule> memory;    // device accesses, blocking
    tlm_utils::simple_initiator_socket<CoreModule> dvm_out;   // TLBIs that this PE broadcasts
    tlm_utils::passthrough_target_socket<CoreModule> dvm_in;  // TLBIs that it must perform

    void power_on(u64 entry_pa, u64 x0, u64 delay_ps);
    void power_off();                         // by the PE's own call
    void suspend();                           // by the PE's own call: standby until an interrupt
    void suspend_down(u64 entry_pa, u64 x0);  // likewise, its state lost: an interrupt starts it at entry_pa
    void stall(u64 duration_ps);
    void set_irq(bool level);
    void set_fiq(bool level);
    void event_arrives_in(u64 delay_ps);  // its event register
    // Leaves the engine before the next block: an outcome or a new set of probes wants attention.
    void interrupt_engine();
    void reseed(u64 seed);  // the session's

    // For the debugger, out of turn, while no time passes: one instruction, or the exception it takes instead. A
    // waiting PE wakes up, as WFE and WFI may at any time. False: it is off, or waits for others (DSB, a full
    // interconnect).
    bool step_alone();
    void wake() { wake_.notify(sc_core::SC_ZERO_TIME); }
    [[nodiscard]] std::string state() const;  // "waits in WFE"
    [[nodiscard]] bool runnable() const { return state_ == State::kRunning || state_ == State::kSync; }

    void account_waiting();  // charges a waiting PE up to board time
    [[nodiscard]] Counters counters() const;
    [[nodiscard]] u64 local_ps() const { return clock_.ps(pe.cycles); }
    [[nodiscard]] std::string describe() const;  // "core 1 waits in WFE at 0x4020_0000"
    void archive(Archive& ar);                   // with its PE's, MMU's and engine's; before elaboration

    // cpu::Platform
    bool mmio_read(cpu::Pe& pe, u64 pa, unsigned size, u64& value) override;
    bool mmio_write(cpu::Pe& pe, u64 pa, unsigned size, u64 value) override;
    bool icc_read(cpu::Pe& pe, u32 encoding, u64& value) override;
    bool icc_write(cpu::Pe& pe, u32 encoding, u64 value) override;
    u64 counter(const cpu::Pe& pe) override;
    void timer_written(cpu::Pe& pe) override;
    void broadcast_tlbi(cpu::Pe& pe, const mmu::Tlbi& op) override;
    void send_event(cpu::Pe& pe) override;
    void event_to(PeId pe) override;
    void hypercall(cpu::Pe& pe, bool smc, u16 imm) override;
    void probe(cpu::Pe& pe, u64 va) override;
    void mark(cpu::Pe& pe, u64 va) override;

    cpu::Pe pe;
    std::unique_ptr<mmu::Mmu> mmu;
    std::unique_ptr<cpu::Engine> engine;

private:
    enum class State : u8 { kRunning, kSync, kStalled, kWaitDvm, kWfe, kWfi, kOff };
    static constexpr u64 kAsleep = ~u64{0};

    SC_HAS_PROCESS(CoreModule);
    void thread();
    u64 advance();              // runs as far as it may; the board time at which to go on, or kAsleep
    bool skip_to(u64 time_ps);  // nobody else acts until then, so that SystemC need not be asked
    bool wake_up();             // true: not waiting, or no longer
    bool leave(cpu::Exit why);  // what the engine came back for; false: asleep
    cpu::Exit run_engine(u64 limit);
    [[nodiscard]] u64 cycle_limit(u64 horizon_cycles) const;
    bool hold_back();  // as the schedule says; true: the others go first
    void ask_schedule_before_sync();
    void refresh_hooks();
    void check_abort_loop();
    void evaluate_timers();
    void evaluate_pmu();
    void start_event_stream();
    void events_arrive();
    void interrupt_line(bool& wanted, bool& line, bool level);
    void interrupts_arrive();
    void wake_for_nothing();  // if an injection says so
    void power_arrives();
    void start_at(u64 entry_pa, u64 x0);  // out of reset
    void disturb();                       // the nasty TLB: something happens to it
    void late_maintenance();              // likewise: what was put off takes effect
    bool device_access(tlm::tlm_command command, u64 pa, unsigned size, u64& value);
    tlm::tlm_sync_enum tlbi_arrives(tlm::tlm_generic_payload& trans, tlm::tlm_phase& phase, sc_core::sc_time& delay);
    tlm::tlm_sync_enum tlbi_completes(tlm::tlm_generic_payload& trans, tlm::tlm_phase& phase, sc_core::sc_time& delay);
    void emit(EventKind kind, u64 a = 0, u64 b = 0);

    Machine& machine_;
    LocalClock clock_;
    mmu::SplitMix64 disturb_random_;  // the nasty TLB's, apart from the MMU's own
    u64 quantum_ps_, interrupt_ps_;
    State state_ = State::kOff;
    bool suspended_ = false;  // standby was asked for: once the engine is left
    bool down_ = false;       // suspended with its state lost: power_ says where it goes on
    bool stalled_ = false;    // likewise: the interconnect takes no further TLBI of this PE
    bool resumed_ = false;    // the thread goes on where it was saved, waiting
    struct {
        u64 entry = 0, x0 = 0;
    } power_;
    board::Timer virtual_timer_, physical_timer_;  // as last written
    bool pmu_line_ = false;                        // as the GIC has it
    u64 next_timer_ps_ = ~u64{0};
    u32 skips_ = 0;
    std::deque<u64> event_times_;                   // when the event register will be set
    bool irq_wanted_ = false, fiq_wanted_ = false;  // as the interrupt controller has the lines
    u64 dvm_received_ = 0;
    u64 tlbis_done_ps_ = 0;  // when it will have performed those that arrived

    sc_core::sc_event wake_, resume_;  // the thread waits for one of them: asleep, or until its time has come
    Alarm resume_due_, event_due_, timer_due_, power_due_, late_due_, disturb_due_, interrupt_due_;
};

}  // namespace bbmsim::sim
