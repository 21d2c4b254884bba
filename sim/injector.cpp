// SPDX-License-Identifier: Apache-2.0
#include "sim/injector.hpp"

#include "models/mmu/regime.hpp"
#include "sim/machine.hpp"
#include "sim/random.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <stdexcept>

namespace bbmsim::sim {

namespace {

constexpr std::size_t kMostFindings = 64;  // of a reaction

constexpr u64 bit_of(EventKind kind) { return u64{1} << static_cast<unsigned>(kind); }
constexpr u32 bit_of(Occasion::Kind kind) { return u32{1} << static_cast<unsigned>(kind); }

// ESR_EL1.EC of an instruction or data abort, from EL0 or EL1.
bool is_abort(u64 esr) {
    const u64 ec = (esr >> 26) & 0x3f;
    return ec == 0x20 || ec == 0x21 || ec == 0x24 || ec == 0x25;
}

void keep(std::vector<u32>& list, u64 index) {
    const auto value = static_cast<u32>(index);
    if (list.size() < kMostFindings && std::ranges::find(list, value) == list.end()) list.push_back(value);
}

}  // namespace

Injector::Injector(Machine& machine, EventBus& bus, unsigned cores, u64 seed)
    : machine_(machine), bus_(bus), seed_(seed), dirty_(cores, false), wanted_(cores, 0) {
    for (unsigned i = 0; i < cores; ++i) interceptors_.emplace_back(*this, static_cast<PeId>(i));
}

Injector::~Injector() { bus_.detach(this); }

u32 Injector::add(const Injection& spec) {
    if (spec.core >= dirty_.size())
        throw std::invalid_argument(
            fmt::format("injection.core={} but the board has {} cores", spec.core, dirty_.size()));
    if (spec.va_hi <= spec.va_lo)
        throw std::invalid_argument(
            fmt::format("injection.va_hi={:#x} is not above va_lo={:#x}", spec.va_hi, spec.va_lo));
    if (spec.pa_hi <= spec.pa_lo)
        throw std::invalid_argument(
            fmt::format("injection.pa_hi={:#x} is not above pa_lo={:#x}", spec.pa_hi, spec.pa_lo));
    if (spec.nth_hit == 0) throw std::invalid_argument("injection.nth_hit=0: hits are counted from 1");
    if (!(spec.probability >= 0.0 && spec.probability <= 1.0))
        throw std::invalid_argument(fmt::format("injection.probability={} is not in 0..1", spec.probability));
    Entry e;
    e.fault = make_fault(spec);
    const bool moment = e.fault->occasion() == Occasion::Kind::kMoment;
    if (!moment && !spec.at_symbol.empty())
        throw std::invalid_argument(fmt::format("injection.at_symbol: {} has occasions of its own", spec.kind));
    if (moment && spec.at_symbol.empty() && (spec.nth_hit != 1 || spec.times != 1 || spec.probability < 1.0))
        throw std::invalid_argument(
            fmt::format("injection.at_symbol: {} happens once; to repeat it, name a symbol", spec.kind));
    e.result.id = static_cast<u32>(entries_.size());
    e.result.spec = spec;
    e.random = split_seed(seed_, e.result.id);
    if (entries_.empty()) listen();
    entries_.push_back(std::move(e));
    if (!spec.after_ps) consider(entries_.back(), 0);
    return entries_.back().result.id;
}

void Injector::listen() {
    bus_.attach(this, bit_of(EventKind::kException) | bit_of(EventKind::kViolation) | bit_of(EventKind::kHazard));
}

void Injector::consider(Entry& e, u64 now_ps) {
    const Injection& spec = e.result.spec;
    if (e.armed || (!spec.after_symbol.empty() && !e.symbol_reached)) return;
    if (spec.after_ps && *spec.after_ps > now_ps) return;
    e.armed = true;
    refresh(spec.core);
}

void Injector::refresh(PeId core) {
    u32 wanted = 0;
    for (const Entry& e : entries_) {
        if (e.result.spec.core != core) continue;
        if (e.live()) wanted |= bit_of(e.fault->occasion());
        if (e.fault->goes_on()) wanted |= bit_of(Occasion::Kind::kAccess) | bit_of(Occasion::Kind::kTlbi);
    }
    wanted_[core] = wanted;
    dirty_[core] = true;
    const bool intercept = wanted & (bit_of(Occasion::Kind::kWalk) | bit_of(Occasion::Kind::kTlbi));
    if (core < machine_.cores.size())
        machine_.cores[core]->mmu->interceptor = intercept ? &interceptors_[core] : nullptr;
}

std::vector<std::string> Injector::symbols() const {
    std::vector<std::string> out;
    for (const Entry& e : entries_)
        for (const std::string& name : {e.symbol_reached ? std::string() : e.result.spec.after_symbol,
                                        e.result.spec.at_symbol, e.fault->looks_at()})
            if (!name.empty() && std::ranges::find(out, name) == out.end()) out.push_back(name);
    return out;
}

bool Injector::waits_for(const std::string& symbol, PeId pe) const {
    return std::ranges::any_of(entries_, [&](const Entry& e) {
        const Injection& spec = e.result.spec;
        return (!e.symbol_reached && spec.after_symbol == symbol) || e.fault->looks_at() == symbol ||
               (spec.at_symbol == symbol && spec.core == pe && !e.spent());
    });
}

void Injector::reached(const std::string& symbol, cpu::Pe& pe) {
    for (Entry& e : entries_) {
        const Injection& spec = e.result.spec;
        if (e.fault->looks_at() == symbol) e.fault->look(pe, machine_);
        if (!e.symbol_reached && spec.after_symbol == symbol) {
            e.symbol_reached = true;
            consider(e, pe.now_ps);
            if (e.armed) machine_.cores[spec.core]->interrupt_engine();
        }
        if (spec.at_symbol == symbol && spec.core == pe.id && e.live()) {
            e.at_symbol = true;
            machine_.cores[pe.id]->interrupt_engine();
        }
    }
}

void Injector::time_passes(cpu::Pe& pe, u64 now_ps) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        Entry& e = entries_[i];
        if (e.result.spec.core != pe.id) continue;
        if (!e.armed && e.result.spec.after_ps) consider(e, now_ps);
        if (e.fault->due_ps() <= now_ps) e.fault->do_due(now_ps, machine_);
    }
    if (!wants(Occasion::Kind::kMoment, pe.id)) return;
    pe.now_ps = std::max(pe.now_ps, now_ps);
    Occasion o{.kind = Occasion::Kind::kMoment};
    offer(o, pe);
}

u64 Injector::next_due_ps(PeId core) const {
    u64 next = ~u64{0};
    for (const Entry& e : entries_) {
        const Injection& spec = e.result.spec;
        if (spec.core != core) continue;
        next = std::min(next, e.fault->due_ps());
        if (!e.armed && spec.after_ps && (spec.after_symbol.empty() || e.symbol_reached))
            next = std::min(next, *spec.after_ps);
    }
    return next;
}

Injector::Range Injector::take_hook(PeId core) {
    dirty_[core] = false;
    Range range;
    for (const Entry& e : entries_) {
        const Injection& spec = e.result.spec;
        if (spec.core != core || e.fault->occasion() != Occasion::Kind::kAccess) continue;
        if (!e.live() && !e.fault->goes_on()) continue;
        if (range.hi == 0)
            range = {spec.va_lo, spec.va_hi};
        else
            range = {std::min(range.lo, spec.va_lo), std::max(range.hi, spec.va_hi)};
    }
    return range;
}

bool Injector::in_range(const Injection& spec, const Occasion& o, const cpu::Pe& pe) const {
    const bool any_va = spec.va_lo == 0 && spec.va_hi == ~u64{0}, any_pa = spec.pa_lo == 0 && spec.pa_hi == ~u64{0};
    const auto holds_pa = [&](u64 pa) { return pa >= spec.pa_lo && pa < spec.pa_hi; };
    switch (o.kind) {
        case Occasion::Kind::kAccess:
            if (o.va < spec.va_lo || o.va >= spec.va_hi) return false;
            if (any_pa) return true;
            {
                const mmu::WalkResult walk = machine_.walk(pe.id, o.va);
                return !walk.fault && holds_pa(walk.pa);
            }
        case Occasion::Kind::kWalk:
            if (o.va < spec.va_lo || o.va >= spec.va_hi) return false;
            return any_pa || std::ranges::any_of(machine_.walk(pe.id, o.va).steps,
                                                 [&](const mmu::WalkStep& s) { return holds_pa(s.pa); });
        case Occasion::Kind::kTlbi:
            if (any_va || o.tlbi->kind == mmu::TlbiKind::kVmall || o.tlbi->kind == mmu::TlbiKind::kAsid) return true;
            {
                const mmu::Mmu& mmu = *machine_.cores[pe.id]->mmu;
                const mmu::Regime regime = mmu::decode_regime(mmu.context(), mmu.config);
                const mmu::TlbiSpan span = mmu::tlbi_span(*o.tlbi, regime.half[(spec.va_lo >> 55) & 1].granule);
                return span.required && span.va < spec.va_hi && span.va + (span.bytes - 1) >= spec.va_lo;
            }
        default: return true;
    }
}

void Injector::offer(Occasion& o, cpu::Pe& pe) {
    bool changed = false;
    for (Entry& e : entries_) {
        InjectionResult& r = e.result;
        if (r.spec.core != pe.id) continue;
        if (!e.live() || e.fault->occasion() != o.kind || e.fault->goes_on()) continue;
        if (o.kind == Occasion::Kind::kMoment && !r.spec.at_symbol.empty() && !std::exchange(e.at_symbol, false))
            continue;
        if (!in_range(r.spec, o, pe) || !e.fault->applies(o, pe, machine_)) continue;
        ++r.hits;
        if (o.taken || o.fault || r.hits < r.spec.nth_hit) continue;
        if (r.spec.probability < 1.0 && next_unit(e.random) >= r.spec.probability) continue;
        acting_ = &e;
        const bool done = e.fault->act(o, pe, machine_);
        acting_ = nullptr;
        if (!done) continue;
        fired(e, o, pe);
        changed |= e.spent() || e.fault->goes_on();
    }
    changed |= show(o, pe);  // a TLBI that somebody else has just taken away ends nothing
    if (changed) refresh(pe.id);
}

bool Injector::show(Occasion& o, const cpu::Pe& pe) {
    bool changed = false;
    for (Entry& e : entries_) {
        if (e.result.spec.core != pe.id || !e.fault->goes_on()) continue;
        e.fault->watch(o, pe);
        changed |= !e.fault->goes_on();
    }
    return changed;
}

void Injector::fired(Entry& e, const Occasion& o, const cpu::Pe& pe) {
    InjectionResult& r = e.result;
    const u64 time_ps = std::max(pe.now_ps, o.time_ps);
    const u64 pc = o.pc ? o.pc : o.kind == Occasion::Kind::kMoment ? pe.pc : pe.slow_pc;
    if (r.fired++ == 0) {
        r.first_ps = time_ps;
        r.first_va = o.va;
        r.first_pc = pc;
        r.console_bytes = machine_.console.size();
    }
    if (bus_.wants(EventKind::kInjected))
        bus_.emit({.kind = EventKind::kInjected, .pe = pe.id, .time_ps = time_ps, .pc = pc, .va = o.va, .a = r.id});
}

void Injector::perform(PeId core, const mmu::Tlbi& op) {
    mmu::Mmu& mmu = *machine_.cores[core]->mmu;
    mmu::Interceptor* const asked = std::exchange(mmu.interceptor, nullptr);
    mmu.invalidate(op);
    mmu.interceptor = asked;
    Occasion o{.kind = Occasion::Kind::kTlbi, .tlbi = &op};
    if (show(o, machine_.cores[core]->pe)) refresh(core);
}

mmu::Fault Injector::CoreInterceptor::before_walk(u64 va) {
    if (!injector_.wants(Occasion::Kind::kWalk, core_)) return {};
    Occasion o{.kind = Occasion::Kind::kWalk, .va = va};
    injector_.offer(o, injector_.machine_.cores[core_]->pe);
    return o.fault;
}

bool Injector::CoreInterceptor::swallows(const mmu::Tlbi& op) {
    if (!injector_.wants(Occasion::Kind::kTlbi, core_)) return false;
    Occasion o{.kind = Occasion::Kind::kTlbi, .tlbi = &op};
    injector_.offer(o, injector_.machine_.cores[core_]->pe);
    return o.taken;
}

void Injector::on_event(const Event& event) {
    for (Entry& e : entries_) {
        if (e.result.fired == 0 && &e != acting_) continue;
        Reaction& reaction = e.result.reaction;
        if (event.kind == EventKind::kViolation) {
            keep(reaction.violations, event.a);
        } else if (event.kind == EventKind::kHazard) {
            keep(reaction.hazards, event.a);
        } else if (event.pe == e.result.spec.core && is_abort(event.a)) {
            ++reaction.aborts;
            if (!reaction.first) reaction.first = event;
        }
    }
}

void Injector::reseed(u64 seed) {
    seed_ = seed;
    for (Entry& e : entries_) e.random = split_seed(seed_, e.result.id);
}

std::vector<InjectionResult> Injector::results() const {
    std::vector<InjectionResult> out;
    for (const Entry& e : entries_) out.push_back(e.result);
    return out;
}

}  // namespace bbmsim::sim
