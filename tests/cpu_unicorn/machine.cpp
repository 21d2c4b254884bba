// SPDX-License-Identifier: Apache-2.0
#include "tests/cpu_unicorn/machine.hpp"

#include "models/cpu/engine.hpp"
#include "models/cpu/engine_impl.hpp"
#include "models/mmu/event.hpp"

#include <fmt/format.h>

#include <cstring>

namespace bbmsim::difftest {
namespace {

class NoPlatform final : public cpu::Platform {
public:
    bool mmio_read(cpu::Pe&, u64, unsigned, u64&) override { return false; }
    bool mmio_write(cpu::Pe&, u64, unsigned, u64) override { return false; }
    bool icc_read(cpu::Pe&, u32, u64&) override { return false; }
    bool icc_write(cpu::Pe&, u32, u64) override { return false; }
    u64 counter(const cpu::Pe&) override { return 0; }
    void timer_written(cpu::Pe&) override {}
    void broadcast_tlbi(cpu::Pe&, const mmu::Tlbi&) override {}
    void send_event(cpu::Pe&) override {}
    void event_to(PeId) override {}
    void hypercall(cpu::Pe&, bool, u16) override {}
    void probe(cpu::Pe&, u64) override {}
};

constexpr u64 kSctlr =
    0x30d00801 | u64{1} << 31 | u64{1} << 30 | u64{1} << 27 | u64{1} << 13;  // M, EnIA EnIB EnDA EnDB
constexpr u64 kTcr = 25 | u64{1} << 8 | u64{1} << 10 | u64{3} << 12 | u64{25} << 16 | u64{1} << 23 | u64{2} << 30 |
                     u64{2} << 32;  // 39-bit TTBR0, 4K; EPD1

cpu::CoreConfig core() {
    cpu::CoreConfig c;
    cpu::visit_fields(c.features, [](const char*, bool& f) { f = true; });
    return c;
}

}  // namespace

struct Machine::Impl {
    std::vector<u8> host = std::vector<u8>(kRamBytes);
    std::vector<u8> flags = std::vector<u8>(kRamBytes >> kPageShift, kBacked);
    RamView ram{host.data(), flags.data(), kRamBase, kRamBytes, true};
    EventBus bus;
    mmu::InnerDomain domain{ram, bus};
    cpu::CoreConfig config = core();
    mmu::Mmu mmu{0, config.mmu, ram, bus, 1};
    cpu::ExclusiveMonitors monitors{domain};
    NoPlatform platform;
    cpu::Pe pe;
    std::unique_ptr<cpu::Engine> engine;
    u64 tcr_bits = 0;

    void write64(u64 pa, u64 value) { domain.write(kNoPe, PhysAddr(pa), &value, 8); }
};

Machine::Machine() : impl_(std::make_unique<Impl>()) {
    Impl& m = *impl_;
    m.domain.add(&m.mmu);
    m.engine = std::make_unique<cpu::Engine>(m.pe, m.config, m.mmu, m.domain, m.monitors, m.platform);
    // Level 1 entry 1 covers 0x40000000; level 2: code (AP=00), data (AP=01), tables.
    constexpr u64 kBlock = 1 | u64{1} << 10 | u64{3} << 8;
    m.write64(kTables + 8, (kTables + 0x1000) | 3);
    m.write64(kTables + 0x1000, kRamBase | kBlock);
    m.write64(kTables + 0x1008, kData | kBlock | u64{1} << 6);
    m.write64(kTables + 0x1010, kTables | kBlock);
    m.engine->reset(kCodeBase, 0);
    set_keys({}, 0);
}
Machine::~Machine() = default;

u8* Machine::memory() { return impl_->host.data(); }
u64 Machine::instructions() const { return impl_->pe.instructions; }

void Machine::write_code(u64 pa, const u32* words, unsigned count) {
    impl_->domain.write(kNoPe, PhysAddr(pa), words, 4 * count);
}

void Machine::set_keys(const Keys& keys, u64 tcr_bits) {
    cpu::SysRegs& s = impl_->pe.sys;
    u64* const fields[10] = {&s.apiakeylo, &s.apiakeyhi, &s.apibkeylo, &s.apibkeyhi, &s.apdakeylo,
                             &s.apdakeyhi, &s.apdbkeylo, &s.apdbkeyhi, &s.apgakeylo, &s.apgakeyhi};
    for (unsigned i = 0; i < 10; ++i) *fields[i] = keys.value[i];
    s.sctlr = kSctlr;
    s.mair = 0xff;
    s.cpacr = u64{3} << 20;
    s.ttbr0 = kTables;
    s.tcr = kTcr | tcr_bits;
    cpu::context_sync(impl_->pe);
}

bool Machine::run(const State& start, u64 end, State& out, std::string& why) {
    cpu::Pe& pe = impl_->pe;
    std::memcpy(pe.r.data(), start.x.data(), sizeof start.x);
    pe.r[cpu::kRegSp] = start.sp;
    pe.r[cpu::kRegZero] = 0;
    pe.pc = start.pc;
    pe.ps.nzcv = start.nzcv;
    pe.v = start.v;
    pe.sys.fpcr = start.fpcr;
    pe.sys.fpsr = start.fpsr;
    pe.exclusive = {};
    const u64 limit = pe.cycles + 1'000'000;
    cpu::Exit exit = cpu::Exit::kNone;
    while ((exit = impl_->engine->run(limit)) == cpu::Exit::kSync) pe.synced = true;
    std::memcpy(out.x.data(), pe.r.data(), sizeof out.x);
    out.sp = pe.r[cpu::kRegSp];
    out.pc = pe.pc - 4;  // behind the WFI
    out.nzcv = pe.ps.nzcv;
    out.v = pe.v;
    out.fpsr = static_cast<u32>(pe.sys.fpsr);
    if (exit == cpu::Exit::kWfi && out.pc == end) return true;
    why = fmt::format("exit {} at {:#x}, ESR {:#x}, ELR {:#x}, FAR {:#x}", static_cast<int>(exit), pe.pc, pe.sys.esr,
                      pe.sys.elr, pe.sys.far);
    pe.ps = cpu::PState{};
    return false;
}

}  // namespace bbmsim::difftest
