# SPDX-License-Identifier: Apache-2.0
"""How much each assumed figure matters, from the cells of a study with [sensitivity]."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .sweep import Sweep

_LEAST = 0.001  # of the base: bars of less can't be seen


@dataclass(frozen=True)
class Swing:
    """What one figure does to the metric, as ratios to the base (or, of a Latin hypercube, to the mean)."""

    key: str
    low: float  #: at the range's low end; of a hypercube, by a straight line through all samples
    high: float
    correlation: float | None = None  #: Spearman's rank correlation with the metric; hypercube only

    @property
    def width(self) -> float:
        return abs(self.high - self.low)


def swings(sweep: Sweep, metric: str) -> list[Swing]:
    """The widest first, the mean over the cells of the axes. Raises ConfigError without [sensitivity] or the metric."""
    plan = sweep.study.sensitivity
    if plan is None:
        raise ConfigError("sensitivity: the study has none", "sensitivity")
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in sweep.rows:
        if metric not in row:
            raise ConfigError(f"metric={metric}: a cell has no such figure{did_you_mean(metric, row)}", "metric")
        groups.setdefault(tuple(row[key] for key in sweep.study.axes), []).append(row)
    one = _one_at_a_time if plan.method == "one-at-a-time" else _hypercube
    every = [one(rows, metric, plan.ranges) for rows in groups.values()]
    mean = [
        Swing(
            key, _mean([e[i].low for e in every]), _mean([e[i].high for e in every]),
            None if every[0][i].correlation is None else _mean([e[i].correlation or 0.0 for e in every]),
        )
        for i, key in enumerate(plan.ranges)
    ]
    return sorted(mean, key=lambda s: -s.width)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _one_at_a_time(rows: list[dict[str, Any]], metric: str, ranges: Any) -> list[Swing]:
    by_sample = {row["sample"]: row[metric] for row in rows}
    base = by_sample["base"] or 1.0
    return [Swing(key, by_sample[f"{key}=low"] / base, by_sample[f"{key}=high"] / base) for key in ranges]


def _hypercube(rows: list[dict[str, Any]], metric: str, ranges: Any) -> list[Swing]:
    import numpy as np

    y = np.array([row[metric] for row in rows], dtype=float)
    keys = list(ranges)
    x = np.array([[row[key] for key in keys] for row in rows], dtype=float)
    coefficients, *_ = np.linalg.lstsq(np.column_stack([np.ones(len(rows)), x]), y, rcond=None)
    mean = float(y.mean()) or 1.0
    out = []
    for i, key in enumerate(keys):
        low, high = ranges[key]
        middle = float(x[:, i].mean())
        ranks = [np.argsort(np.argsort(v)) for v in (x[:, i], y)]
        spread = float(np.std(ranks[0]) * np.std(ranks[1]))
        correlation = float(np.mean((ranks[0] - ranks[0].mean()) * (ranks[1] - ranks[1].mean()))) / spread if y.std() and spread else 0.0
        slope = float(coefficients[i + 1])
        out.append(Swing(key, 1 + slope * (low - middle) / mean, 1 + slope * (high - middle) / mean, correlation))
    return out


def tornado_figure(sweep: Sweep, metric: str) -> Figure:
    """Bars from the metric at the low end of each range to that at the high end, widest on top, in percent of the base. What
    moves it by less than a thousandth in all is named below instead."""
    from matplotlib.figure import Figure

    from ..report.plot import GRID, finish, style

    found = swings(sweep, metric)
    shown = [s for s in found if abs(s.low - 1) + abs(s.high - 1) >= _LEAST] or found[:1]
    study = sweep.study
    ranges = study.sensitivity.ranges if study.sensitivity else {}
    with style():
        figure = Figure(figsize=(9.4, 1.6 + 0.45 * len(shown)), layout="constrained")
        axes = figure.subplots()
        for i, swing in enumerate(shown):
            for end, colour, label in ((swing.low, "#2a78d6", "low end"), (swing.high, "#eda100", "high end")):
                axes.barh(i, (end - 1) * 100, color=colour, height=0.6, label=label if i == 0 else None)
        axes.set_yticks(range(len(shown)), [f"{s.key}\n{ranges[s.key][0]:g} to {ranges[s.key][1]:g}" for s in shown])
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.axvline(0, color="#444", linewidth=0.8)
        widest = max([abs(e - 1) * 100 for s in shown for e in (s.low, s.high)] + [0.1])
        axes.set_xlim(-1.15 * widest, 1.15 * widest)
        still = [s.key for s in found if s not in shown]
        below = "\n".join(textwrap.wrap(f"below {_LEAST * 100:g} % in all: {', '.join(still)}", 110)) if still else ""
        axes.set_xlabel(f"change of {metric} in percent" + (f"\n{below}" if below else ""))
        cells = len(sweep.rows) // max(1, len({row["sample"] for row in sweep.rows}))
        mean = f", mean of {cells} cells" if cells > 1 else ""
        axes.set_title(f"{study.title or study.name}: what moves {metric}{mean}\n{sweep.grid.fixed}", loc="left", wrap=True)
        finish(axes)
        axes.grid(True, axis="x", color=GRID, linewidth=0.7)
        axes.grid(False, axis="y")
        axes.legend(frameon=False, loc="lower right")
        return figure
