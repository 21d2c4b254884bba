// SPDX-License-Identifier: Apache-2.0
// Runs one PE: decoded blocks per physical code page, dispatch, interrupts, exits.
#pragma once

#include "models/cpu/core_config.hpp"
#include "models/cpu/debug.hpp"
#include "models/cpu/exclusives.hpp"
#include "models/cpu/pe.hpp"
#include "models/cpu/platform.hpp"
#include "models/mmu/inner_domain.hpp"

#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>

namespace bbmsim::memory {
class MemorySystem;
}

namespace bbmsim::cpu {

class CodeCache;

class Engine {
public:
    // Without `shared`: private caches alone, detail fast.
    Engine(Pe& pe, const CoreConfig& config, mmu::Mmu& mmu, mmu::InnerDomain& domain, ExclusiveMonitors& monitors,
           Platform& platform, memory::MemorySystem* shared = nullptr);
    ~Engine();

    void reset(u64 entry_pa, u64 x0);  // EL1h, MMU off, DAIF set, all else as out of PSCI CPU_ON
    // Runs until pe.cycles >= cycle_limit or another reason. Never blocks, never throws for anything a guest does.
    Exit run(u64 cycle_limit);

    void set_probes(std::span<const u64> addresses);  // VAs; platform.probe() is called before the instruction executes
    void set_marks(std::span<const u64> addresses);   // VAs; likewise platform.mark(), at no cost of time or order
    void set_trace(bool every_instruction);           // kInstruction events; same figures, slower
    void drop_code(PhysAddr pa, u64 size);            // memory under decoded blocks changed
    // TLB conflict injection: asked for every data/fetch translation in [lo, hi), which then never uses the filter.
    // Returns true to abort this access with FSC 0b110000.
    using ConflictHook = std::function<bool(Pe&, u64 va, Access access)>;
    void set_conflict_hook(u64 lo, u64 hi, ConflictHook hook);

    // For the host and the debugger. Writes are as MSR and ISB at EL1 would do them; not while the engine executes, but
    // for a DebugPort's stop.
    [[nodiscard]] DebugPort& debug();
    [[nodiscard]] u64 read_sysreg(u32 encoding) const;  // no side effect
    bool write_sysreg(u32 encoding, u64 value);         // false: no such register, or not writable
    [[nodiscard]] u64 read_pstate() const;              // in the format of SPSR_EL1
    void write_pstate(u64 spsr);                        // modes that the PE does not have are left out
    [[nodiscard]] static constexpr u32 sysreg_id(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2) {
        return (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2;
    }
    // With the PE's. Decoded code, probes, hooks and what a debugger wants are not state: they are made or set again.
    void archive(Archive& ar);
    // Encodings whose instructions are in the decoded blocks at hand, hence were executed or follow what was.
    void add_encodings(std::set<std::string>& names) const;
    [[nodiscard]] const CoreConfig& config() const;
    [[nodiscard]] memory::PrivateCaches& caches();

    struct Impl;  // the room's own: handlers reach it through pe.engine
    [[nodiscard]] Impl& impl() { return *impl_; }

private:
    std::unique_ptr<Impl> impl_;
};

// Text of an encoding at pc: Capstone where it knows it, else the encoding table. Never empty.
std::string disassemble(u32 raw, u64 pc);

}  // namespace bbmsim::cpu
