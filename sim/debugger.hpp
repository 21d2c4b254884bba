// SPDX-License-Identifier: Apache-2.0
// A debugger's view of a session: where to stop, one instruction at a time, registers read and written.
//
// A stop calls the handler from within Session::run(). The whole board stands still until it returns; meanwhile the
// session may be inspected and changed, by the functions here and Session's own. PEs run ahead of board time by up to a
// quantum, so the others stand within a quantum of the one that stopped. Stops and steps of the PE that stopped
// change no figure of the run; what changes it is writing, step_alone() of another PE, and hold(): they change the
// order of things.
#pragma once

#include "models/cpu/debug.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bbmsim::sim {

class Kernel;
class Machine;

struct SystemRegisterInfo {
    std::string name;
    u32 encoding = 0;
    bool readable = false, writable = false;  // at EL1
};

class Debugger {
public:
    Debugger(Machine& machine, Kernel& kernel) : machine_(machine), kernel_(kernel) {}

    struct Stop {
        cpu::StopReason reason = cpu::StopReason::kStep;
        PeId core = 0;
        u64 address = 0;             // see cpu::DebugStop
        std::size_t watchpoint = 0;  // index in set_watchpoints()
    };
    using Handler = std::function<void(const Stop&)>;  // what it throws comes out of run()
    void attach(Handler handler);
    [[nodiscard]] bool attached() const { return static_cast<bool>(handler_); }
    void detach();  // nothing is set any more; without handler nothing stops

    // For every PE, replacing the earlier ones.
    void set_breakpoints(std::span<const u64> addresses);
    void set_watchpoints(std::vector<cpu::Watchpoint> watchpoints);
    void halt(PeId core);  // stop before its next instruction
    void step(PeId core);  // stop after its next instruction; forgotten at whatever stop comes first
    // Now, while all others stand: CoreModule::step_alone(). Throws std::logic_error for the PE whose stop this is.
    bool step_alone(PeId core);
    void hold(PeMask cores);  // these do not execute until another hold()

    // Registers by the numbers of GDB's aarch64 features: 0..30 X, 31 SP, 32 PC, 33 CPSR, 34..65 V, 66 FPSR, 67 FPCR.
    static constexpr unsigned kSp = 31, kPc = 32, kCpsr = 33, kV0 = 34, kFpsr = 66, kFpcr = 67, kRegisters = 68;
    [[nodiscard]] static unsigned register_bytes(unsigned number);
    [[nodiscard]] std::vector<u8> read_register(PeId core, unsigned number) const;  // little endian
    void write_register(PeId core, unsigned number, std::span<const u8> bytes);     // throws std::invalid_argument

    [[nodiscard]] std::vector<SystemRegisterInfo> system_registers(PeId core) const;  // that this core has
    [[nodiscard]] u64 read_system_register(PeId core, u32 encoding) const;
    bool write_system_register(PeId core, u32 encoding, u64 value);
    // Of a debugger's access, by the core's regime as it stands; no TLB, no side effect, access flag ignored.
    [[nodiscard]] std::optional<u64> translate(PeId core, u64 va) const;
    [[nodiscard]] std::string state(PeId core) const;  // "runs", "waits in WFE", "is off"
    void changed() { changed_ = true; }                // memory was written while stopped

    // From the PEs.
    [[nodiscard]] bool held(PeId core) const { return held_ & pe_bit(core); }

private:
    bool stopped(PeId core, const cpu::DebugStop& stop);

    Machine& machine_;
    Kernel& kernel_;
    Handler handler_;
    std::vector<cpu::Watchpoint> watchpoints_;
    PeMask held_ = 0;
    bool changed_ = false;
    std::optional<PeId> stopped_;  // within its handler
};

}  // namespace bbmsim::sim
