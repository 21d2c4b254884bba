# SPDX-License-Identifier: Apache-2.0
"""The page of a comparison or a sweep: plots, and a table in which every cell opens into its causes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from .. import _core
from ..linearity import lines
from ..outcomes import OUTCOMES
from ..result import CAUSES, Result
from ..units import format_count, format_time
from . import html, maps, rendezvous, svg
from .grid import cause_us, grid_figure, scale_of, short, subtitle
from .lines import findings_line, how_many, summary
from .plot import inline
from .text import CAUSE_TITLES, phases_by_name, verification_line

if TYPE_CHECKING:
    from ..extrapolation import Extrapolation
    from ..sweeps.cells import Cells

MOST_OPEN = 400  #: cells that open; those behind have their figures only
_FEW_CORES = 16  # with more, cells beyond the first few have no drawing of the rendezvous: the page would be too large


def page(cells: Cells, extrapolated: Extrapolation | None = None) -> str:
    details = cells.details
    longest = max((row.get(f"{cells.phase}_us") or 0.0 for row in cells.rows), default=0.0)
    rows = [
        _row(cells, row, None if detail is None or i >= MOST_OPEN else Result(dict(detail)), longest, i)
        for i, (row, detail) in enumerate(zip(cells.rows, details))
    ]
    plots = [grid_figure(cells, "causes")]
    if scale_of(cells) is not None:
        plots.insert(0, grid_figure(cells, "scaling", extrapolated))
    plots += cells.more_figures()
    return html.environment().get_template("grid.html.j2").render(
        title=cells.grid.title,
        subtitle=subtitle(cells),
        phase=cells.phase,
        plots=[Markup(inline(figure)) for figure in plots],
        axes=[short(key).replace("_", " ") for key in _axes(cells)],
        rows=rows,
        runs=len(rows),
        opens=sum(row["opens"] is not None for row in rows),
        causes=[(cause, CAUSE_TITLES[cause]) for cause in CAUSES],
        map_kinds=list(maps.KIND_TITLES.items()),
        rendezvous_kinds=list(rendezvous.KIND_TITLES.items()),
        linearity=lines(cells.linearity()),
        extrapolated=_extrapolated(extrapolated, cells.phase),
        version=_core.version,
    )


def _axes(cells: Cells) -> list[str]:
    keys = [k for k, v in cells.grid.axes.items() if len(v) > 1 or k in ("strategy", "set.strategy", "memory", "cores")]
    return [*keys, *(["sample"] if any("sample" in row for row in cells.rows) else [])]


def _row(cells: Cells, row: Mapping[str, Any], result: Result | None, longest: float, number: int) -> dict[str, Any]:
    findings = (row.get("violations") or 0) + (row.get("hazards") or 0)
    time = row.get(f"{cells.phase}_us")
    return {
        "axes": [row.get(key, "") for key in _axes(cells)],
        "outcome": row["outcome"],
        "good": row["outcome"] in ("poweroff", "reset"),
        "findings": how_many(row.get("violations") or 0, row.get("hazards") or 0) if findings else "none",
        "found": format_count(findings),
        "clean": not findings,
        "time": "-" if time is None else format_time(time * 1e6),
        "bar": _bar(cells, row, longest),
        "run": format_time(row["run_us"] * 1e6) if "run_us" in row else "-",
        "counts": [format_count(row[k]) if k in row else "-" for k in ("descriptor_writes", "table_pages", "tlbis")],
        "error": row.get("error", ""),
        "opens": None if result is None else _causes(result, cells.phase, number),
    }


def _bar(cells: Cells, row: Mapping[str, Any], longest: float) -> Markup:
    """The boot core's time above, the mean of the others' below, on one scale over all rows."""
    parts = []
    for who, y, height, name in (("boot_core", 1, 9, "boot core"), ("others", 11, 5, "mean of the others")):
        x = 0.0
        for cause in CAUSES:
            us = cause_us(row, who, cause, cells.phase)
            width = 200 * us / longest if longest else 0.0
            if us > 0:
                parts.append(svg.rect(x, y, width, height, f"c-{cause}", f"{name}, {CAUSE_TITLES[cause]}: {format_time(us * 1e6)}"))
            x += width
    return Markup(f'<svg class="bar" viewBox="0 0 200 17" role="img" aria-label="cycles by cause">{"".join(parts)}</svg>')


def _causes(result: Result, phase: str, number: int) -> dict[str, Any]:
    record = result.record
    names = [c["name"] for c in record["cores"]]
    violations, hazards = record.get("findings", (len(result.violations), len(result.hazards)))
    chosen = [g for g in phases_by_name(result) if g[0].name == phase]
    others = [g for g in phases_by_name(result) if g[0].name != phase]
    draws = len(names) <= _FEW_CORES or number < 8
    return {
        "title": summary(record),
        "outcome": f"{record['outcome']}: {result.detail or OUTCOMES.get(result.outcome, '')}",
        "checker": findings_line(result),
        "verified": verification_line(result),
        "story": rendezvous.story(result),
        "rendezvous": rendezvous.drawing(result) if draws else Markup(""),
        "census": maps.census_bars(result),
        "phases": [html.phase_part(result, g, names) for g in chosen],
        "more": [html.phase_part(result, g, names) for g in others],
        "findings": [*map(html.finding_part, result.violations), *map(html.finding_part, result.hazards)],
        "not_shown": max(0, violations + hazards - len(result.violations) - len(result.hazards)),
    }


def _extrapolated(found: Extrapolation | None, phase: str) -> dict[str, Any] | None:
    if found is None:
        return None
    metric = f"{phase}_us"
    keys = list(itertools.takewhile(lambda c: c != "kind", found.frame.columns))
    rows = [
        {"axes": [row[k] for k in keys], "value": format_time(row[metric] * 1e6), "low": format_time(row[f"{metric}_low"] * 1e6), "high": format_time(row[f"{metric}_high"] * 1e6)}
        for row in found.frame.to_dict("records")
    ]
    errors = [f"{name}: {', '.join(map(str, model.tests))}" for name, model in found.models.items()]
    return {"axes": [short(k) for k in keys], "rows": rows, "errors": errors, "refused": [f"{k}: {v}" for k, v in found.refused.items()]}
