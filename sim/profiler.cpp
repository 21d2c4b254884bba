// SPDX-License-Identifier: Apache-2.0
#include "sim/profiler.hpp"

#include "models/mmu/mmu.hpp"

#include <algorithm>

namespace bbmsim::sim {

namespace {

struct NoVisitor {
    static u64 seen(u64, u64 value) { return value; }
    void read(u64, u64, u8) {}
    void table(const mmu::WalkCursor&, u64, u64, u8) {}
};

// A return address may be signed (FEAT_PAuth): the bits above the address are those of bit 55 again.
u64 stripped(const mmu::Regime& regime, u64 address) {
    if (!regime.on) return address;
    const unsigned upper = (address >> 55) & 1;
    const u64 above = ~u64{0} << regime.half[upper].input_bits;
    return upper ? address | above : address & ~above;
}

const char* name_of_wait(const cpu::Pe& pe, cpu::Cost cause) {
    if (!pe.powered) return "[off]";
    if (cause == cpu::Cost::kWfe) return "[WFE]";
    return cause == cpu::Cost::kParked ? "[WFI]" : "[DSB]";
}

}  // namespace

Profiler::Profiler(EventBus& bus, const RamView& ram, const SymbolTable& symbols, std::vector<const cpu::Pe*> pes,
                   u64 interval_cycles)
    : bus_(bus), ram_(ram), symbols_(symbols), pes_(std::move(pes)), cores_(pes_.size()) {
    profile_.interval_cycles = interval_cycles;
    profile_.frames.emplace_back("all");
    profile_.nodes.push_back({});
    profile_.cores.resize(pes_.size());
    for (std::size_t i = 0; i < pes_.size(); ++i) {
        cores_[i].accounted = pes_[i]->cycles;
        cores_[i].next = pes_[i]->cycles + interval_cycles;
    }
    bus_.attach(this, u64{1} << static_cast<unsigned>(EventKind::kWalk));
}

void Profiler::charge(PeId pe, u32 node, u64 cycles) {
    auto& figures = profile_.cores[pe];
    if (figures.size() <= node) figures.resize(node + 1);
    figures[node].cycles += cycles;
}

void Profiler::sample(const cpu::Pe& pe) {
    Core& core = cores_[pe.id];
    const u64 passed = pe.cycles - core.accounted;
    core.accounted = pe.cycles;
    core.next = pe.cycles + profile_.interval_cycles;
    if (passed == 0) return;
    const u32 node = stack_node(pe, pe.pc);
    charge(pe.id, node, passed);
    const u64 khz = pe.khz;
    const auto time_ps = static_cast<u64>(static_cast<unsigned __int128>(pe.cycles) * 1'000'000'000 / khz);
    if (profile_.samples.size() < kMostSamples)
        profile_.samples.push_back({time_ps, passed, core.walks, profile_.nodes[node].frame, pe.id});
    else
        ++profile_.dropped_samples;
    core.walks = 0;
}

void Profiler::waits(const cpu::Pe& pe, cpu::Cost cause, u64 cycles) {
    sample(pe);
    Core& core = cores_[pe.id];
    const u32 wait = frame_named(name_of_wait(pe, cause));
    charge(pe.id, child(pe.powered ? stack_node(pe, pe.pc) : 0, wait), cycles);
    core.accounted += cycles;
    core.next += cycles;
}

void Profiler::on_event(const Event& event) {
    if (event.pe >= pes_.size()) return;
    const u32 node = stack_node(*pes_[event.pe], event.pc);
    auto& figures = profile_.cores[event.pe];
    if (figures.size() <= node) figures.resize(node + 1);
    ++figures[node].walks;
    figures[node].walk_cycles += event.a;
    ++cores_[event.pe].walks;
}

const Profile& Profiler::result() {
    for (const cpu::Pe* pe : pes_) sample(*pe);
    return profile_;
}

u32 Profiler::stack_node(const cpu::Pe& pe, u64 pc) {
    Core& core = cores_[pe.id];
    if (core.pc == pc && core.instructions == pe.instructions) return core.node;
    u32 frames[kMostFrames];
    unsigned depth = 0;
    if (pe.ps.el == 0) {
        frames[depth++] = frame_named("[user]");
    } else {
        const mmu::Regime& regime = regime_of(pe);
        frames[depth++] = frame_at(pc);
        // A function that has no frame record yet, or never makes one: X30 is its caller's, which X29's record is not.
        const u32 by_link = frame_at(stripped(regime, pe.r[30]) - 4);
        u64 record[2], fp = pe.r[29];
        while (depth < kMostFrames && fp && (fp & 15) == 0 && read_record(regime, fp, record)) {
            const u64 lr = stripped(regime, record[1]);
            if (lr == 0) break;
            const u32 caller = frame_at(lr - 4);
            if (depth == 1 && by_link != frames[0] && by_link != caller && symbols_.known(stripped(regime, pe.r[30])))
                frames[depth++] = by_link;
            if (depth < kMostFrames) frames[depth++] = caller;
            fp = record[0];
        }
    }
    u32 node = 0;
    while (depth) node = child(node, frames[--depth]);
    core.pc = pc;
    core.instructions = pe.instructions;
    core.node = node;
    return node;
}

u32 Profiler::child(u32 parent, u32 frame) {
    const u64 key = (u64{parent} << 32) | frame;
    if (const auto found = nodes_.find(key); found != nodes_.end()) return found->second;
    if (profile_.nodes.size() >= kMostNodes) return parent;  // a guest can't make the host allocate without bound
    const auto node = static_cast<u32>(profile_.nodes.size());
    profile_.nodes.push_back({parent, frame});
    nodes_.emplace(key, node);
    return node;
}

u32 Profiler::frame_at(u64 pc) {
    if (const auto found = frames_at_.find(pc); found != frames_at_.end()) return found->second;
    if (frames_at_.size() >= kMostPcs) frames_at_.clear();
    const std::string* name = symbols_.function_at(pc);
    const u32 frame = frame_named(name ? *name : "[no symbol]");
    frames_at_.emplace(pc, frame);
    return frame;
}

u32 Profiler::frame_named(const std::string& name) {
    const auto [found, inserted] = names_.try_emplace(name, static_cast<u32>(profile_.frames.size()));
    if (inserted) profile_.frames.push_back(name);
    return found->second;
}

const mmu::Regime& Profiler::regime_of(const cpu::Pe& pe) {
    Core& core = cores_[pe.id];
    if (core.context == pe.mmu->context() && core.regime.half[0].input_bits) return core.regime;
    core.context = pe.mmu->context();
    core.regime = mmu::decode_regime(core.context, pe.mmu->config);
    return core.regime;
}

bool Profiler::read_record(const mmu::Regime& regime, u64 va, u64 (&record)[2]) const {
    u64 pa = va;
    if (regime.on) {
        const mmu::HalfRegime& half = regime.half[(va >> 55) & 1];
        mmu::WalkCursor cursor;
        if (!mmu::in_range(half, va, false) || mmu::walk_start(half, cursor)) return false;
        NoVisitor visitor;
        const mmu::WalkEnd end = mmu::walk(ram_, half, false, va, cursor, visitor);
        if (end.fault) return false;
        const u64 offset = va & ((u64{1} << level_shift(half.granule, end.level)) - 1);
        pa = mmu::Descriptor{end.value}.output_address(half.granule, end.level) | offset;
    }
    if (!ram_.contains(PhysAddr(pa), 16)) return false;
    record[0] = ram_.read64(PhysAddr(pa));
    record[1] = ram_.read64(PhysAddr(pa + 8));
    return true;
}

}  // namespace bbmsim::sim
