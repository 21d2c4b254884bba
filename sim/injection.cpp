// SPDX-License-Identifier: Apache-2.0
#include "sim/injector.hpp"

#include "sim/random.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <stdexcept>

namespace bbmsim::sim {

u32 Injector::add(const Injection& spec) {
    if (spec.core >= dirty_.size())
        throw std::invalid_argument(
            fmt::format("injection.core={} but the board has {} cores", spec.core, dirty_.size()));
    if (spec.va_hi <= spec.va_lo)
        throw std::invalid_argument(
            fmt::format("injection.va_hi={:#x} is not above va_lo={:#x}", spec.va_hi, spec.va_lo));
    if (spec.nth_hit == 0) throw std::invalid_argument("injection.nth_hit=0: hits are counted from 1");
    if (!(spec.probability >= 0.0 && spec.probability <= 1.0))
        throw std::invalid_argument(fmt::format("injection.probability={} is not in 0..1", spec.probability));
    if (!spec.on_fetch && !spec.on_data) throw std::invalid_argument("injection: neither on_fetch nor on_data");
    Entry e;
    e.result.id = static_cast<u32>(entries_.size());
    e.result.spec = spec;
    e.random = split_seed(seed_, e.result.id);
    entries_.push_back(std::move(e));
    consider(entries_.back(), false);
    return entries_.back().result.id;
}

void Injector::consider(Entry& e, bool time_reached) {
    const Injection& spec = e.result.spec;
    if (e.armed || (!spec.after_symbol.empty() && !e.symbol_reached) || (spec.after_ps && !time_reached)) return;
    e.armed = true;
    dirty_[spec.core] = true;
}

void Injector::reached(const std::string& symbol, u64 now_ps) {
    for (Entry& e : entries_)
        if (!e.symbol_reached && e.result.spec.after_symbol == symbol) {
            e.symbol_reached = true;
            consider(e, e.result.spec.after_ps.value_or(0) <= now_ps);
        }
}

void Injector::time_passes(PeId core, u64 now_ps) {
    for (Entry& e : entries_)
        if (!e.armed && e.result.spec.core == core && e.result.spec.after_ps && *e.result.spec.after_ps <= now_ps)
            consider(e, true);
}

u64 Injector::next_arming_ps(PeId core) const {
    u64 next = ~u64{0};
    for (const Entry& e : entries_) {
        const Injection& spec = e.result.spec;
        const bool waits_for_time = !e.armed && spec.after_ps && (spec.after_symbol.empty() || e.symbol_reached);
        if (waits_for_time && spec.core == core) next = std::min(next, *spec.after_ps);
    }
    return next;
}

Injector::Range Injector::take_hook(PeId core) {
    dirty_[core] = false;
    Range range;
    for (const Entry& e : entries_) {
        const Injection& spec = e.result.spec;
        if (spec.core != core || !e.live()) continue;
        if (range.hi == 0)
            range = {spec.va_lo, spec.va_hi};
        else
            range = {std::min(range.lo, spec.va_lo), std::max(range.hi, spec.va_hi)};
    }
    return range;
}

bool Injector::access(cpu::Pe& pe, u64 va, Access kind) {
    bool abort = false;
    for (Entry& e : entries_) {
        InjectionResult& r = e.result;
        if (r.spec.core != pe.id || !e.live() || va < r.spec.va_lo || va >= r.spec.va_hi) continue;
        if (kind == Access::kFetch ? !r.spec.on_fetch : !r.spec.on_data) continue;
        ++r.hits;
        if (abort || r.hits < r.spec.nth_hit) continue;
        if (r.spec.probability < 1.0 && next_unit(e.random) >= r.spec.probability) continue;
        abort = true;
        if (r.fired++ == 0) {
            r.first_ps = pe.now_ps;
            r.first_va = va;
            r.first_pc = pe.slow_pc;
        }
        if (e.spent()) dirty_[pe.id] = true;
        if (bus_.wants(EventKind::kInjected))
            bus_.emit({.kind = EventKind::kInjected,
                       .pe = pe.id,
                       .time_ps = pe.now_ps,
                       .pc = pe.slow_pc,
                       .va = va,
                       .a = r.id});
    }
    return abort;
}

std::vector<InjectionResult> Injector::results() const {
    std::vector<InjectionResult> out;
    for (const Entry& e : entries_) out.push_back(e.result);
    return out;
}

std::vector<std::string> Injector::symbols() const {
    std::vector<std::string> out;
    for (const Entry& e : entries_)
        if (!e.result.spec.after_symbol.empty() && !e.symbol_reached) out.push_back(e.result.spec.after_symbol);
    return out;
}

}  // namespace bbmsim::sim
