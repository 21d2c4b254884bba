// SPDX-License-Identifier: Apache-2.0
// One simulation: board, PEs, checker, time. What Python binds. Hides SystemC completely: no SystemC header here, and
// any number of sessions may live in one process, run one after another or in turns (one thread at a time).
#pragma once

#include "models/cpu/pe.hpp"
#include "models/memory/private_caches.hpp"
#include "models/mmu/checker/findings.hpp"
#include "models/mmu/event.hpp"
#include "models/mmu/mmu.hpp"
#include "sim/change_tally.hpp"
#include "sim/config.hpp"
#include "sim/debugger.hpp"
#include "sim/host_usage.hpp"
#include "sim/injection.hpp"
#include "sim/maps.hpp"
#include "sim/phases.hpp"
#include "sim/profile.hpp"
#include "sim/rendezvous.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

inline constexpr u64 kNoPhysical = ~u64{0};
struct Symbol {
    std::string name;
    u64 address = 0;             // where the code is linked to run
    u64 size = 0;                // 0: unknown
    u64 physical = kNoPhysical;  // where it also runs, with the MMU off or through an identity map
    void archive(Archive& ar);
};

enum class Outcome : u8 {
    kRunning,      // run() returned because its budget ended, an event callback asked to stop, or stop() was called
    kPoweroff,     // PSCI SYSTEM_OFF
    kReset,        // PSCI SYSTEM_RESET
    kDeadlock,     // every PE waits and nothing can wake one
    kAbortLoop,    // a PE takes exceptions without retiring an instruction
    kGuestFailed,  // the guest said so (BBM_CALL_FAIL)
    kTimeout,      // simulated time limit
    kError         // internal: `detail` says what; the session can't go on
};

struct RunLimits {
    u64 simulated_ps = ~u64{0};  // absolute board time at which the outcome is kTimeout
    double host_seconds = 0.2;   // come back (kRunning) at least this often, so that Ctrl-C and progress work
};

struct CoreStats {
    std::string name;
    u32 bbml = 0;
    u64 cycles = 0, instructions = 0;
    std::array<u64, static_cast<unsigned>(cpu::Cost::kCount)> cost{};
    mmu::MmuStats tlb;
    u64 l1d_cache_misses = 0, l2_cache_misses = 0, l3_cache_misses = 0, line_transfers = 0;
    memory::PlaceCycles cache_cycles{}, walk_cycles{};  // where those of `cache` went, and those of `walk` in part
    u64 loads = 0, stores = 0, exceptions = 0, interrupts = 0, conflict_aborts = 0, dsb = 0, dvm_sent = 0,
        dvm_received = 0;
    std::vector<std::pair<std::string, u64>> tlbi;  // by mnemonic, only those that occurred, sorted
    std::array<u64, 4> descriptor_writes{};         // to live tables, by level
};

class Session {
public:
    Session(const BoardConfig& board, u64 seed);  // throws std::invalid_argument with validate()'s lines
    // As it was when state() was taken, of a session with this board. Throws StateError.
    Session(const BoardConfig& board, std::span<const u8> state);
    ~Session();
    Session(const Session&) = delete;

    // --- before the first run()
    void load(u64 pa, std::span<const u8> bytes);  // RAM contents; throws std::out_of_range
    void set_entry(u64 pa);
    void set_bootargs(const std::string& bootargs);     // into the generated DTB's /chosen
    void set_dtb(const std::vector<u8>& dtb);           // replaces the generated one; throws std::invalid_argument
    [[nodiscard]] std::vector<u8> device_tree() const;  // what the guest is given, as set so far
    void set_initrd(u64 pa, u64 bytes);                 // named in /chosen of either
    void set_symbols(std::vector<Symbol> symbols);
    void add_phase(const PhaseSpec& spec);
    void tally_changes();                    // for changes() and conflict_aborts(), from now on
    void profile(u64 interval_cycles);       // from now on; throws std::invalid_argument
    u32 inject(const Injection& injection);  // id; also while stopped later on
    u32 add_map(const MapSpec& spec);        // likewise; throws std::invalid_argument

    // --- the guest's console: also while stopped later on. Of the virtio console if there is one and it is asked for.
    void send(std::string_view bytes, bool virtio);
    // Types `reply` a moment after the guest printed `prompt`; in the order of the calls.
    void expect(const std::string& prompt, const std::string& reply, bool virtio);

    // --- running
    Outcome run(const RunLimits& limits);
    void stop();  // from a callback: run() returns kRunning soon
    [[nodiscard]] u64 now_ps() const;
    [[nodiscard]] std::string detail() const;  // of the outcome: one line
    void finish();                             // after the last run(): end-of-run judgements, once

    // --- state (docs/manual/snapshots.md)
    // A point at which run() comes back, with kRunning and the number in take_saves(): the first execution of a symbol,
    // or, if that is empty, a time. The run is the same with it. Throws std::invalid_argument.
    u32 save_at(const std::string& symbol, u64 time_ps);
    [[nodiscard]] std::vector<u32> take_saves();
    // All of it: memory, PEs, TLBs, devices, checker, recorders, what is under way. Not: callbacks, the event trace,
    // points of save_at(). Finishes what is left to do at the present picosecond. Throws std::logic_error if the run is
    // over or a debugger is attached.
    [[nodiscard]] std::vector<u8> state();
    // All randomness from here on comes of this seed.
    void reseed(u64 seed);

    // --- events
    using Callback = std::function<void(const Event&)>;
    u32 subscribe(u64 kinds_mask, Callback callback);
    void unsubscribe(u32 id);
    void record_trace(u64 kinds_mask, u64 max_events);  // kept in memory for trace()
    [[nodiscard]] const std::vector<Event>& trace() const;
    [[nodiscard]] u64 trace_dropped() const;

    // --- results, valid whenever stopped
    [[nodiscard]] const std::vector<mmu::Violation>& violations() const;
    [[nodiscard]] const std::vector<mmu::Hazard>& hazards() const;
    [[nodiscard]] const std::vector<mmu::Note>& notes() const;
    [[nodiscard]] mmu::CheckerStats checker_stats() const;
    [[nodiscard]] std::vector<PhaseResult> phases() const;
    [[nodiscard]] std::vector<HostUsage> phases_host_usage() const;  // of each of phases(), in the same order
    [[nodiscard]] const Profile* profile() const;                    // null: nobody asked
    [[nodiscard]] CoreStats core_stats(PeId pe) const;
    [[nodiscard]] const std::vector<MapResult>& maps() const;  // in the order of add_map()
    [[nodiscard]] std::vector<MapChange> map_changes() const;  // empty without a checker
    [[nodiscard]] Rendezvous rendezvous() const;               // of the phases RendezvousRecorder::kWatched
    [[nodiscard]] std::vector<ChangeCount> changes() const;    // empty: not asked for, or no checker
    [[nodiscard]] std::vector<ConflictAborts> conflict_aborts() const;
    [[nodiscard]] std::vector<InjectionResult> injections() const;
    [[nodiscard]] std::string console() const;
    [[nodiscard]] std::vector<std::pair<std::string, u64>> guest_results()
        const;                                               // what the guest reported by marker calls
    [[nodiscard]] std::vector<std::string> remarks() const;  // what the guest used and nobody models, one line each
    [[nodiscard]] std::pair<u64, u64> progress() const;      // done, total: the guest's last BBM_CALL_PROGRESS
    [[nodiscard]] u64 ram_used_bytes() const;                // guest RAM that host memory holds
    [[nodiscard]] std::string symbolize(u64 pc) const;       // "split_pmd+0x1c", or "0x4020_0000" without symbols

    // --- inspection and change while stopped
    [[nodiscard]] const cpu::Pe& pe(PeId pe) const;
    [[nodiscard]] u64 sysreg(PeId pe, const std::string& name) const;  // throws std::invalid_argument
    [[nodiscard]] std::set<std::string> encodings() const;  // NAMEs of the encoding table that were decoded to be run
    [[nodiscard]] std::vector<mmu::TlbEntry> tlb(PeId pe, mmu::Structure which) const;
    [[nodiscard]] mmu::WalkResult walk(PeId pe, u64 va) const;
    // Inclusive; last 0: mmu::linear_map_range.
    [[nodiscard]] mmu::Census census(PeId pe, u64 va_first, u64 va_last) const;
    [[nodiscard]] std::vector<u8> read_memory(u64 pa, u64 bytes) const;
    void write_memory(u64 pa, std::span<const u8> bytes);
    [[nodiscard]] std::string disassemble(u32 raw, u64 pc) const;
    [[nodiscard]] const BoardConfig& board() const;
    [[nodiscard]] Debugger& debugger();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bbmsim::sim
