// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/system_registers.hpp"
#include "sim/session_impl.hpp"

#include <fmt/format.h>
#include <stdexcept>
#include <string_view>

namespace bbmsim::sim {

const cpu::Pe& Session::pe(PeId pe) const { return impl_->machine->cores.at(pe)->pe; }

u64 Session::sysreg(PeId pe, const std::string& name) const {
    const auto encoding = cpu::find_system_register(std::string_view(name));
    if (!encoding) throw std::invalid_argument(fmt::format("no system register '{}'", name));
    return impl_->machine->cores.at(pe)->engine->read_sysreg(*encoding);
}

std::set<std::string> Session::encodings() const {
    std::set<std::string> names;
    for (const auto& core : impl_->machine->cores) core->engine->add_encodings(names);
    return names;
}

std::vector<mmu::TlbEntry> Session::tlb(PeId pe, mmu::Structure which) const {
    return impl_->machine->cores.at(pe)->mmu->entries(which);
}

mmu::WalkResult Session::walk(PeId pe, u64 va) const {
    const mmu::Mmu& mmu = *impl_->machine->cores.at(pe)->mmu;
    return mmu::inspect_walk(impl_->machine->ram.view(), mmu.context(), mmu.config, va);
}

mmu::Census Session::census(PeId pe, u64 va_first, u64 va_last) const {
    if (pe >= impl_->machine->cores.size()) throw std::out_of_range(fmt::format("core={}: there is no such core", pe));
    MapSpec spec;
    spec.va_first = va_first;
    spec.va_last = va_last;
    return impl_->machine->census(pe, spec);
}

std::vector<u8> Session::read_memory(u64 pa, u64 bytes) const {
    const RamView& ram = impl_->machine->ram.view();
    if (bytes && !ram.contains(PhysAddr(pa), bytes))
        throw std::out_of_range(fmt::format("read of {:#x} bytes at {:#x}: RAM is {:#x}..{:#x}", bytes, pa, ram.base,
                                            ram.base + ram.bytes));
    std::vector<u8> out(bytes);
    impl_->machine->host_port.read(pa, out);
    return out;
}

void Session::write_memory(u64 pa, std::span<const u8> bytes) {
    const RamView& ram = impl_->machine->ram.view();
    if (!bytes.empty() && !ram.contains(PhysAddr(pa), bytes.size()))
        throw std::out_of_range(fmt::format("write of {:#x} bytes at {:#x}: RAM is {:#x}..{:#x}", bytes.size(), pa,
                                            ram.base, ram.base + ram.bytes));
    impl_->settled = false;
    const Kernel::Scope scope(impl_->kernel);  // a store may clear a monitor, which notifies an event
    impl_->machine->debugger.changed();
    impl_->machine->host_port.write(pa, bytes);
}

std::string Session::disassemble(u32 raw, u64 pc) const { return cpu::disassemble(raw, pc); }
const BoardConfig& Session::board() const { return impl_->machine->config; }
Debugger& Session::debugger() { return impl_->machine->debugger; }

}  // namespace bbmsim::sim
