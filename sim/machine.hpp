// SPDX-License-Identifier: Apache-2.0
// One board, wired: the plain models, the SystemC modules around them, and what a session records about them.
// Made and destroyed within the Scope of its Kernel.
#pragma once

#include "models/board/generic_timer.hpp"
#include "models/board/gicv3.hpp"
#include "models/board/pl011.hpp"
#include "models/board/pl031.hpp"
#include "models/board/psci.hpp"
#include "models/board/ram.hpp"
#include "models/board/virtio_console.hpp"
#include "models/cpu/exclusives.hpp"
#include "models/memory/memory_system.hpp"
#include "models/mmu/checker/bbm_checker.hpp"
#include "models/mmu/inner_domain.hpp"
#include "sim/agenda.hpp"
#include "sim/change_tally.hpp"
#include "sim/console_input.hpp"
#include "sim/core_module.hpp"
#include "sim/debugger.hpp"
#include "sim/devices.hpp"
#include "sim/dvm.hpp"
#include "sim/events.hpp"
#include "sim/injector.hpp"
#include "sim/map_changes.hpp"
#include "sim/map_recorder.hpp"
#include "sim/phase_recorder.hpp"
#include "sim/probes.hpp"
#include "sim/profiler.hpp"
#include "sim/rendezvous_recorder.hpp"
#include "sim/run_control.hpp"
#include "sim/save_points.hpp"
#include "sim/schedule.hpp"
#include "sim/symbols.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

class RtcModule;
class VirtioModule;

class Machine {
public:
    Machine(Kernel& kernel, const BoardConfig& config, u64 seed);
    ~Machine();
    Machine(const Machine&) = delete;

    [[nodiscard]] u64 now_ps() const { return kernel_.now_ps(); }
    bool skip_to(u64 ps) { return kernel_.skip_to(ps, agenda.next_ps()); }
    void boot(u64 entry_pa, u64 dtb_pa);  // PE 0, at time 0

    void profile(u64 interval_cycles);  // from now on
    void reseed(u64 seed);              // what is drawn from now on comes of it

    // Typed at the UART, or at the virtio console if the board has one.
    void type(std::string_view bytes, bool virtio);

    // From the PEs.
    void hypercall(CoreModule& core, bool smc, u16 imm);
    void send_event(PeId from);
    void event_to(PeId target);
    [[nodiscard]] mmu::WalkResult walk(PeId pe, u64 va) const;  // the tables as they are, in the PE's context

    void account_waiting();  // every waiting PE, up to now
    [[nodiscard]] BoardCounters gather();
    [[nodiscard]] mmu::Census census(PeId pe, const MapSpec& spec) const;  // of what it reaches now
    [[nodiscard]] std::string describe_waiting() const;
    [[nodiscard]] std::vector<std::string> remarks() const;
    void archive(Archive& ar);  // machine_state.cpp; read before elaboration

private:
    Kernel& kernel_;

public:
    const BoardConfig config;
    RunControl control;
    Agenda agenda;
    board::Ram ram;
    EventBus bus;
    mmu::InnerDomain domain;
    std::unique_ptr<mmu::BbmChecker> checker;
    cpu::ExclusiveMonitors monitors;
    std::unique_ptr<memory::MemorySystem> memory;  // null: detail fast
    board::SystemCounter counter;
    board::Psci psci;
    board::GicV3 gic;
    board::Pl011 uart;

    SymbolTable symbols;
    Injector injector;
    PhaseRecorder phases;
    MapRecorder maps;
    MapChanges map_changes;
    RendezvousRecorder rendezvous;
    Probes probes;
    SavePoints saves;
    Debugger debugger;
    std::string console;  // what the guest printed, on either console
    ConsoleInput input;
    std::vector<std::pair<std::string, u64>> guest_results;
    std::pair<u64, u64> progress{0, 0};

    DvmPool dvm_pool;
    Router router;
    DvmNode dvm;
    HostPort host_port;
    std::vector<std::unique_ptr<CoreModule>> cores;
    std::unique_ptr<Profiler> profiler;  // null: nobody asked
    std::unique_ptr<ChangeTally> tally;  // likewise
    std::unique_ptr<Schedule> schedule;  // null: PEs advance as their clocks do

private:
    bool psci_call(CoreModule& core);   // false: not one of its functions
    bool guest_call(CoreModule& core);  // guest_abi.h
    [[nodiscard]] std::string guest_text(u64 pa) const;
    [[nodiscard]] bool in_linear_map(PeId pe, u64 va) const;
    void transmit(u8 byte);
    void make_schedule(u64 seed);
    void archive_schedule(Archive& ar);
    void add_disk();
    [[nodiscard]] u64 event_delay_ps(PeId target);
    bool refuses_power_on(CoreModule& caller);  // an injection answers instead of PSCI
    void emit_marker(PeId pe, u64 a, u64 b, u8 sub);

    RamTarget ram_target_;
    std::vector<std::unique_ptr<RegisterDevice>> devices_;
    std::unique_ptr<RtcModule> rtc_;
    HostPort dma_port_;
    std::unique_ptr<VirtioModule> disk_, virtio_console_;
    board::VirtioConsole* virtio_console_model_ = nullptr;  // owned by the module
};

}  // namespace bbmsim::sim
