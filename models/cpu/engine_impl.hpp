// SPDX-License-Identifier: Apache-2.0
// What Engine keeps beside the architectural state in Pe, and the functions that the files of this room share.
#pragma once

#include "models/cpu/code_cache.hpp"
#include "models/cpu/engine.hpp"
#include "models/cpu/exec/pauth.hpp"
#include "models/cpu/mem_kind.hpp"
#include "models/cpu/self_hosted_debug.hpp"
#include "models/memory/private_caches.hpp"
#include "models/mmu/event.hpp"
#include "models/mmu/mmu.hpp"

#include <array>
#include <bitset>
#include <unordered_set>

namespace bbmsim::cpu {

// A translation whose access had to wait for board time: the re-executed instruction takes it instead of a second one.
struct PendingTranslation {
    bool valid = false;
    u64 pc = 0, va = 0;
    Access access = Access::kRead;
    u32 gen = 0;
    mmu::Outcome outcome;
    void archive(Archive& ar, mmu::Mmu& mmu);
};

// Descriptors come through the PE's caches.
class Walker final : public mmu::WalkMemory {
public:
    Walker(const Pe& pe, memory::PrivateCaches& caches, u32 in_l2) : pe_(pe), caches_(caches), in_l2_(in_l2) {}
    u32 read(u64 pa) override { return caches_.walk(pa, pe_.cycles, in_l2_); }
    u32 update(u64 pa) override { return caches_.walk_update(pa, pe_.cycles); }

private:
    const Pe& pe_;
    memory::PrivateCaches& caches_;
    u32 in_l2_;
};

struct Engine::Impl {
    Impl(Engine& engine, Pe& pe, const CoreConfig& config, mmu::Mmu& mmu, mmu::InnerDomain& domain,
         ExclusiveMonitors& monitors, Platform& platform, memory::MemorySystem* shared);

    Pe& pe;
    const CoreConfig config;
    mmu::Mmu& mmu;
    mmu::InnerDomain& domain;
    ExclusiveMonitors& monitors;
    Platform& platform;
    memory::PrivateCaches cache;
    Walker walker;  // behind which the MMU reads descriptors
    CodeCache code;
    PacMemo pac_memo;

    bool dsb_waiting = false;  // a DSB has left with kWaitDvm,
    u64 dsb_since = 0;         // at this cycle
    u32 step_syndrome = 0;     // of the next software step exception
    u32 exception_cycles = 0, barrier_cycles = 0;
    std::array<PendingTranslation, 2> pending;
    bool pan_sensitive = false;  // EL1 filter banks may hold pages that EL0 can access, entered with PAN=0

    ConflictHook hook;
    u64 hook_lo = 0, hook_hi = 0;
    [[nodiscard]] bool hooked(u64 va) const { return hook && va - hook_lo < hook_hi - hook_lo; }
    [[nodiscard]] bool hooked_page(u64 va) const {
        const u64 page = va & ~kPageMask;
        return (hook && page < hook_hi && page + kPageMask >= hook_lo) ||
               (debug.watching() && debug.watches_page(va)) || (points.watching() && points.watches_page(va));
    }

    std::unordered_set<u64> probes, marks;
    std::bitset<1024> probe_offsets;  // of instructions within a 4 KiB page
    std::bitset<1024> probe_pages;    // by the low bits of the page number: the check ops of others end here
    u64 probed_pc = ~u64{0}, probed_instructions = 0;
    bool trace = false;
    bool pmu_line = false;    // pe.sys.pmu.line as it was when Engine::run last came back with kPmu
    double least_cycles = 1;  // of any instruction, as blocks are charged
    u64 pmu_stop_instructions = ~u64{0}, pmu_stop_cycles = ~u64{0};  // where a counter overflows, while that is near
    DebugPort debug;
    SelfHostedDebug points;

    void archive(Archive& ar);
    void look_out();  // probes or marks have changed
    void drop_pending() { pending[0].valid = pending[1].valid = false; }
};

inline Engine::Impl& impl_of(Pe& pe) { return pe.engine->impl(); }

// --- engine.cpp, dispatch.cpp
void update_banks(Pe& pe);  // after a change of EL, UAO
void set_pan(Pe& pe, bool value);
void select_stack(Pe& pe, u8 el, bool spsel);             // banks r[31] and makes the other one current
void context_sync(Pe& pe);                                // ISB, exception entry and return
void retire_until(Pe& pe, const Op* op, bool including);  // corrects the block's charge for leaving in the middle
void emit(Pe& pe, Event event);                           // fills in pe, time, pc

// --- exceptions.cpp
enum class Vector : u16 { kSync = 0, kIrq = 0x80, kFiq = 0x100 };
void take_exception(Pe& pe, Vector vector, u64 return_pc, u64 esr, const u64* far = nullptr);
constexpr u64 make_esr(u32 ec, u32 iss) { return (u64{ec} << 26) | (u64{1} << 25) | iss; }  // IL: 32-bit instruction
const Op* sync_exception(Pe& pe, const Op* op, u32 ec, u32 iss, const u64* far = nullptr);  // op does not retire
const Op* call_exception(Pe& pe, const Op* op, u32 ec, u32 iss);                            // returns behind op
void data_abort(Pe& pe, const Op* op, u64 va, u8 fsc, bool write, bool maintenance = false);
void instruction_abort(Pe& pe, u64 va, u8 fsc);
u64 pack_spsr(const Pe& pe);
const Op* exception_return(Pe& pe, const Op* op, u64 target);
bool take_interrupt(Pe& pe);  // true if one was taken

// --- memory.cpp
bool translate_data(Pe& pe, const Op* op, u64 va, const mmu::Request& request, mmu::Outcome& out, unsigned slot = 0);
void keep_pending(Pe& pe, u64 va, Access access, const mmu::Outcome& outcome, unsigned slot = 0);
void charge_data(Pe& pe, const mmu::Outcome& outcome, fast::Kind kind);
inline bool cacheable(const mmu::MemAttr& attr) { return !attr.is_device() && attr.inner != 4; }

}  // namespace bbmsim::cpu
