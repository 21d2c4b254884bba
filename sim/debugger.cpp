// SPDX-License-Identifier: Apache-2.0
#include "sim/debugger.hpp"

#include "models/cpu/system_registers.hpp"
#include "sim/machine.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace bbmsim::sim {

void Debugger::attach(Handler handler) {
    handler_ = std::move(handler);
    for (auto& core : machine_.cores)
        core->engine->debug().set_handler(
            [this, id = core->pe.id](const cpu::DebugStop& stop) { return stopped(id, stop); });
}

void Debugger::detach() {
    set_breakpoints({});
    set_watchpoints({});
    for (auto& core : machine_.cores) core->engine->debug().disarm();
    hold(0);
    handler_ = nullptr;
}

bool Debugger::stopped(PeId core, const cpu::DebugStop& stop) {
    for (auto& other : machine_.cores) other->engine->debug().disarm();
    if (!handler_ || machine_.control.ended()) return false;
    const auto which = std::ranges::find(watchpoints_, stop.watch);
    changed_ = false;
    stopped_ = core;
    const Handler handler = handler_;  // it may detach
    try {
        handler({stop.reason, core, stop.address, static_cast<std::size_t>(which - watchpoints_.begin())});
    } catch (...) {  // must not cross SystemC
        machine_.control.defer(std::current_exception());
    }
    stopped_.reset();
    if (held(core)) {
        machine_.cores[core]->interrupt_engine();
        return true;
    }
    return changed_;
}

void Debugger::set_breakpoints(std::span<const u64> addresses) {
    for (auto& core : machine_.cores) core->engine->debug().set_breakpoints(addresses);
}

void Debugger::set_watchpoints(std::vector<cpu::Watchpoint> watchpoints) {
    watchpoints_ = std::move(watchpoints);
    for (auto& core : machine_.cores) core->engine->debug().set_watchpoints(watchpoints_);
}

void Debugger::halt(PeId core) { machine_.cores.at(core)->engine->debug().halt(); }
void Debugger::step(PeId core) { machine_.cores.at(core)->engine->debug().step(); }

bool Debugger::step_alone(PeId core) {
    if (stopped_ == core) throw std::logic_error("step_alone() of the PE that is in the middle of a block");
    const Kernel::Scope scope(kernel_);
    return machine_.cores.at(core)->step_alone();
}

void Debugger::hold(PeMask cores) {
    const Kernel::Scope scope(kernel_);
    const PeMask released = held_ & ~cores;
    held_ = cores;
    for (auto& core : machine_.cores)
        if (released & pe_bit(core->pe.id)) core->wake();
}

unsigned Debugger::register_bytes(unsigned number) {
    if (number >= kV0 && number < kFpsr) return 16;
    return number == kCpsr || number >= kFpsr ? 4 : 8;
}

std::vector<u8> Debugger::read_register(PeId core, unsigned number) const {
    const CoreModule& module = *machine_.cores.at(core);
    const cpu::Pe& pe = module.pe;
    std::array<u64, 2> value{};
    if (number <= kSp)
        value[0] = pe.r[number];
    else if (number == kPc)
        value[0] = pe.pc;
    else if (number == kCpsr)
        value[0] = module.engine->read_pstate();
    else if (number < kFpsr)
        std::memcpy(value.data(), &pe.v[number - kV0], sizeof value);
    else if (number < kRegisters)
        value[0] = number == kFpsr ? pe.sys.fpsr : pe.sys.fpcr;
    else
        throw std::invalid_argument(fmt::format("register {}: there are 0 to {}", number, kRegisters - 1));
    std::vector<u8> bytes(register_bytes(number));
    std::memcpy(bytes.data(), value.data(), bytes.size());
    return bytes;
}

void Debugger::write_register(PeId core, unsigned number, std::span<const u8> bytes) {
    if (number >= kRegisters || bytes.size() != register_bytes(number))
        throw std::invalid_argument(fmt::format("register {} with {} bytes: no such register", number, bytes.size()));
    CoreModule& module = *machine_.cores.at(core);
    cpu::Pe& pe = module.pe;
    std::array<u64, 2> value{};
    std::memcpy(value.data(), bytes.data(), bytes.size());
    changed_ = true;
    if (number <= kSp)
        pe.r[number] = value[0];
    else if (number == kPc)
        pe.pc = value[0];
    else if (number == kCpsr)
        module.engine->write_pstate(value[0]);
    else if (number < kFpsr)
        pe.v[number - kV0] = {value[0], value[1]};
    else
        write_system_register(core, *cpu::find_system_register(std::string_view(number == kFpsr ? "FPSR" : "FPCR")),
                              value[0]);
}

std::vector<SystemRegisterInfo> Debugger::system_registers(PeId core) const {
    const cpu::FeatureConfig& has = machine_.cores.at(core)->engine->config().features;
    std::vector<SystemRegisterInfo> out;
    for (const cpu::SystemRegister& r : cpu::system_registers()) {
        if (r.feature && !(has.*r.feature)) continue;
        const std::string name = r.bank ? fmt::format("{}{}_EL1", r.name, (r.id >> 3) & 15) : r.name;
        out.push_back({name, r.id, (r.el1 & cpu::kReadable) != 0, (r.el1 & cpu::kWritable) != 0});
    }
    return out;
}

u64 Debugger::read_system_register(PeId core, u32 encoding) const {
    return machine_.cores.at(core)->engine->read_sysreg(encoding);
}

bool Debugger::write_system_register(PeId core, u32 encoding, u64 value) {
    const Kernel::Scope scope(kernel_);  // timers and the GIC notify events
    changed_ = true;
    return machine_.cores.at(core)->engine->write_sysreg(encoding, value);
}

std::optional<u64> Debugger::translate(PeId core, u64 va) const {
    const mmu::Mmu& mmu = *machine_.cores.at(core)->mmu;
    const auto walk = mmu::inspect_walk(machine_.ram.view(), mmu.context(), mmu.config, va);
    if (walk.fault && walk.fault.type != mmu::FaultType::kAccessFlag) return std::nullopt;
    return walk.pa;
}

std::string Debugger::state(PeId core) const { return machine_.cores.at(core)->state(); }

}  // namespace bbmsim::sim
