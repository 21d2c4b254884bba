// SPDX-License-Identifier: Apache-2.0
#include "python/bindings/results.hpp"

#include "python/bindings/bindings.hpp"

#include <pybind11/stl.h>

#include <string_view>

namespace bbmsim::python {

using namespace pybind11::literals;

namespace {

constexpr std::array kCostNames{"execution", "cache", "walk", "tlbi_dsb", "wfe", "parked"};
static_assert(kCostNames.size() == static_cast<std::size_t>(cpu::Cost::kCount));
constexpr std::array kMemTypes{"Device-nGnRnE", "Device-nGnRE", "Device-nGRE", "Device-GRE", "Normal", "Normal-Tagged"};
constexpr std::array kShareability{"non", "reserved", "outer", "inner"};
constexpr std::array kGranules{"4K", "16K", "64K"};
constexpr std::array kFaults{"none",       "address size",     "translation",  "access flag",
                             "permission", "external on walk", "TLB conflict", "unsupported update"};

py::dict costs(const std::array<u64, kCostNames.size()>& cost) {
    py::dict out;
    for (std::size_t i = 0; i < kCostNames.size(); ++i) out[kCostNames[i]] = cost[i];
    return out;
}
constexpr std::array kPlaceNames{"l2", "l3", "transfer", "memory", "bandwidth", "store_buffer", "device"};
static_assert(kPlaceNames.size() == static_cast<std::size_t>(memory::Place::kCount));
constexpr std::size_t kWalkPlaces = static_cast<std::size_t>(memory::Place::kBandwidth) + 1;

py::dict cache_cycles(const memory::PlaceCycles& cycles) {
    py::dict out;
    for (std::size_t i = 0; i < kPlaceNames.size(); ++i) out[kPlaceNames[i]] = cycles[i];
    return out;
}
// What is not a descriptor's way is the MMU's own: L2 TLB hits, walk caches, the start of a walk.
py::dict walk_cycles(const memory::PlaceCycles& cycles, u64 all) {
    py::dict out;
    for (std::size_t i = 0; i < kWalkPlaces; ++i) all -= cycles[i];
    out["mmu"] = all;
    for (std::size_t i = 0; i < kWalkPlaces; ++i) out[kPlaceNames[i]] = cycles[i];
    return out;
}
py::dict by_level(const u64 (&writes)[4]) {
    py::dict out;
    for (unsigned level = 0; level < 4; ++level) out[py::str(std::to_string(level))] = writes[level];
    return out;
}
py::dict by_level(const std::array<u64, 4>& writes) {
    py::dict out;
    for (unsigned level = 0; level < 4; ++level) out[py::str(std::to_string(level))] = writes[level];
    return out;
}
py::dict by_name(const std::vector<std::pair<std::string, u64>>& counts) {
    py::dict out;
    for (const auto& [name, count] : counts) out[py::str(name)] = count;
    return out;
}
py::object pe_or_none(PeId pe) { return pe == kNoPe ? py::object(py::none()) : py::object(py::int_(pe)); }

py::dict tlb_stats(const mmu::MmuStats& s) {
    return py::dict("l1i_accesses"_a = s.l1i_accesses, "l1i_misses"_a = s.l1i_misses, "l1d_accesses"_a = s.l1d_accesses,
                    "l1d_misses"_a = s.l1d_misses, "l2_accesses"_a = s.l2_accesses, "l2_misses"_a = s.l2_misses,
                    "walk_cache_hits"_a = s.walk_cache_hits, "walks"_a = s.walks, "walk_reads"_a = s.walk_reads,
                    "walk_cycles"_a = s.walk_cycles, "fills"_a = s.fills, "evictions"_a = s.evictions,
                    "conflicts"_a = s.conflicts, "conflict_aborts"_a = s.conflict_aborts, "stale_uses"_a = s.stale_uses,
                    "hw_af_updates"_a = s.hw_af_updates, "hw_dirty_updates"_a = s.hw_dirty_updates,
                    "entries_invalidated"_a = s.entries_invalidated, "tlbis_received"_a = s.tlbis_received,
                    "speculative_walks"_a = s.speculative_walks);
}
// The instruction at a PC as the run left it in memory; nothing if it can't be read any more.
py::object instruction_at(const sim::Session& session, PeId pe, u64 pc) {
    if (pe == kNoPe || pc == 0) return py::none();
    const auto walk = session.walk(pe, pc);
    if (walk.fault) return py::none();
    try {
        const auto bytes = session.read_memory(walk.pa, 4);
        u32 raw = 0;
        for (unsigned i = 0; i < 4; ++i) raw |= static_cast<u32>(bytes[i]) << (8 * i);
        return py::str(session.disassemble(raw, pc));
    } catch (const std::exception&) {
        return py::none();
    }
}

}  // namespace

py::dict attributes(const mmu::MemAttr& attr) {
    return py::dict("type"_a = kMemTypes[static_cast<std::size_t>(attr.type)], "inner"_a = attr.inner,
                    "outer"_a = attr.outer, "shareability"_a = kShareability[static_cast<std::size_t>(attr.share)]);
}
py::dict permissions(const mmu::Permissions& p) {
    return py::dict("read_el0"_a = p.read_el0, "write_el0"_a = p.write_el0, "exec_el0"_a = p.exec_el0,
                    "read_el1"_a = p.read_el1, "write_el1"_a = p.write_el1, "exec_el1"_a = p.exec_el1,
                    "guarded"_a = p.guarded, "dirty_managed"_a = p.dirty_managed);
}

const char* outcome_name(sim::Outcome outcome) {
    switch (outcome) {
        case sim::Outcome::kRunning: return "stopped";
        case sim::Outcome::kPoweroff: return "poweroff";
        case sim::Outcome::kReset: return "reset";
        case sim::Outcome::kDeadlock: return "deadlock";
        case sim::Outcome::kAbortLoop: return "abort-loop";
        case sim::Outcome::kGuestFailed: return "guest-failed";
        case sim::Outcome::kTimeout: return "timeout";
        case sim::Outcome::kError: return "internal-error";
    }
    return "internal-error";
}

py::dict to_python(const mmu::Violation& v) {
    py::list holders;
    for (const auto& h : v.holders)
        holders.append(py::dict("core"_a = h.pe, "bbml"_a = h.bbml, "reaches"_a = h.reaches, "may_hold"_a = h.may_hold,
                                "holds"_a = h.holds, "filled_ps"_a = h.filled_ps));
    return py::dict("rule"_a = mmu::rule_info(v.rule).id, "arm_rule"_a = mmu::rule_info(v.rule).arm_rule,
                    "severity"_a = "violation", "core"_a = pe_or_none(v.pe), "pc"_a = v.pc,
                    "va"_a = py::make_tuple(v.va_lo, v.va_hi), "level"_a = v.level, "old"_a = v.old_value,
                    "new"_a = v.new_value, "descriptor_pa"_a = v.desc_pa, "first_ps"_a = v.first_ps,
                    "last_ps"_a = v.last_ps, "count"_a = v.count, "holders"_a = holders, "text"_a = v.text);
}

static const char* kind_of(mmu::HazardKind kind) {
    switch (kind) {
        case mmu::HazardKind::kConflict: return "conflict";
        case mmu::HazardKind::kStale: return "stale";
        case mmu::HazardKind::kLostUpdate: return "lost-update";
    }
    return "stale";
}

py::dict to_python(const mmu::Hazard& h) {
    return py::dict("kind"_a = kind_of(h.kind), "core"_a = pe_or_none(h.pe), "pc"_a = h.pc,
                    "va"_a = py::make_tuple(h.va_lo, h.va_hi), "descriptor_pa"_a = h.desc_pa,
                    "entry_value"_a = h.entry_value, "memory_value"_a = h.memory_value, "first_ps"_a = h.first_ps,
                    "count"_a = h.count,
                    "violation"_a = h.violation < 0 ? py::object(py::none()) : py::object(py::int_(h.violation)),
                    "behaviour"_a = h.behaviour, "text"_a = h.text);
}

py::dict to_python(const mmu::Note& n) {
    return py::dict("core"_a = pe_or_none(n.pe), "pc"_a = n.pc, "va"_a = n.va, "count"_a = n.count, "text"_a = n.text);
}

// With what a session knows of the pc.
py::dict to_python(const sim::Session& session, const mmu::Violation& v) {
    py::dict d = to_python(v);
    d["symbol"] = v.pc ? session.symbolize(v.pc) : std::string("the host");
    d["instruction"] = instruction_at(session, v.pe, v.pc);
    return d;
}

py::dict to_python(const sim::Session& session, const mmu::Hazard& h) {
    py::dict d = to_python(h);
    d["symbol"] = h.pc ? session.symbolize(h.pc) : std::string("the host");
    d["instruction"] = instruction_at(session, h.pe, h.pc);
    return d;
}

py::dict to_python(const sim::Session& session, const mmu::Note& n) {
    py::dict d = to_python(n);
    d["symbol"] = n.pc ? session.symbolize(n.pc) : std::string();
    return d;
}

py::dict to_python(const mmu::CheckerStats& s) {
    return py::dict("descriptor_writes"_a = s.descriptor_writes, "writes_by_level"_a = by_level(s.writes_by_level),
                    "splits"_a = s.splits, "tables_linked"_a = s.tables_linked, "tables_unlinked"_a = s.tables_unlinked,
                    "live_tables"_a = s.live_tables, "peak_live_tables"_a = s.peak_live_tables, "fills"_a = s.fills,
                    "pending"_a = s.pending);
}

py::dict to_python(const sim::PhaseResult& p) {
    py::list cores;
    for (const auto& c : p.cores)
        cores.append(py::dict(
            "total_cycles"_a = c.total_cycles, "cycles"_a = costs(c.cycles), "instructions"_a = c.instructions,
            "descriptor_writes"_a = by_level(c.descriptor_writes), "tlbi"_a = by_name(c.tlbi),
            "dvm_sent"_a = c.dvm_sent, "dvm_received"_a = c.dvm_received, "dsb"_a = c.dsb,
            "l1i_misses"_a = c.l1i_misses, "l1d_misses"_a = c.l1d_misses, "l2_misses"_a = c.l2_misses,
            "walks"_a = c.walks, "walk_reads"_a = c.walk_reads, "l1d_cache_misses"_a = c.l1d_cache_misses,
            "l2_cache_misses"_a = c.l2_cache_misses, "l3_cache_misses"_a = c.l3_cache_misses,
            "line_transfers"_a = c.line_transfers, "cache_cycles"_a = cache_cycles(c.cache_cycles),
            "walk_cycles"_a = walk_cycles(c.walk_cycles, c.cycles[static_cast<std::size_t>(cpu::Cost::kWalk)])));
    return py::dict("name"_a = p.name, "core"_a = pe_or_none(p.pe), "begin_ps"_a = p.begin_ps, "end_ps"_a = p.end_ps,
                    "duration_ps"_a = p.duration_ps, "complete"_a = p.complete, "count"_a = p.count,
                    "table_pages"_a = p.table_pages, "total_cycles"_a = p.total_cycles, "cores"_a = cores);
}

py::dict to_python(const sim::HostUsage& u) {
    return py::dict("wall_s"_a = u.wall_s, "cpu_s"_a = u.cpu_s, "peak_rss_bytes"_a = u.peak_rss_bytes);
}

py::dict to_python(const sim::CoreStats& s) {
    return py::dict("name"_a = s.name, "bbml"_a = s.bbml, "cycles"_a = s.cycles, "instructions"_a = s.instructions,
                    "cost"_a = costs(s.cost), "tlb"_a = tlb_stats(s.tlb), "l1d_cache_misses"_a = s.l1d_cache_misses,
                    "l2_cache_misses"_a = s.l2_cache_misses, "l3_cache_misses"_a = s.l3_cache_misses,
                    "line_transfers"_a = s.line_transfers, "cache_cycles"_a = cache_cycles(s.cache_cycles),
                    "walk_cycles"_a = walk_cycles(s.walk_cycles, s.cost[static_cast<std::size_t>(cpu::Cost::kWalk)]),
                    "loads"_a = s.loads, "stores"_a = s.stores, "exceptions"_a = s.exceptions,
                    "interrupts"_a = s.interrupts, "conflict_aborts"_a = s.conflict_aborts, "dsb"_a = s.dsb,
                    "dvm_sent"_a = s.dvm_sent, "dvm_received"_a = s.dvm_received, "tlbi"_a = by_name(s.tlbi),
                    "descriptor_writes"_a = by_level(s.descriptor_writes));
}

py::dict to_python(const sim::Session& session, const sim::InjectionResult& r) {
    const auto range = [](u64 lo, u64 hi) -> py::object {
        if (lo == 0 && hi == ~u64{0}) return py::none();
        return py::make_tuple(lo, hi);
    };
    py::dict settings;
    for (const auto& [name, value] : r.spec.values) settings[py::str(name)] = value;
    for (const auto& [name, value] : r.spec.names) settings[py::str(name)] = value;
    py::object abort = py::none();
    if (const auto& e = r.reaction.first)
        abort = py::dict("time_ps"_a = e->time_ps, "pc"_a = e->pc, "symbol"_a = session.symbolize(e->pc),
                         "esr"_a = e->a, "far"_a = e->va);
    py::dict reaction("aborts"_a = r.reaction.aborts, "first_abort"_a = abort, "violations"_a = r.reaction.violations,
                      "hazards"_a = r.reaction.hazards, "console_bytes"_a = r.console_bytes);
    return py::dict(
        "id"_a = r.id, "kind"_a = r.spec.kind, "core"_a = r.spec.core, "va"_a = range(r.spec.va_lo, r.spec.va_hi),
        "pa"_a = range(r.spec.pa_lo, r.spec.pa_hi), "after"_a = r.spec.after_symbol, "at"_a = r.spec.at_symbol,
        "after_ps"_a = r.spec.after_ps, "nth"_a = r.spec.nth_hit, "probability"_a = r.spec.probability,
        "times"_a = r.spec.times, "settings"_a = settings, "hits"_a = r.hits, "fired"_a = r.fired,
        "first_ps"_a = r.first_ps, "first_va"_a = r.first_va, "first_pc"_a = r.first_pc,
        "first_symbol"_a = r.first_pc ? session.symbolize(r.first_pc) : std::string(), "reaction"_a = reaction);
}

py::dict to_python(const mmu::TlbEntry& e) {
    py::list path;
    for (unsigned i = 0; i < e.origin.depth; ++i)
        path.append(py::make_tuple(e.origin.desc_pa[i], e.origin.desc_value[i]));
    return py::dict("va"_a = e.va_base, "bytes"_a = e.va_mask + 1, "pa"_a = e.pa_base, "asid"_a = e.asid,
                    "is_global"_a = e.global, "stale"_a = e.stale, "table"_a = e.table, "level"_a = e.level,
                    "contiguous"_a = e.contiguous, "granule"_a = kGranules[static_cast<std::size_t>(e.granule)],
                    "attributes"_a = attributes(e.attr), "permissions"_a = permissions(e.perms), "origin"_a = path,
                    "filled_ps"_a = e.origin.filled_ps);
}

py::dict to_python(const mmu::WalkResult& w) {
    py::list steps;
    for (const auto& step : w.steps) steps.append(py::make_tuple(step.pa, step.value, step.level));
    return py::dict(
        "fault"_a = w.fault ? py::object(py::str(kFaults[static_cast<std::size_t>(w.fault.type)])) : py::none(),
        "level"_a = w.fault ? w.fault.level : w.level, "pa"_a = w.pa, "bytes"_a = w.span_bytes,
        "attributes"_a = attributes(w.attr), "permissions"_a = permissions(w.perms), "is_global"_a = w.global,
        "contiguous"_a = w.contiguous, "steps"_a = steps);
}

py::tuple to_python(const Event& e) {
    return py::make_tuple(static_cast<unsigned>(e.kind), pe_or_none(e.pe), e.level, e.sub, e.time_ps, e.pc, e.va, e.pa,
                          e.a, e.b);
}

void bind_rules(py::module_& m) {
    m.def(
        "rules",
        [] {
            py::list out;
            for (unsigned i = 0; i < static_cast<unsigned>(mmu::Rule::kCount); ++i) {
                const auto& info = mmu::rule_info(static_cast<mmu::Rule>(i));
                out.append(py::dict("id"_a = info.id, "arm_rule"_a = info.arm_rule, "sources"_a = info.sources,
                                    "holds_at"_a = info.holds_at, "values"_a = info.values, "title"_a = info.title,
                                    "text"_a = info.text, "levels"_a = info.levels, "hardware"_a = info.hardware,
                                    "mend"_a = info.mend, "silent"_a = info.silent));
            }
            return out;
        },
        "the rules that the checker knows");
    py::list causes;
    for (const char* name : kCostNames) causes.append(name);
    m.attr("cost_names") = causes;
}

}  // namespace bbmsim::python
