// SPDX-License-Identifier: Apache-2.0
// All state of one PE: plain data, no architectural state elsewhere (design: mechanism 8), so that it can be saved.
#pragma once

#include "models/cpu/op.hpp"
#include "models/cpu/sysregs.hpp"
#include "models/cpu/vector.hpp"
#include "models/mmu/types.hpp"

#include <array>

namespace bbmsim {
class Archive;
}

namespace bbmsim::mmu {
class Mmu;
class TranslationFilter;
struct FilterSlot;
struct TlbEntry;
}  // namespace bbmsim::mmu

namespace bbmsim::memory {
class PrivateCaches;
}

namespace bbmsim::cpu {

class Engine;
struct Block;

// Why Engine::run came back. In all cases pe.pc is the next instruction to execute.
enum class Exit : u8 {
    kNone,
    kLimit,    // pe.cycles reached the limit
    kSync,     // the instruction at pc must execute at board time: bring board time to the PE's, then run again
    kWaitDvm,  // DSB with broadcast TLBIs outstanding: run again when pe.dvm_outstanding is 0
    kWfe,      // waiting for an event or a pending interrupt; pc is behind the WFE
    kWfi,      // waiting for an interrupt; pc is behind the WFI
    kOff,      // CPU_OFF
    kStop,     // host asked, through pe.stop_requested
    kPmu,      // the PMU's interrupt line (pe.sys.pmu.line) has changed
};

// Where a PE's cycles went. The sum over all causes is pe.cycles since power-on of the board, at any moment at which
// the PE is not running (waiting time is added by sim when it ends or is looked at).
enum class Cost : u8 { kExecution, kCache, kWalk, kTlbiDsb, kWfe, kParked, kCount };

struct PState {
    u32 nzcv = 0;  // bits 31:28
    u8 el = 1;     // 0 or 1
    bool spsel = true;
    u8 daif = 0xf;  // bit 3 D, 2 A, 1 I, 0 F
    bool pan = false, uao = false, ssbs = false, dit = false, il = false, ss = false;
    u8 btype = 0;
};

// The local monitor. The global part is in ExclusiveMonitors (exclusives.hpp).
struct ExclusiveState {
    bool open = false;
    u64 pa = 0;
    u8 size = 0;
};

// What the inline paths of memory accesses and block ends look at, derived by the engine from PSTATE and SCTLR whenever
// they change.
struct FastPath {
    mmu::FilterSlot *read_slots = nullptr, *write_slots = nullptr;  // banks of the filter by EL, kSlots each
    mmu::FilterSlot *user_read_slots = nullptr, *user_write_slots = nullptr;
    mmu::FilterSlot* fetch_slots = nullptr;
    // The same for fast::quick_hit(): empty where it can't do what a hit must.
    mmu::FilterSlot *quick_read = nullptr, *quick_write = nullptr, *quick_user_read = nullptr,
                    *quick_user_write = nullptr;
    memory::PrivateCaches* cache = nullptr;
    const u64* front_lines = nullptr;     // of its L1D, and how a line finds its set
    const u64* writable_lines = nullptr;  // those that a store may have
    u64 cache_mask = 0;
    // Of L1 TLBs that are touched inline, by TlbEntry::index, and their clocks (replacement::stamp); null: they are
    // not.
    u64 *data_stamps = nullptr, *data_clock = nullptr, *fetch_stamps = nullptr, *fetch_clock = nullptr;
    const Block* block = nullptr;  // in execution
    u64 code_generation = 1;       // moves when decoded blocks go: links between blocks from before are void
    u64 cycle_limit = 0;           // of Engine::run; 0: the next block is its business (Pe::attend, fetch_moved)
    mmu::TranslationFilter* filter = nullptr;
    const mmu::TlbEntry* last_data = nullptr;  // touched last, if not inline: touching it again changes nothing
    const mmu::TlbEntry* last_fetch = nullptr;
    u64 align_mask = 0;                                // ~0 if SCTLR.A: every access must be aligned to its size
    u8 read_bank = 0, write_bank = 0, fetch_bank = 0;  // TranslationFilter::BankId by EL
    u8 user_read_bank = 0, user_write_bank = 0;        // of LDTR/STTR: EL0's unless UAO
    bool touch_data = false, touch_fetch = false;
    bool bti = false;
    bool acquire = false;  // a checker wants to know of acquire loads and DMB
};

struct Pe {
    // --- hot
    FastPath fast;
    u8 entry_btype = 0;       // PSTATE.BTYPE at the first instruction of the block
    bool synced = false;      // board time equals local time now; consumed by the instruction that needed it
    std::array<u64, 34> r{};  // X0..X30, SP in use, zero, sink
    u64 pc = 0;
    PState ps;
    u64 block_pc = 0;           // VA of the first op of the block in execution
    bool guarded_page = false;  // its page has GP set (FEAT_BTI); BR looks at it to set BTYPE
    u64 cycles = 0;             // local time in cycles of this PE's clock
    u64 instructions = 0;
    bool attention = false;  // something to look at before the next block: interrupt line, stop request; attend()
    bool irq_line = false, fiq_line = false;  // levels from the GIC
    bool event_register = false;              // WFE
    bool powered = false;
    bool stop_requested = false;
    Exit exit = Exit::kNone;
    u32 dvm_outstanding = 0;  // broadcast TLBIs of this PE that not every PE has acknowledged
    ExclusiveState exclusive;

    std::array<VReg, 32> v{};  // SIMD&FP registers; FPCR and FPSR are in sys

    // --- the rest
    PeId id = 0;
    SysRegs sys;
    std::array<u64, static_cast<unsigned>(Cost::kCount)> cost{};  // cycles by cause, but for kExecution: costs()
    u64 loads = 0, stores = 0, filter_data_hits = 0, filter_fetch_hits = 0;
    u64 exceptions = 0, interrupts = 0, tlb_conflict_aborts = 0;
    std::array<u64, 3 * 2 * 6> tlbi_count{};  // [scope][range][kind], by Tlbi's enumerators
    u64 dsb_count = 0, dvm_sent = 0;
    u64 now_ps = 0;                  // local time on the board's scale, kept current at slow-path entry: update_now()
    u64 khz = 2'000'000;             // CoreConfig::freq_mhz in kHz, by Engine's constructor
    u64 slow_pc = 0;                 // of the instruction on a slow path; what Mmu::current_pc points at
    std::array<u64, 2> slow_pair{};  // what a pair read on the slow path gave
    u64 instructions_at_exception = 0;
    u64 unmodelled_fp = 0, unmodelled_fp_pc = 0;  // FP/SIMD instructions met, and where the first was
    u64 abort_loop = 0;                           // consecutive exceptions without a retired instruction between them

    Engine* engine = nullptr;
    mmu::Mmu* mmu = nullptr;

    [[nodiscard]] u64 pc_of(const Op* op) const { return block_pc + u64{4} * op->index; }
    void charge(Cost c, u64 n) {
        if (c != Cost::kExecution) cost[static_cast<unsigned>(c)] += n;
        cycles += n;
    }
    // Cycles by cause. What is nothing else is execution, which blocks need not count twice.
    [[nodiscard]] std::array<u64, static_cast<unsigned>(Cost::kCount)> costs() const {
        auto all = cost;
        u64& execution = all[static_cast<unsigned>(Cost::kExecution)] = cycles;
        for (unsigned c = 1; c < all.size(); ++c) execution -= all[c];
        return all;
    }
    void attend() {  // Engine::run looks at the PE before the next block
        attention = true;
        fast.cycle_limit = 0;
    }
    void update_now() {  // floor(cycles * 1e9 / khz), as sim's clock
        constexpr u64 kScale = 1'000'000'000;
        now_ps = cycles < ~u64{0} / kScale ? cycles * kScale / khz
                                           : static_cast<u64>(static_cast<unsigned __int128>(cycles) * kScale / khz);
    }
    [[nodiscard]] u64 mask_w(u64 v) const { return static_cast<u32>(v); }

    void archive(Archive& ar);  // cpu_state.cpp; Engine::archive() derives what is derived

    // Leave the block towards `target`; the block's ops up to and including `op` have retired.
    const Op* branch(u64 target) {
        pc = target;
        return nullptr;
    }
};

// How a handler that is done goes on: to the next op of the block. The compiler turns the call into a jump (a handler
// must have no local variable whose address left it), so hot handlers follow one another without coming back to
// Engine::run. `return op + 1` is the same, through Engine::run; so it is where calls stay calls (BBMSIM_THREADED).
// A handler that another one calls, and works behind, must return op + 1: next() would run the rest of the block first.
inline const Op* next(Pe& pe, const Op* op) {
#ifdef BBMSIM_THREADED
    return op[1].fn(pe, op + 1);
#else
    static_cast<void>(pe);
    return op + 1;
#endif
}

// Defined by the engine (engine.cpp, exceptions.cpp). Each returns null for the handler to return.
const Op* leave_for(Pe& pe, const Op* op, Exit why);    // re-execute `op` later: it did not retire
const Op* leave_after(Pe& pe, const Op* op, Exit why);  // `op` retired; resume behind it
const Op* undefined(Pe& pe, const Op* op);              // EC 0
const Op* unmodelled_fp(Pe& pe, const Op* op);          // FP/SIMD on a core without: reports and UNDEFINED
const Op* fp_trap(Pe& pe, const Op* op);                // CPACR_EL1.FPEN: EC 0x07
const Op* alignment_fault(Pe& pe, const Op* op, u64 va, bool write);
const Op* pc_alignment_fault(Pe& pe, u64 target);  // branch to a misaligned PC: taken at the target
const Op* sp_alignment_fault(Pe& pe, const Op* op);

}  // namespace bbmsim::cpu
