# SPDX-License-Identifier: Apache-2.0
"""Plots of many runs: scaling curves with bands, bars by cause."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from ..errors import ConfigError
from ..extrapolation import core_count, core_family
from ..result import CAUSES
from ..units import format_size, parse_size
from .plot import CAUSE_COLOURS, COLOURS, DASHES, MARKERS, finish, style, time_axis
from .text import CAUSE_TITLES

if TYPE_CHECKING:
    from ..extrapolation import Extrapolation
    from ..sweeps.cells import Cells

_MOST_BARS = 40
_FEW_BARS = 8  # with more, bars are of the largest size alone


@dataclass(frozen=True)
class Scale:
    """The axis of numbers that curves run along."""

    key: str
    title: str

    def at(self, value: Any) -> float:
        if self.key == "memory":
            return float(parse_size(value))
        return float(core_count(value)) if self.key == "cores" else float(value)

    def label(self, x: float) -> str:
        return format_size(round(x)) if self.key == "memory" else f"{x:g}"


@dataclass(frozen=True)
class Point:
    x: float
    low: float  #: over the seeds
    middle: float
    high: float


@dataclass(frozen=True)
class Curve:
    name: str
    values: tuple[Any, ...]  #: of the axes that it is one of
    points: tuple[Point, ...]  #: measured, ascending
    beyond: tuple[Point, ...]  #: extrapolated, ascending: the model's value within its band


def short(key: str) -> str:
    """ "strategy" of "set.strategy"."""
    return key.rpartition(".")[2] if key.startswith(("set.", "board.", "core.")) else key


def scale_of(cells: Cells) -> Scale | None:
    """Memory, else the number of cores, else the first axis of numbers with more than one value."""
    varying = cells.grid.varying
    if "memory" in varying:
        return Scale("memory", "memory")
    mixes = cells.grid.axes.get("cores", [])
    if "cores" in varying and len({core_count(m) for m in mixes}) == len(mixes) and len({core_family(m) for m in mixes}) == 1:
        return Scale("cores", "cores")
    for key in varying:
        if key != "cores" and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in cells.grid.axes[key]):
            title = cells.grid.titles.get(key) or re.sub("_(ns|us|cycles|bytes|mhz)$", r", \1", short(key)).replace("_", " ")
            return Scale(key, title)
    return None


def curves_of(cells: Cells, scale: Scale, metric: str, extrapolated: Extrapolation | None = None) -> list[Curve]:
    """One for each combination of the other axes, in their order. Cells without the figure, or with 0, are left out."""
    others = [key for key in cells.grid.varying if key != scale.key]
    groups: dict[tuple[Any, ...], dict[float, list[float]]] = {}
    for row in cells.rows:
        if row.get(metric) and row.get("sample", "base") == "base":
            groups.setdefault(tuple(row[k] for k in others), {}).setdefault(scale.at(row[scale.key]), []).append(row[metric])
    out = []
    for values, found in groups.items():
        name = ", ".join(str(v) if isinstance(v, str) else f"{short(k)}={v}" for k, v in zip(others, values)) or metric
        points = tuple(Point(x, min(y), sum(y) / len(y), max(y)) for x, y in sorted(found.items()))
        out.append(Curve(name, values, points, _beyond(dict(zip(others, values)), scale, metric, extrapolated)))
    return out + _only_beyond(cells, others, scale, metric, extrapolated)


def _only_beyond(cells: Cells, others: Sequence[str], scale: Scale, metric: str, extrapolated: Extrapolation | None) -> list[Curve]:
    """Curves of numbers of cores that nobody ran."""
    if extrapolated is None or extrapolated.frame.empty or "cores" not in others:
        return []
    run = {core_count(mix) for mix in cells.grid.axes["cores"]}
    groups: dict[tuple[Any, ...], list[Point]] = {}
    for row in extrapolated.frame.to_dict("records"):
        if int(row["cores"]) not in run:
            words = f"{int(row['cores'])} cores" + (f" of {row['mix']}" if "mix" in row else "")
            values = tuple(words if k == "cores" else row[k] for k in others)
            groups.setdefault(values, []).append(Point(scale.at(row[scale.key]), row[f"{metric}_low"], row[metric], row[f"{metric}_high"]))
    return [Curve(", ".join(map(str, values)), values, (), tuple(sorted(points, key=lambda p: p.x))) for values, points in groups.items()]


def _beyond(which: Mapping[str, Any], scale: Scale, metric: str, extrapolated: Extrapolation | None) -> tuple[Point, ...]:
    if extrapolated is None or extrapolated.frame.empty:
        return ()
    found = []
    for row in extrapolated.frame.to_dict("records"):
        mix = which.get("cores")
        if mix is not None and (int(row["cores"]) != core_count(mix) or row.get("mix", core_family(mix)) != core_family(mix)):
            continue
        if all(row[k] == v for k, v in which.items() if k != "cores"):
            found.append(Point(scale.at(row[scale.key]), row[f"{metric}_low"], row[metric], row[f"{metric}_high"]))
    if len({p.x for p in found}) < len(found):
        return ()  # mixes of as many cores of other types: the figures don't say whose they are
    return tuple(sorted(found, key=lambda p: p.x))


def grid_figure(cells: Cells, kind: str | None = None, extrapolated: Extrapolation | None = None) -> Figure:
    """By default curves if there is an axis to scale over, else bars. Raises ConfigError for curves over nothing."""
    scale = scale_of(cells)
    if kind == "scaling" and scale is None:
        raise ConfigError("kind=scaling: nothing varies that is a number; possible: causes", "kind")
    with style():
        if kind == "causes" or scale is None:
            return _causes(cells)
        return _scaling(cells, scale, extrapolated)


def subtitle(cells: Cells, without: str = "", band: bool = False) -> str:
    """What all cells have in common; `band`: and what a band over seeds is."""
    said = [(k, v) for k, v in cells.grid.axes.items() if len(v) == 1 and k != without]
    words = [f"seed {v[0]}" if k == "seed" else f"granule {v[0]}" if k == "granule" else str(v[0]) if isinstance(v[0], str) else f"{short(k)}={v[0]}" for k, v in said]
    if cells.grid.fixed:
        words.insert(0, cells.grid.fixed)
    seeds = cells.grid.axes.get("seed", [])
    if len(seeds) > 1:
        words.append(f"{len(seeds)} seeds" + (", band: lowest to highest" if band else ""))
    return ", ".join(words)


def _scaling(cells: Cells, scale: Scale, extrapolated: Extrapolation | None) -> Figure:
    metric = f"{cells.phase}_us"
    curves = curves_of(cells, scale, metric, extrapolated)
    figure = Figure(figsize=(9.4, 5.4), layout="constrained")
    axes = figure.subplots()
    for i, curve in enumerate(curves):
        colour, marker, dashes = _look(curve, curves)
        x = [p.x for p in curve.points]
        # Strategies that cost the same lie on each other: a wider line with larger marks stays visible below.
        weight = max(0.0, 3.0 - 3.0 * i / max(1, len(curves) - 1)) if len(curves) > 1 else 1.0
        axes.plot(x, [p.middle for p in curve.points], dashes, color=colour, marker=marker, markersize=5 + 1.4 * weight, linewidth=1.3 + 0.8 * weight, label=curve.name, gid=f"curve{i}")
        if any(p.high > p.low for p in curve.points):
            axes.fill_between(x, [p.low for p in curve.points], [p.high for p in curve.points], color=colour, alpha=0.22, linewidth=0, gid=f"band{i}")
        if curve.beyond:
            path = ([curve.points[-1]] if curve.points else []) + list(curve.beyond)
            bx = [p.x for p in path]
            axes.plot(bx, [p.middle for p in path], linestyle=(0, (1, 2)), color=colour, linewidth=1.4, gid=f"beyond{i}")
            axes.plot(bx[-len(curve.beyond) :], [p.middle for p in curve.beyond], marker, color="white", markeredgecolor=colour, linestyle="none", markersize=6)
            axes.fill_between(bx, [p.low for p in path], [p.high for p in path], color=colour, alpha=0.12, linewidth=0, hatch="//", edgecolor=colour, gid=f"interval{i}")
    places = sorted({p.x for c in curves for p in (*c.points, *c.beyond)})
    if places and min(places) > 0:
        axes.set_xscale("log", base=2)
    every = max(1, math.ceil(len(places) / 12))
    axes.set_xticks(places[::every], [scale.label(x) for x in places[::every]])
    axes.xaxis.set_minor_formatter(NullFormatter())
    if curves:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        time_axis(axes.yaxis)
        axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(scale.title)
    axes.set_ylabel(f"simulated time of phase {cells.phase}")
    axes.set_title(f"{cells.grid.title}\n{subtitle(cells, scale.key, band=True)}", loc="left", wrap=True)
    finish(axes)
    _legend(axes, any(c.beyond for c in curves))
    return figure


def _look(curve: Curve, curves: Sequence[Curve]) -> tuple[str, str, str]:
    """Colour and mark say the first axis, dashes the others."""
    firsts = list(dict.fromkeys(c.values[:1] for c in curves))
    rests = list(dict.fromkeys(c.values[1:] for c in curves))
    n, m = firsts.index(curve.values[:1]), rests.index(curve.values[1:])
    return COLOURS[n % len(COLOURS)], MARKERS[(n + n // len(COLOURS)) % len(MARKERS)], DASHES[m % len(DASHES)]


def _legend(axes: Any, beyond: bool) -> None:
    handles, _ = axes.get_legend_handles_labels()
    if not handles:
        return
    if beyond:
        handles.append(Line2D([], [], color="#555", linestyle=(0, (1, 2)), marker="o", markerfacecolor="white", label="extrapolated, not run"))
    outside = len(handles) > 6
    axes.legend(
        handles=handles, frameon=False, fontsize=9, loc="upper left" if outside else "best", bbox_to_anchor=(1.0, 1.0) if outside else None, handlelength=3.2,
    )


def _causes(cells: Cells) -> Figure:
    """Two bars a cell: the boot core above, all the others together below, as shares of the phase's time."""
    rows = [row for row in cells.rows if row.get(f"{cells.phase}_us") and row.get("sample", "base") == "base"]
    scale, at = scale_of(cells), ""
    if scale is not None and len(rows) > _FEW_BARS:  # the curves have the rest
        most = max(scale.at(row[scale.key]) for row in rows)
        rows = [row for row in rows if scale.at(row[scale.key]) == most]
        at = f", {scale.title} {scale.label(most)}"
    shown = rows[:_MOST_BARS]
    figure = Figure(figsize=(9.4, 2.4 + 0.4 * max(3, len(shown))), layout="constrained")
    axes = figure.subplots()
    names = [cell_name(cells, row, scale.key if at and scale else "") for row in shown]
    for who, offset, height in (("boot_core", -0.19, 0.36), ("others", 0.17, 0.22)):
        left = [0.0] * len(shown)
        for cause in CAUSES:
            widths = [cause_us(row, who, cause, cells.phase) for row in shown]
            if any(widths):
                axes.barh(
                    [i + offset for i in range(len(shown))], widths, left=left, height=height, color=CAUSE_COLOURS[cause],
                    label=CAUSE_TITLES[cause], gid=f"{who} {cause}",
                )
            left = [a + b for a, b in zip(left, widths)]
    axes.set_yticks(range(len(shown)), names)
    axes.set_ylim(len(shown) - 0.5, -0.55)
    axes.set_xlim(left=0)
    time_axis(axes.xaxis)
    more = f"; {len(rows) - len(shown)} more cells are not drawn" if len(rows) > len(shown) else ""
    axes.set_xlabel(f"simulated time of phase {cells.phase}; upper bar: boot core, lower bar: mean of the others{more}")
    axes.set_title(f"{cells.grid.title}, by cause{at}\n{subtitle(cells)}", loc="left", wrap=True)
    finish(axes)
    found: dict[str, Any] = {}
    for handle, label in zip(*axes.get_legend_handles_labels()):
        found.setdefault(label, handle)
    if found:
        below = -0.6 / (0.4 * max(3, len(shown)) + 0.2)  # 0.6 inches, in heights of the axes
        axes.legend(found.values(), found.keys(), frameon=False, fontsize=9, ncols=len(found), loc="upper left", bbox_to_anchor=(0.0, below))
    return figure


def cause_us(row: Mapping[str, Any], who: str, cause: str, phase: str) -> float:
    """That part of the phase's time which the boot core, or the mean of the others, spent on the cause."""
    total = sum(row.get(f"{who}_{c}", 0) for c in CAUSES)
    return float(row.get(f"{phase}_us", 0.0) * row.get(f"{who}_{cause}", 0) / total) if total else 0.0


def cell_name(cells: Cells, row: Mapping[str, Any], without: str = "") -> str:
    keys: Sequence[str] = [k for k in [*cells.grid.varying, *(["seed"] if len(cells.grid.axes.get("seed", [])) > 1 else [])] if k != without] or list(cells.grid.axes)[:1]
    return ", ".join(str(row[k]) if isinstance(row[k], str) else f"{short(k)}={row[k]}" for k in keys)
