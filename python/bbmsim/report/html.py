# SPDX-License-Identifier: Apache-2.0
"""The report of a run as one HTML page that needs nothing else."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..findings import Hazard, Violation
from ..result import CAUSES, OUTCOMES, Phase, Result
from ..units import format_count, format_size, format_time
from . import svg
from .text import CAUSE_TITLES, base_name, findings_line, phases_by_name, summary, verification_line

_ZOOMED_PHASES = 3


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
        violations=[_finding(v) for v in result.violations],
        hazards=[_finding(h) for h in result.hazards],
        notes=[str(n) for n in result.notes],
        causes=[(cause, CAUSE_TITLES[cause]) for cause in CAUSES],
        whole_bars=svg.cost_bars(whole, [f"{i} {name}" for i, name in enumerate(names)]),
        timelines=_timelines(result, names),
        phases=[_phase(result, group, names) for group in phases_by_name(result)],
        tlb_columns=list(record["cores"][0]["tlb"]) if record["cores"] else [],
    )


def _timelines(result: Result, names: list[str]) -> list[tuple[str, Any]]:
    data = result.record["timeline"]
    out = [("The whole run", svg.timeline(data, names, 0, max(1, data["end_ps"])))]
    boards = [group[0] for group in phases_by_name(result) if len(group) == 1]
    longest = sorted(boards, key=lambda p: -p.duration_ps)[:_ZOOMED_PHASES]
    for p in sorted(longest, key=lambda p: p.begin_ps):
        if p.count == 1 and p.duration_ps:
            margin = p.duration_ps // 20
            out.append((f"Phase {p.name}", svg.timeline(data, names, max(0, p.begin_ps - margin), p.end_ps + margin)))
    return out


def _phase(result: Result, group: list[Phase], names: list[str]) -> dict[str, Any]:
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


def _finding(finding: Violation | Hazard) -> tuple[str, list[str]]:
    heading, *rest = finding.lines()
    return heading, [line.strip() for line in rest]
