// SPDX-License-Identifier: Apache-2.0
// Making, starting and running a session. Results: session_results.cpp. Inspection: session_inspect.cpp.
#include "sim/session.hpp"

#include "models/board/affinity.hpp"
#include "models/board/device_tree.hpp"
#include "models/board/memory_map.hpp"
#include "models/mmu/snapshot/archive.hpp"
#include "sim/session_impl.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <stdexcept>

namespace bbmsim::sim {

namespace {

constexpr u64 kDtbAlignment = u64{2} << 20;  // arm64 boot protocol: at most 2 MiB, not across such a boundary

const BoardConfig& checked(const BoardConfig& board) {
    const auto problems = validate(board);
    if (problems.empty()) return board;
    std::string text;
    for (const std::string& line : problems) text += (text.empty() ? "" : "\n") + line;
    throw std::invalid_argument(text);
}

std::string compatible_of(const std::string& core) {
    return core.starts_with("cortex-") || core.starts_with("neoverse-") ? "arm," + core : "arm,armv8";
}

// Exactly, in the largest unit that leaves a whole number: "60 ms".
std::string in_words(u64 ps) {
    static constexpr std::array<const char*, 5> kUnits{"ps", "ns", "us", "ms", "s"};
    std::size_t unit = 0;
    for (; ps && ps % 1000 == 0 && unit + 1 < kUnits.size(); ps /= 1000) ++unit;
    return fmt::format("{} {}", ps, kUnits[unit]);
}

}  // namespace

Session::Impl::Impl(const BoardConfig& board, u64 the_seed) : seed(the_seed) { make(board, nullptr); }
Session::Impl::Impl(const BoardConfig& board, Archive& state, u64 the_seed) : seed(the_seed) { make(board, &state); }

void Session::Impl::make(const BoardConfig& board, Archive* state) {
    const Kernel::Scope scope(kernel);
    machine = std::make_unique<Machine>(kernel, board, seed);
    if (state) archive(*state);
    kernel.elaborate();
    kernel.advance_to(saved_ps);
    machine->agenda.go();
    subscriptions = std::make_unique<Subscriptions>(machine->bus, machine->control);
    trace = std::make_unique<TraceRecorder>(machine->bus);
}

Session::Impl::~Impl() {
    const Kernel::Scope scope(kernel);
    trace.reset();
    subscriptions.reset();
    machine.reset();
}

void Session::Impl::note_loaded(u64 pa, u64 bytes) {
    if (bytes) loaded.push_back({pa, pa + bytes});
}

// The base of RAM if nothing was loaded there, else the first 2 MiB boundary behind everything: as QEMU's virt does.
u64 Session::Impl::place_dtb(u64 bytes) const {
    const u64 base = machine->ram.base().raw();
    auto is_free = [&](u64 at) {
        return std::ranges::none_of(loaded, [&](const Extent& e) { return e.lo < at + bytes && at < e.hi; });
    };
    if (is_free(base)) return base;
    u64 end = base;
    for (const Extent& e : loaded) end = std::max(end, e.hi);
    const u64 at = (end + kDtbAlignment - 1) & ~(kDtbAlignment - 1);
    if (!machine->ram.view().contains(PhysAddr(at), bytes))
        throw std::invalid_argument(
            fmt::format("no room for the device tree: what is loaded ends at {:#x}, RAM at {:#x}", end,
                        base + machine->ram.bytes()));
    return at;
}

std::vector<u8> Session::Impl::device_tree() const {
    if (started) return *dtb;
    if (dtb) return board::amend_device_tree(*dtb, bootargs, initrd);
    board::DeviceTreeConfig config;
    config.pmu = true;
    for (const cpu::CoreConfig& core : machine->config.cores) config.pmu &= core.features.pmu;
    for (std::size_t i = 0; i < machine->config.cores.size(); ++i)
        config.cpus.push_back({board::affinity_of(static_cast<PeId>(i)), compatible_of(machine->config.cores[i].name)});
    config.memory_base = machine->ram.base().raw();
    config.memory_bytes = machine->ram.bytes();
    config.bootargs = bootargs;
    config.seed = seed;
    config.initrd = initrd;
    config.virtio_slots = machine->config.disk.path.empty() ? 0 : board::kVirtioSlots;
    return board::build_device_tree(config);
}

void Session::Impl::start() {
    machine->probes.resolve(machine->symbols);
    machine->saves.resolve(machine->symbols);
    const std::vector<u64> marks = machine->saves.addresses();
    for (auto& core : machine->cores) core->engine->set_marks(marks);
    probes_stale = false;
    if (started) return;
    dtb = device_tree();
    const u64 at = place_dtb(dtb->size());
    machine->host_port.write(at, *dtb);
    machine->boot(entry.value_or(machine->ram.base().raw()), at);
    started = true;
}

Session::Session(const BoardConfig& board, u64 seed) : impl_(std::make_unique<Impl>(checked(board), seed)) {}
Session::~Session() = default;

void Session::load(u64 pa, std::span<const u8> bytes) {
    const RamView& ram = impl_->machine->ram.view();
    if (!bytes.empty() && !ram.contains(PhysAddr(pa), bytes.size()))
        throw std::out_of_range(fmt::format("load of {:#x} bytes at {:#x}: RAM is {:#x}..{:#x}", bytes.size(), pa,
                                            ram.base, ram.base + ram.bytes));
    impl_->machine->ram.expect(PhysAddr(pa), bytes.size());
    impl_->machine->host_port.write(pa, bytes);
    impl_->note_loaded(pa, bytes.size());
}

void Session::set_entry(u64 pa) { impl_->entry = pa; }
void Session::set_bootargs(const std::string& bootargs) { impl_->bootargs = bootargs; }
std::vector<u8> Session::device_tree() const { return impl_->device_tree(); }
void Session::set_dtb(const std::vector<u8>& dtb) { impl_->dtb = board::amend_device_tree(dtb, "", {}); }

void Session::set_initrd(u64 pa, u64 bytes) {
    if (bytes == 0 || !impl_->machine->ram.view().contains(PhysAddr(pa), bytes))
        throw std::invalid_argument(fmt::format("initrd={:#x} bytes at {:#x}: not within RAM", bytes, pa));
    impl_->initrd = board::InitrdRange{pa, pa + bytes};
}

void Session::set_symbols(std::vector<Symbol> symbols) {
    impl_->machine->symbols.set(std::move(symbols));
    impl_->probes_stale = true;
}

void Session::add_phase(const PhaseSpec& spec) {
    impl_->machine->probes.add_phase(spec);
    impl_->probes_stale = true;
}

u32 Session::inject(const Injection& injection) {
    Machine& machine = *impl_->machine;
    if (impl_->started)
        for (const std::string& name : {injection.after_symbol, injection.at_symbol, injection.name("taken")})
            if (!name.empty()) Probes::require(machine.symbols, name, "injection.after_symbol");
    const u32 id = machine.injector.add(injection);
    impl_->probes_stale = true;
    return id;
}

void Session::send(std::string_view bytes, bool virtio) {
    impl_->settled = false;
    const Kernel::Scope scope(impl_->kernel);
    impl_->machine->type(bytes, virtio);
}

void Session::expect(const std::string& prompt, const std::string& reply, bool virtio) {
    const Kernel::Scope scope(impl_->kernel);
    impl_->machine->input.expect(prompt, reply, virtio);
}

void Session::profile(u64 interval_cycles) {
    if (interval_cycles < 100) throw std::invalid_argument("interval: at least 100 cycles between two samples");
    impl_->machine->profile(interval_cycles);
}

u32 Session::add_map(const MapSpec& spec) {
    Machine& machine = *impl_->machine;
    const bool at_symbol = spec.when == MapWhen::kEntry || spec.when == MapWhen::kReturn;
    if (at_symbol && impl_->started) Probes::require(machine.symbols, spec.symbol, "map");
    if (spec.core && *spec.core >= machine.cores.size())
        throw std::invalid_argument(
            fmt::format("map: core={}: the board has cores 0 to {}", *spec.core, machine.cores.size() - 1));
    impl_->probes_stale = impl_->probes_stale || at_symbol;
    return machine.maps.add(spec);
}

// Board time stands still at each moment for which a map was asked.
Kernel::Stopped Session::Impl::run_until(u64 until_ps) {
    while (true) {
        const u64 next = std::min(machine->maps.next_time_ps(), machine->saves.next_time_ps());
        const Kernel::Stopped stopped = kernel.run(std::min(until_ps, next));
        machine->maps.time_passes(kernel.now_ps());
        if (machine->saves.asked() && !settle()) return Kernel::Stopped::kPaused;
        if (settled || stopped == Kernel::Stopped::kTime) {
            machine->saves.settled(kernel.now_ps());
            settled = true;
        }
        if (machine->saves.due()) return Kernel::Stopped::kPaused;
        if (stopped != Kernel::Stopped::kTime || next >= until_ps) return stopped;
        settled = false;
    }
}

Outcome Session::run(const RunLimits& limits) {
    Machine& machine = *impl_->machine;
    if (impl_->running) throw std::logic_error("run() from within an event callback");
    if (machine.control.ended()) return machine.control.outcome();
    if (!impl_->started || impl_->probes_stale) {
        const Kernel::Scope scope(impl_->kernel);
        impl_->start();
    }
    for (auto& core : machine.cores) core->engine->set_trace(machine.bus.wants(EventKind::kInstruction));
    impl_->transient_detail.clear();
    machine.control.begin(limits.host_seconds);
    impl_->settled = false;
    Kernel::Stopped stopped;
    {
        const Kernel::Scope scope(impl_->kernel);
        impl_->running = true;
        try {
            stopped = impl_->run_until(limits.simulated_ps);
        } catch (const std::exception& error) {
            machine.control.end(Outcome::kError, error.what());
            stopped = Kernel::Stopped::kPaused;
        }
        impl_->running = false;
    }
    machine.account_waiting();
    impl_->subscriptions->settle();
    machine.control.rethrow();
    if (machine.control.ended()) return machine.control.outcome();
    switch (stopped) {
        case Kernel::Stopped::kPaused: return Outcome::kRunning;
        case Kernel::Stopped::kTime:
            impl_->transient_detail = "simulated time limit of " + in_words(limits.simulated_ps);
            return Outcome::kTimeout;
        case Kernel::Stopped::kStarved: break;
    }
    impl_->transient_detail = "nothing can happen any more: " + machine.describe_waiting();
    return Outcome::kDeadlock;
}

void Session::stop() {
    const Kernel::Scope scope(impl_->kernel);
    impl_->machine->control.stop();
}

u64 Session::now_ps() const { return impl_->kernel.now_ps(); }

std::string Session::detail() const {
    return impl_->machine->control.ended() ? impl_->machine->control.detail() : impl_->transient_detail;
}

void Session::finish() {
    Machine& machine = *impl_->machine;
    if (impl_->finished) return;
    impl_->finished = true;
    machine.account_waiting();
    machine.maps.finish(now_ps());
    if (machine.checker) machine.checker->finish(now_ps());
}

u32 Session::subscribe(u64 kinds_mask, Callback callback) {
    return impl_->subscriptions->add(kinds_mask, std::move(callback));
}
void Session::unsubscribe(u32 id) { impl_->subscriptions->remove(id); }
void Session::record_trace(u64 kinds_mask, u64 max_events) { impl_->trace->start(kinds_mask, max_events); }

}  // namespace bbmsim::sim
