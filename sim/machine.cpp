// SPDX-License-Identifier: Apache-2.0
#include "sim/machine.hpp"

#include "models/board/memory_map.hpp"
#include "models/mmu/conflict.hpp"
#include "sim/random.hpp"
#include "sim/rtc_module.hpp"
#include "sim/virtio_module.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace bbmsim::sim {

namespace {

constexpr u64 kEpoch2023 = 1'672'531'200, kSecondsOfAYear = 31'536'000;

enum class MarkerSub : u8 { kBegin = 0, kEnd = 1, kProgress = 2 };

}  // namespace

Machine::Machine(Kernel& kernel, const BoardConfig& board, u64 seed)
    : kernel_(kernel),
      config(board),
      control(kernel),
      agenda("agenda", kernel),
      ram(PhysAddr(board::kRamBase), board.memory_bytes, board.zero_fill),
      domain(ram.view(), bus),
      checker(board.checker ? std::make_unique<mmu::BbmChecker>(domain) : nullptr),
      monitors(domain),
      memory(board.detail == memory::Detail::kFast
                 ? nullptr
                 : std::make_unique<memory::MemorySystem>(board.shared, board.detail,
                                                          static_cast<unsigned>(board.cores.size()))),
      counter{.hz = board.counter_hz},
      psci(static_cast<unsigned>(board.cores.size()), PhysAddr(board::kRamBase), board.memory_bytes),
      gic(
          static_cast<unsigned>(board.cores.size()), [this](PeId pe, bool level) { cores[pe]->set_irq(level); },
          [this](PeId pe, bool level) { cores[pe]->set_fiq(level); }),
      uart([this](u8 byte) { transmit(byte); }, [this](bool level) { gic.set_spi(board::kUartSpi, level); }),
      injector(*this, bus, static_cast<unsigned>(board.cores.size()), split_seed(seed, kInjectionStream)),
      phases([this] { return gather(); },
             [this](PeId pe, u64 time_ps, unsigned index, bool end) {
                 emit_marker(pe, index, 0, static_cast<u8>(end ? MarkerSub::kEnd : MarkerSub::kBegin));
                 rendezvous.phase(phases.name(index), pe, time_ps, end);
                 maps.phase(phases.name(index), pe, time_ps, end);
             }),
      maps([this](PeId pe, const MapSpec& spec) { return census(pe, spec); }),
      map_changes(bus, phases, [this](PeId pe, u64 va) { return in_linear_map(pe, va); }),
      rendezvous(
          bus, static_cast<unsigned>(board.cores.size()), [this](PeId pe) { return cores[pe]->mmu->context().ttbr1; },
          [this](PeId pe) { return pe < cores.size() ? cores[pe]->pe.now_ps : now_ps(); },
          [this](PeId pe) { return cores[pe]->pe.powered; }),
      probes(phases, injector, maps, static_cast<unsigned>(board.cores.size())),
      saves(control),
      debugger(*this, kernel),
      input(agenda, console, [this](std::string_view bytes, bool virtio) { type(bytes, virtio); }),
      router("router", u64{board.interconnect.mmio_ns} * 1000),
      dvm("dvm", board, kernel, agenda),
      host_port("host_port"),
      ram_target_("ram", domain),
      dma_port_("dma_port") {
    domain.checker = checker.get();
    for (std::size_t i = 0; i < board.cores.size(); ++i) {
        const auto id = static_cast<PeId>(i);
        if (checker) {
            const mmu::MmuConfig& mmu = board.cores[i].mmu;
            checker->add_pe(id, {mmu.bbml, mmu::conflict_free(mmu), mmu.asid_bits, mmu.hafdbs_af, mmu.hafdbs_dirty});
            if (id != 0) checker->on_power(id, false);  // until CPU_ON
        }
        cores.push_back(std::make_unique<CoreModule>(fmt::format("core{}", i).c_str(), *this, id, seed));
        CoreModule& core = *cores.back();
        core.memory.bind(router.from);
        core.dvm_out.bind(dvm.from_pe);
        dvm.to_pe.bind(core.dvm_in);
    }
    host_port.socket.bind(router.from);
    dma_port_.socket.bind(router.from);

    auto device = [this](const char* name, auto& model) -> RegisterDevice& {
        devices_.push_back(std::make_unique<RegisterDevice>(
            name, [&model](u64 offset, unsigned size) { return model.read(offset, size); },
            [&model](u64 offset, u64 value, unsigned size) { model.write(offset, value, size); }));
        return *devices_.back();
    };
    const u64 epoch = kEpoch2023 + split_seed(seed, kRtcStream) % kSecondsOfAYear;
    rtc_ = std::make_unique<RtcModule>("rtc_clock", kernel, agenda, epoch,
                                       [this](bool level) { gic.set_spi(board::kRtcSpi, level); });
    for (const board::MappedRegion& region : board::memory_map(static_cast<unsigned>(board.cores.size()))) {
        RegisterDevice* target = nullptr;
        const std::string name(region.name);
        switch (region.region) {
            case board::Region::kGicDistributor: target = &device(name.c_str(), gic.distributor()); break;
            case board::Region::kGicRedistributors: target = &device(name.c_str(), gic.redistributors()); break;
            case board::Region::kUart: target = &device(name.c_str(), uart); break;
            case board::Region::kRtc: target = &device(name.c_str(), *rtc_); break;
        }
        router.map(region.base, region.bytes, target->socket);
    }
    router.map(ram.base().raw(), ram.bytes(), ram_target_.socket);
    if (!board.disk.path.empty()) add_disk();
    make_schedule(seed);
}

Machine::~Machine() = default;

void Machine::boot(u64 entry_pa, u64 dtb_pa) { cores[0]->power_on(entry_pa, dtb_pa, 0); }

void Machine::profile(u64 interval_cycles) {
    std::vector<const cpu::Pe*> pes;
    for (const auto& core : cores) pes.push_back(&core->pe);
    profiler.reset();
    profiler = std::make_unique<Profiler>(bus, ram.view(), symbols, std::move(pes), interval_cycles);
}

void Machine::send_event(PeId) {
    for (auto& core : cores) core->event_arrives_in(event_delay_ps(core->pe.id));
}

void Machine::event_to(PeId target) {
    if (target < cores.size()) cores[target]->event_arrives_in(event_delay_ps(target));
}

u64 Machine::event_delay_ps(PeId target) {
    Occasion o{.kind = Occasion::Kind::kEvent, .time_ps = now_ps()};
    if (injector.wants(o.kind, target)) injector.offer(o, cores[target]->pe);
    return u64{config.interconnect.event_ns} * 1000 + o.delay_ps;
}

mmu::WalkResult Machine::walk(PeId pe, u64 va) const {
    const mmu::Mmu& mmu = *cores[pe]->mmu;
    return mmu::inspect_walk(ram.view(), mmu.context(), mmu.config, va);
}

void Machine::account_waiting() {
    for (auto& core : cores) core->account_waiting();
}

BoardCounters Machine::gather() {
    account_waiting();
    BoardCounters board;
    for (auto& core : cores) board.cores.push_back(core->counters());
    if (checker) board.tables_linked = checker->stats().tables_linked;
    return board;
}

mmu::Census Machine::census(PeId pe, const MapSpec& spec) const {
    const mmu::Mmu& mmu = *cores[pe]->mmu;
    mmu::VaRange range{spec.va_first, spec.va_last};
    if (spec.va_last == 0) range = mmu::linear_map_range(mmu.context(), mmu.config);
    return mmu::census(ram.view(), mmu.context(), mmu.config, range.first, range.last);
}

// Whoever writes: the VA is of the tables' own place.
bool Machine::in_linear_map(PeId pe, u64 va) const {
    const mmu::Mmu& mmu = *cores[pe < cores.size() ? pe : 0]->mmu;
    const mmu::VaRange range = mmu::linear_map_range(mmu.context(), mmu.config);
    return va >= range.first && va <= range.last;
}

std::string Machine::describe_waiting() const {
    std::string text;
    for (const auto& core : cores) {
        if (!text.empty()) text += ", ";
        text += core->describe();
    }
    return text;
}

std::vector<std::string> Machine::remarks() const {
    std::vector<std::string> lines;
    for (const auto& core : cores)
        if (const cpu::Pe& pe = core->pe; pe.unmodelled_fp != 0)
            lines.push_back(
                fmt::format("core {}: {} FP/SIMD instructions, which are not modelled, taken as UNDEFINED; first at {}",
                            pe.id, pe.unmodelled_fp, symbols.symbolize(pe.unmodelled_fp_pc)));
    for (std::string& line : gic.notes()) lines.push_back(std::move(line));
    for (std::string line : {uart.note(), rtc_->note(), disk_ ? disk_->note() : "",
                             virtio_console_ ? virtio_console_->note() : "", input.note()})
        if (!line.empty()) lines.push_back(std::move(line));
    return lines;
}

void Machine::transmit(u8 byte) {
    console.push_back(static_cast<char>(byte));
    if (bus.wants(EventKind::kConsole)) bus.emit({.kind = EventKind::kConsole, .sub = byte, .time_ps = now_ps()});
    input.printed();
}

void Machine::emit_marker(PeId pe, u64 a, u64 b, u8 sub) {
    if (!bus.wants(EventKind::kMarker)) return;
    bus.emit({.kind = EventKind::kMarker,
              .pe = pe,
              .sub = sub,
              .time_ps = cores[pe]->local_ps(),
              .pc = cores[pe]->pe.slow_pc,
              .a = a,
              .b = b});
}

}  // namespace bbmsim::sim
