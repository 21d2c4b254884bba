// SPDX-License-Identifier: Apache-2.0
// Where cycles went and TLB misses were, by function and call stack.
//
// Cycles are sampled: each PE, every `interval` of its own cycles, charges what has passed since to the stack it is in;
// what it waits (WFE, WFI, DSB, powered off) is charged exactly, below a frame of that name. Table walks are exact:
// each is charged to the stack of the access that missed. Looking changes nothing: the engine stops between two blocks
// and goes on, stacks are read from memory as it is, by frame records (AAPCS64: X29 points to {caller's X29, LR}), so
// functions built without them are charged to themselves, below whoever has one. Without a profiler nothing is done.
#pragma once

#include "models/cpu/pe.hpp"
#include "models/mmu/event.hpp"
#include "models/mmu/walk.hpp"
#include "sim/profile.hpp"
#include "sim/symbols.hpp"

#include <string>
#include <unordered_map>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

class Profiler final : public EventSink {
public:
    // `pes` by id; all outlive the profiler.
    Profiler(EventBus& bus, const RamView& ram, const SymbolTable& symbols, std::vector<const cpu::Pe*> pes,
             u64 interval_cycles);
    ~Profiler() override { bus_.detach(this); }
    Profiler(const Profiler&) = delete;

    [[nodiscard]] u64 next_sample_cycles(PeId pe) const { return cores_[pe].next; }
    [[nodiscard]] u64 interval_cycles() const { return profile_.interval_cycles; }
    void ran(const cpu::Pe& pe) {  // the engine has come back
        if (pe.cycles >= cores_[pe.id].next) sample(pe);
    }
    void waits(const cpu::Pe& pe, cpu::Cost cause, u64 cycles);  // about to be charged
    void on_event(const Event& event) override;                  // kWalk
    [[nodiscard]] const Profile& result();                       // up to now
    void archive(Archive& ar);

private:
    static constexpr unsigned kMostFrames = 64;
    static constexpr std::size_t kMostNodes = 1 << 19, kMostSamples = 1 << 20, kMostPcs = 1 << 20;
    static constexpr u32 kNoFrame = ~u32{0};

    struct Core {
        u64 next = 0;                        // when to sample
        u64 accounted = 0;                   // cycles charged so far
        u64 walks = 0;                       // since the last sample
        u64 pc = ~u64{0}, instructions = 0;  // of `node`: a PE that waits is looked at often
        u32 node = 0;
        mmu::Context context;  // of `regime`
        mmu::Regime regime;
    };
    void sample(const cpu::Pe& pe);
    void charge(PeId pe, u32 node, u64 cycles);
    u32 stack_node(const cpu::Pe& pe, u64 pc);
    u32 child(u32 parent, u32 frame);
    u32 frame_at(u64 pc);
    u32 frame_named(const std::string& name);
    const mmu::Regime& regime_of(const cpu::Pe& pe);
    bool read_record(const mmu::Regime& regime, u64 va, u64 (&record)[2]) const;

    EventBus& bus_;
    const RamView& ram_;
    const SymbolTable& symbols_;
    std::vector<const cpu::Pe*> pes_;
    std::vector<Core> cores_;
    Profile profile_;
    std::unordered_map<u64, u32> nodes_;      // parent << 32 | frame
    std::unordered_map<u64, u32> frames_at_;  // by PC
    std::unordered_map<std::string, u32> names_;
};

}  // namespace bbmsim::sim
