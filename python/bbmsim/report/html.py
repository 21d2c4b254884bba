# SPDX-License-Identifier: Apache-2.0
"""The report of a run as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from .. import reactions, rules
from ..findings import Hazard, Violation
from ..linux import facts
from ..profile import IDLE
from ..outcomes import OUTCOMES
from ..result import CAUSES, Phase, Result
from ..units import format_count, format_size, format_time
from . import maps, rendezvous, running_cost, svg
from .lines import MOST_FINDINGS, findings_line, more_findings, summary
from .text import CAUSE_TITLES, base_name, phases_by_name, verification_line

_ZOOMED_PHASES = 3
_MOST_FUNCTIONS = 30


@lru_cache(maxsize=1)
def environment() -> Environment:
    made = Environment(
        loader=PackageLoader("bbmsim.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters.update(count=format_count, time=format_time, size=format_size)
    return made


def render(result: Result) -> str:
    record = result.record
    names = [c["name"] for c in record["cores"]]
    whole = [{"total_cycles": c["cycles"], "cycles": c["cost"]} for c in record["cores"]]
    return environment().get_template("report.html.j2").render(
        record=record,
        title=summary(record),
        good=result.finished,
        clean=result.clean,
        meaning=result.detail or OUTCOMES.get(result.outcome, ""),
        findings_line=findings_line(result),
        verification=verification_line(result),
        injected=[reactions.lines(i) for i in record["injected"]],
        violations=([finding_part(v) for v in result.violations[:MOST_FINDINGS]], more_findings(result.violations)),
        rules=[rules.load()[r] for r in sorted({v.rule for v in result.violations})],
        hazards=([finding_part(h) for h in result.hazards[:MOST_FINDINGS]], more_findings(result.hazards)),
        notes=[str(n) for n in result.notes],
        causes=[(cause, CAUSE_TITLES[cause]) for cause in CAUSES],
        whole_bars=svg.cost_bars(whole, [f"{i} {name}" for i, name in enumerate(names)]),
        timelines=_timelines(result, names),
        rendezvous=rendezvous.drawing(result),
        rendezvous_story=rendezvous.story(result),
        rendezvous_kinds=list(rendezvous.KIND_TITLES.items()),
        kernel=facts.lines(record["linux"]) if record["linux"] else [],
        maps=maps.section(result),
        map_bars=maps.bars(result.maps),
        census_bars=maps.census_bars(result),
        map_kinds=list(maps.KIND_TITLES.items()),
        functions=_functions(record),
        running_costs=list(running_cost.sections(result)),
        running_columns=list(zip(running_cost.COLUMNS, running_cost.WHEN)),
        phases=[phase_part(result, group, names) for group in phases_by_name(result)],
        tlb_columns=list(record["cores"][0]["tlb"]) if record["cores"] else [],
    )


def _timelines(result: Result, names: list[str]) -> list[tuple[str, Any]]:
    data = result.record["timeline"]
    out = [("The whole run", svg.timeline(data, names, 0, max(1, data["end_ps"])))]
    windows = []
    for group in phases_by_name(result):
        first, last = min(p.begin_ps for p in group), max(p.end_ps for p in group)
        if last > first and all(p.count == 1 for p in group) and last - first < data["end_ps"] // 2:
            windows.append((last - first, first, last, base_name(group[0])))
    longest: list[tuple[int, int, int, str]] = []
    for window in sorted(windows, key=lambda w: -w[0]):
        length, first, last, _ = window
        same = any(min(last, w[2]) - max(first, w[1]) > 0.8 * w[0] for w in longest)  # park within repaint
        if not same and len(longest) < _ZOOMED_PHASES:
            longest.append(window)
    for length, first, last, name in sorted(longest, key=lambda w: w[1]):
        margin = length // 20
        out.append((f"Phase {name}, from {format_time(first)}", svg.timeline(data, names, max(0, first - margin), last + margin)))
    return out


def _functions(record: Mapping[str, Any]) -> list[tuple[str, int, int, int]]:
    """Function, cycles, TLB misses, cycles of walks, over all cores: those with most cycles."""
    sums: dict[str, list[int]] = {}
    for f in (record["profile"] or {"functions": []})["functions"]:
        total = sums.setdefault(f["function"], [0, 0, 0])
        for i, key in enumerate(("cycles", "tlb_misses", "walk_cycles")):
            total[i] += f[key]
    rows = [(name, v[0], v[1], v[2]) for name, v in sums.items() if name not in IDLE]
    return sorted(rows, key=lambda row: (-row[1], row[0]))[:_MOST_FUNCTIONS]


def phase_part(result: Result, group: list[Phase], names: list[str]) -> dict[str, Any]:
    """One phase of the whole board, or the same phase of each core by itself: heading, rows, bars."""
    first = group[0]
    own = len(group) > 1
    chosen = [(p.core, p.cores[p.core]) for p in group if p.core is not None] if own else list(enumerate(first.cores))
    chosen.sort(key=lambda row: row[0])
    labels = [f"{i} {names[i]}" for i, _ in chosen]
    heading = f"up to {format_time(max(p.duration_ps for p in group))}, each core's own" if own else (
        f"{format_time(first.duration_ps)}, {format_count(first.total_cycles)} cycles"
    )
    return {
        "name": base_name(first),
        "heading": heading + ("" if all(p.complete for p in group) else ", not finished"),
        "rows": [(label, c) for label, (_, c) in zip(labels, chosen)],
        "bars": svg.cost_bars([vars(c) for _, c in chosen], labels),
        "table_pages": 0 if own else first.table_pages,
    }


def finding_part(finding: Violation | Hazard) -> tuple[str, list[str]]:
    heading, *rest = finding.lines()
    return heading, [line.strip() for line in rest]
