# SPDX-License-Identifier: Apache-2.0
"""Figures of one run for files: what inline SVG shows in its page, from the same layouts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..errors import BbmsimError, ConfigError
from ..maps import Census
from ..result import CAUSES, PLOTS, Result
from ..units import format_size, format_time
from . import maps, rendezvous
from .lines import summary
from .plot import CAUSE_COLOURS, GRID, finish, style, time_axis
from .text import CAUSE_TITLES, base_name, phases_by_name

_ACTIVITY_COLOURS = {"run": "#2a78d6", "spin": "#eda100", "wfe": "#4a3aa7", "flush": "#e34948", "off": "#b4b2ab"}
_MAP_COLOURS = {"large": "#4a3aa7", "block-contiguous": "#2a78d6", "block": "#1baf7a", "page-contiguous": "#eda100", "page": "#b4b2ab"}
_IN_MAP = "#1baf7a"
_LETTER = 0.0115  # of the width: of a tick's words


def run_figure(result: Result, kind: str, phase: str) -> Figure:
    """Raises ConfigError for another kind, BbmsimError if the run has nothing of the kind."""
    makers: Mapping[str, Callable[[], Figure]] = {
        "cost": lambda: _cost(result, phase), "rendezvous": lambda: _rendezvous(result), "map": lambda: _map(result)
    }
    if kind not in makers:
        raise ConfigError(f"kind={kind}: one of {', '.join(PLOTS)}", "kind")
    with style():
        return makers[kind]()


def _new(rows: int, height: float, title: str, result: Result) -> tuple[Figure, Any]:
    figure = Figure(figsize=(9.4, 1.9 + height * max(1, rows)), layout="constrained")
    axes = figure.subplots()
    axes.set_title(f"{title}\n{summary(result.record)}", loc="left", wrap=True)
    return figure, axes


def _rows(axes: Any, names: list[str]) -> None:
    """Core names down the side; of many cores every eighth."""
    every = 1 if len(names) < 20 else 8
    shown = [i for i in range(len(names)) if i % every == 0 or i == len(names) - 1 and i % every > every // 2]
    axes.set_yticks(shown, [f"{i} {names[i]}" for i in shown])
    axes.set_ylim(len(names) - 0.4, -0.6)


def _cost(result: Result, name: str) -> Figure:
    """A bar for each core: where its cycles of the phase went, in time."""
    group = next((g for g in phases_by_name(result) if base_name(g[0]) == name), None)
    if group is None:
        raise BbmsimError(f"phase={name}: the run has none; it has {', '.join(base_name(g[0]) for g in phases_by_name(result)) or 'no phases'}")
    own = {p.core: p.cores[p.core] for p in group if p.core is not None} if len(group) > 1 else dict(enumerate(group[0].cores))
    cores = result.record["board"]["cores"]
    figure, axes = _new(len(cores), 0.3 if len(cores) < 20 else 0.1, f"Phase {name}: {format_time(max(p.duration_ps for p in group))}, by core and cause", result)
    left = [0.0] * len(cores)
    for cause in CAUSES:
        widths = [own[i].cycles[cause] / c["freq_mhz"] if i in own else 0.0 for i, c in enumerate(cores)]
        if any(widths):
            axes.barh(range(len(cores)), widths, left=left, height=0.72, color=CAUSE_COLOURS[cause], label=CAUSE_TITLES[cause], gid=cause)
        left = [a + b for a, b in zip(left, widths)]
    _rows(axes, [c["name"] for c in cores])
    time_axis(axes.xaxis)
    finish(axes)
    axes.grid(False, axis="y")
    _below(axes, len(cores), 0.3 if len(cores) < 20 else 0.1, None)
    return figure


def _below(axes: Any, rows: int, height: float, handles: list[Any] | None) -> None:
    """A legend in one line under the axis."""
    found = handles if handles is not None else axes.get_legend_handles_labels()[0]
    axes.legend(handles=found, frameon=False, fontsize=9, ncols=max(1, len(found)), loc="upper left", bbox_to_anchor=(-0.02, -0.42 / (0.9 + height * rows)), columnspacing=1.2, handlelength=1.2)


def _rendezvous(result: Result) -> Figure:
    met = result.rendezvous
    if met is None:
        raise BbmsimError("rendezvous: nothing was repainted in this run")
    axis = rendezvous.axis_of(met)
    names = [c["name"] for c in result.record["cores"]]
    height = 0.34 if len(names) < 20 else 0.13
    figure, axes = _new(len(names), height, "Rendezvous: who waited where", result)
    for kind, colour in _ACTIVITY_COLOURS.items():
        for i, core in enumerate(met.cores):
            own = [(axis.at(s.begin_ps), axis.at(s.end_ps) - axis.at(s.begin_ps)) for s in core.spans if s.kind == kind]
            if own:
                axes.broken_barh(own, (i - 0.36, 0.58), facecolor=colour, gid=f"core{i} {kind}")
    for i, core in enumerate(met.cores):
        reach = [(axis.at(a), axis.at(b) - axis.at(a)) for a, b in rendezvous.in_map(core.out_of_map, met.begin_ps, met.end_ps)]
        axes.broken_barh(reach, (i + 0.25, 0.1), facecolor=_IN_MAP, gid=f"core{i} in map")
        counts = [axis.at(m.counted_in_ps) for m in rendezvous.counted_in(result, i)]
        axes.plot(counts, [i + 0.2] * len(counts), "^", color="white", markeredgecolor="#191917", markersize=6 if len(names) < 20 else 3, linestyle="none", clip_on=False)
    releases = rendezvous.releases(met)
    for ps, by, whom in releases if len(releases) <= 40 else []:
        axes.plot([axis.at(ps)] * 2, [min([by, *whom]), max([by, *whom])], color="#191917", linestyle=(0, (3, 2)), linewidth=0.9)
        axes.plot([axis.at(ps)], [by], "o", color="#191917", markeredgecolor="white", markersize=5.5)
    for b in axis.breaks:
        for edge in (axis.at(b.begin_ps), axis.at(b.end_ps)):
            zigzag = [-0.6 + 0.25 * n for n in range(int((len(names) + 0.2) / 0.25) + 1)]
            axes.plot([edge + (0.003 if n % 2 else -0.003) for n in range(len(zigzag))], zigzag, color="white", linewidth=2.4)
        axes.text((axis.at(b.begin_ps) + axis.at(b.end_ps)) / 2, -0.66, f"{format_time(b.end_ps - b.begin_ps)}\nnot shown", ha="center", va="bottom", fontsize=8, color="#555")
    _pieces(axes, rendezvous.ticks_of(axis, _LETTER))
    _rows(axes, names)
    axes.set_xlim(0, 1)
    axes.set_title(axes.get_title(loc="left"), loc="left", wrap=True, pad=30 if axis.breaks else 6)
    finish(axes)
    axes.grid(False, axis="y")
    axes.spines["bottom"].set_visible(False)
    handles: list[Any] = [Patch(color=c, label=rendezvous.KIND_TITLES[k]) for k, c in _ACTIVITY_COLOURS.items() if any(core.sums_ps[k] for core in met.cores)]
    handles += [
        Patch(color=_IN_MAP, label="can reach the linear map"),
        Line2D([], [], marker="^", color="white", markeredgecolor="#191917", linestyle="none", label="counts in"),
        Line2D([], [], marker="o", color="#191917", linestyle="none", label="releases"),
    ]
    _below(axes, len(names), height, handles)
    return figure


def _pieces(axes: Any, ticks: list[tuple[float, str]]) -> None:
    axes.set_xticks([x for x, _ in ticks], [words for _, words in ticks], fontsize=9)
    for label, (_, words) in zip(axes.get_xticklabels(), ticks):
        if not words.startswith("+"):
            label.set_ha("left")


def _map(result: Result) -> Figure:
    """The linear map before and after the repaint, and every map that was asked for."""
    shown: list[tuple[str, Census]] = [(f"{name} the repaint", m.census) for name, m in result.census.items() if m.census is not None]
    shown += [(m.at, m.census) for m in result.maps if m.census is not None]
    if not shown:
        raise BbmsimError("map: this run has none; ask for one with map_at()")
    figure, axes = _new(len(shown), 0.42, "What maps the bytes", result)
    used = []
    for i, (_, census) in enumerate(shown):
        left = 0.0
        for part, amount, _ in maps.parts(census):
            axes.barh(i, amount, left=left, height=0.6, color=_MAP_COLOURS[part], gid=f"{i} {part}")
            left += amount
            used.append(part)
    axes.set_yticks(range(len(shown)), [name if len(name) < 40 else name[:37] + "..." for name, _ in shown])
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.xaxis.set_major_formatter(lambda size, _: f"{size / 2**30:g} GiB" if size >= 2**30 else format_size(round(size)) if size > 0 else "0")
    most = max(sum(amount for _, amount, _ in maps.parts(census)) for _, census in shown)
    axes.set_xticks([most * n / 4 for n in range(5)])
    finish(axes)
    axes.grid(False, axis="y")
    axes.spines["left"].set_color(GRID)
    _below(axes, len(shown), 0.42, [Patch(color=_MAP_COLOURS[k], label=t) for k, t in maps.KIND_TITLES.items() if k in used])
    return figure
