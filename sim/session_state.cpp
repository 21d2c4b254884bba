// SPDX-License-Identifier: Apache-2.0
// A session's state: when it can be taken, and a session made of it (docs/manual/snapshots.md).
#include "models/mmu/snapshot/archive.hpp"
#include "sim/random.hpp"
#include "sim/session_impl.hpp"

#include <stdexcept>

namespace bbmsim::sim {

// Board time moves on by a picosecond: all delta cycles of the present are over then, and whatever is due at the new
// time is still in the agenda (SystemC triggers events at the end of a run, and holds their processes).
bool Session::Impl::settle() {
    const u64 until = kernel.now_ps() + 1;
    while (!machine->control.ended() && kernel.now_ps() < until && kernel.run(until) == Kernel::Stopped::kPaused) {
    }
    settled = !machine->control.ended();
    return settled;
}

void Session::Impl::archive(Archive& ar) {
    saved_ps = kernel.now_ps();
    ar.part("session");
    ar(saved_ps, seed, entry, bootargs, dtb, initrd, loaded, started, probes_stale);
    machine->archive(ar);
    ar.part("end");
    if (ar.loading() && machine->saves.next_time_ps() != ~u64{0}) throw StateError("points to save at");
}

u32 Session::save_at(const std::string& symbol, u64 time_ps) {
    if (symbol.empty() && time_ps < now_ps()) throw std::invalid_argument("save-at: that time has passed");
    if (!symbol.empty() && impl_->started) Probes::require(impl_->machine->symbols, symbol, "save-at");
    impl_->probes_stale = true;
    return impl_->machine->saves.add(symbol, time_ps);
}

std::vector<u32> Session::take_saves() { return impl_->machine->saves.take(); }

std::vector<u8> Session::state() {
    Machine& machine = *impl_->machine;
    if (impl_->running) throw std::logic_error("state() from within an event callback");
    if (machine.control.ended() || impl_->finished) throw std::logic_error("the run is over");
    if (machine.debugger.attached()) throw std::logic_error("a debugger is attached");
    const Kernel::Scope scope(impl_->kernel);
    if (!impl_->started || impl_->probes_stale) impl_->start();
    if (!impl_->settled) {
        machine.control.begin(1e6);
        impl_->running = true;
        const bool quiet = impl_->settle();
        impl_->running = false;
        impl_->subscriptions->settle();
        machine.control.rethrow();
        if (!quiet) throw std::logic_error("the run is over");
    }
    Archive ar;
    impl_->archive(ar);
    return std::move(ar.written());
}

Session::Session(const BoardConfig& board, std::span<const u8> state) {
    Archive ar(state);
    impl_ = std::make_unique<Impl>(board, ar, 0);
}

void Session::reseed(u64 seed) {
    const Kernel::Scope scope(impl_->kernel);
    impl_->settled = false;
    impl_->seed = seed;
    impl_->machine->reseed(seed);
}

}  // namespace bbmsim::sim
