// SPDX-License-Identifier: Apache-2.0
// Censuses and changes of maps as dictionaries, with the keys of the run record.
#include "python/bindings/results.hpp"

#include <pybind11/stl.h>

#include <array>

namespace bbmsim::python {

using namespace pybind11::literals;

namespace {

constexpr std::array kWhen{"entry", "return", "time", "end", "phase-begin", "phase-end"};
constexpr std::array kChanges{"split", "merge", "contiguous-cleared", "contiguous-set"};
static_assert(kChanges.size() == static_cast<std::size_t>(sim::MapChangeKind::kCount));

// One past an inclusive last address: 2^64 is no u64.
py::int_ behind(u64 last) { return py::int_(py::int_(last) + py::int_(1)); }

constexpr std::array kRows{"make",  "break", "size",   "table",      "oa",      "memtype",
                           "share", "cont",  "global", "permission", "software"};
static_assert(kRows.size() == static_cast<std::size_t>(sim::ChangeRow::kCount));
constexpr std::array kEntries{"table", "block", "page"};
static_assert(kEntries.size() == static_cast<std::size_t>(sim::ChangeEntry::kCount));
constexpr std::array kVerdicts{"legal", "after-break", "violates"};
static_assert(kVerdicts.size() == static_cast<std::size_t>(sim::ChangeVerdict::kCount));

}  // namespace

py::dict to_python(const sim::ChangeCount& c) {
    return py::dict("row"_a = kRows[static_cast<std::size_t>(c.row)], "level"_a = c.level,
                    "entry"_a = kEntries[static_cast<std::size_t>(c.entry)], "contiguous"_a = c.contiguous,
                    "verdict"_a = kVerdicts[static_cast<std::size_t>(c.verdict)], "count"_a = c.count);
}

py::dict to_python(const sim::Session& session, const sim::ConflictAborts& a) {
    return py::dict("core"_a = a.pe, "writer"_a = a.writer_pc ? session.symbolize(a.writer_pc) : std::string(),
                    "level"_a = a.level, "descriptor_pa"_a = a.desc_pa, "pc"_a = a.pc,
                    "symbol"_a = session.symbolize(a.pc), "va"_a = a.va, "matches"_a = a.matches,
                    "first_ps"_a = a.first_ps, "count"_a = a.count);
}

py::dict to_python(const mmu::Census& c) {
    py::list rows, runs;
    for (const auto& row : c.rows) {
        const u64 bytes = u64{1} << level_shift(c.granule, row.level);
        rows.append(py::dict("level"_a = row.level, "bytes_each"_a = bytes, "contiguous"_a = row.contiguous,
                             "descriptors"_a = row.descriptors, "bytes"_a = bytes * row.descriptors,
                             "attributes"_a = attributes(row.attr), "permissions"_a = permissions(row.perms)));
    }
    for (const auto& run : c.block_runs)
        runs.append(py::dict("va"_a = py::make_tuple(run.va_first, behind(run.va_last)),
                             "bytes_each"_a = u64{1} << level_shift(c.granule, run.level),
                             "contiguous"_a = run.contiguous));
    py::dict groups;
    for (unsigned level = 1; level < 4; ++level) groups[py::str(std::to_string(level))] = c.groups[level];
    py::object mapped = py::none();
    if (!c.rows.empty()) mapped = py::make_tuple(c.mapped_first, behind(c.mapped_last));
    constexpr std::array kGranules{"4K", "16K", "64K"};
    return py::dict("granule"_a = kGranules[static_cast<std::size_t>(c.granule)],
                    "va"_a = py::make_tuple(c.va_first, behind(c.va_last)), "mapped"_a = mapped, "rows"_a = rows,
                    "contiguous_groups"_a = groups, "blocks"_a = runs, "more_blocks"_a = c.more_block_runs,
                    "table_pages"_a = c.table_pages, "complete"_a = c.complete);
}

py::dict to_python(const sim::MapResult& m) {
    py::dict out("when"_a = kWhen[static_cast<std::size_t>(m.spec.when)], "symbol"_a = m.spec.symbol,
                 "nth"_a = m.spec.nth, "taken"_a = m.taken);
    if (!m.taken) return out;
    out["core"] = m.core;
    out["time_ps"] = m.time_ps;
    out["census"] = to_python(m.census);
    return out;
}

py::dict to_python(const sim::Session& session, const sim::MapChange& c) {
    return py::dict("core"_a = c.pe == kNoPe ? py::object(py::none()) : py::object(py::int_(c.pe)), "pc"_a = c.pc,
                    "symbol"_a = c.pc ? session.symbolize(c.pc) : std::string("the host"), "phase"_a = c.phase,
                    "kind"_a = kChanges[static_cast<std::size_t>(c.kind)], "level"_a = c.level,
                    "linear_map"_a = c.linear_map, "descriptors"_a = c.descriptors, "occurrences"_a = c.occurrences,
                    "first_ps"_a = c.first_ps, "last_ps"_a = c.last_ps);
}

}  // namespace bbmsim::python
