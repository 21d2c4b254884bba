# SPDX-License-Identifier: Apache-2.0
"""What compare and sweep say behind their tables: is cost linear in memory, and what lies beyond the runs."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..files import write_whole
from ..units import format_time, some

if TYPE_CHECKING:
    from rich.console import Console

    from ..extrapolation import Extrapolation
    from ..sweeps import Study
    from ..sweeps.cells import Cells

SCHEMA = "bbmsim.extrapolation/1"
_MOST_LINES = 24


def say_linearity(console: Console, found: Cells) -> None:
    """Nothing where there are not three sizes of 1 GiB or more."""
    from ..linearity import lines

    for line in lines(found.linearity()):
        console.print(line, markup=False, soft_wrap=True)


def say_phase(console: Console, found: Cells) -> None:
    """If no run has the phase whose cost was asked for: those that there are."""
    times = dict.fromkeys(key.removesuffix("_us") for row in found.rows for key in row if key.endswith("_us") and "@" not in key)
    if found.phase not in times and found.rows:
        there = ", ".join(name for name in times if name != "run") or "none"
        console.print(f"phase={found.phase}: no run has it; there are: {there}", markup=False, soft_wrap=True)


def check_beyond(plan: Study, texts: Sequence[str]) -> dict[str, list[str | int]]:
    """The points of --extrapolate; raises ConfigError for what the study's cells, all done, could not answer."""
    from ..extrapolation import check_points, parse_points

    points = parse_points(texts)
    cells = [c for c in plan.cells() if c.sample in ("", "base")]
    by = [key for key, values in plan.axes.items() if len(values) > 1 and key not in ("memory", "cores", "seed")]
    check_points([c.axes for c in cells], points, by)
    return points


def say_extrapolated(console: Console, found: Extrapolation, metric: str) -> None:
    rows = found.frame.to_dict("records")
    axes = list(itertools.takewhile(lambda c: c != "kind", found.frame.columns))
    for row in rows[:_MOST_LINES]:
        where = ", ".join(f"{k}={row[k]}" for k in axes)
        value, low, high = (format_time(row[k] * 1e6) for k in (metric, f"{metric}_low", f"{metric}_high"))
        console.print(f"extrapolated, not run: {where}: {value} ({low} to {high})", markup=False, soft_wrap=True)
    if len(rows) > _MOST_LINES:
        console.print(f"... and {len(rows) - _MOST_LINES} more points")
    if found.models:
        name, model = max(found.models.items(), key=lambda item: item[1].held_back_error)
        tests = ", ".join(map(str, model.tests))
        console.print(f"held-back error of {some(len(found.models), 'model')}; the largest: {name}: {tests}", markup=False, soft_wrap=True)
    for name, why in found.refused.items():
        console.print(f"not extrapolated: {name}: {why}", markup=False, soft_wrap=True)


def save_extrapolated(found: Extrapolation, folder: Path) -> None:
    """extrapolated.csv and .json, apart from what was measured; what an earlier call left goes if nothing is said now."""
    if found.frame.empty:
        for name in ("csv", "json"):
            (folder / f"extrapolated.{name}").unlink(missing_ok=True)
        return
    write_whole(folder / "extrapolated.csv", found.frame.to_csv(index=False), "out")
    models = {
        name: {
            "metric": m.metric,
            "terms": {term: float(c) for term, c in zip(m.terms, m.coefficients)},
            "held_back": [{"axis": t.axis, "largest": t.largest, "before": t.before, "runs": t.runs, "error": t.error} for t in m.tests],
        }
        for name, m in found.models.items()
    }
    text = {"schema": SCHEMA, "models": models, "refused": dict(found.refused), "rows": found.frame.to_dict("records")}
    write_whole(folder / "extrapolated.json", json.dumps(text, indent=1) + "\n", "out")
