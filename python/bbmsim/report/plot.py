# SPDX-License-Identifier: Apache-2.0
"""Plots of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from ..result import CAUSES
from ..units import format_size, format_time
from .text import CAUSE_TITLES

_COLOURS = ("#2a78d6", "#1baf7a", "#eda100", "#e34948", "#4a3aa7", "#b4b2ab", "#008300", "#e87ba4")
_MARKERS = ("o", "s", "^", "D")
_STYLES = ("-", "--", ":", "-.")


def comparison_figure(rows: Sequence[Mapping[str, Any]], phase: str) -> Figure:
    """Time of the phase over memory, a line a strategy and mix; with one size, bars by cause of the boot core's time."""
    with matplotlib.rc_context({"font.size": 10, "svg.hashsalt": "bbmsim", "svg.fonttype": "none"}):
        figure = Figure(figsize=(9, 5.2), layout="constrained")
        if len({row["memory_bytes"] for row in rows}) > 1:
            _over_memory(figure, rows, phase)
        else:
            _by_cause(figure, rows, phase)
        return figure


def _over_memory(figure: Figure, rows: Sequence[Mapping[str, Any]], phase: str) -> None:
    axes = figure.subplots()
    key = f"{phase}_us"
    strategies = list(dict.fromkeys(row["strategy"] for row in rows))
    mixes = list(dict.fromkeys(row["cores"] for row in rows))
    for i, strategy in enumerate(strategies):
        for j, mix in enumerate(mixes):
            points = sorted(
                (row["memory_bytes"], row[key])
                for row in rows
                if row["strategy"] == strategy and row["cores"] == mix and row.get(key, 0) > 0
            )
            if not points:
                continue
            label = strategy if len(mixes) == 1 else f"{strategy}, {mix}"
            # Strategies that cost the same lie on each other: a wider line with larger marks stays visible below.
            weight = len(strategies) - i
            axes.plot(
                *zip(*points), _STYLES[j % len(_STYLES)], marker=_MARKERS[i % len(_MARKERS)], markersize=5 + 2 * weight,
                color=_COLOURS[i % len(_COLOURS)], linewidth=1.2 + 0.9 * weight, label=label,
            )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    sizes = sorted({row["memory_bytes"] for row in rows})
    axes.set_xticks(sizes, [format_size(s) for s in sizes])
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda us, _: format_time(us * 1e6)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("memory")
    axes.set_ylabel(f"simulated time of phase {phase}")
    axes.set_title(f"What {phase} costs" + (f" on {mixes[0]}" if len(mixes) == 1 else ""))
    _finish(axes)
    if axes.lines:
        axes.legend(frameon=False)


def _by_cause(figure: Figure, rows: Sequence[Mapping[str, Any]], phase: str) -> None:
    axes = figure.subplots()
    mixes = {row["cores"] for row in rows}
    names = [row["strategy"] if len(mixes) == 1 else f"{row['strategy']}\n{row['cores']}" for row in rows]
    left = [0.0] * len(rows)
    for cause, colour in zip(CAUSES, _COLOURS):
        widths = []
        for row in rows:
            total = sum(row.get(f"boot_core_{c}", 0) for c in CAUSES)
            widths.append(row.get(f"{phase}_us", 0.0) * row.get(f"boot_core_{cause}", 0) / total if total else 0.0)
        if any(widths):
            axes.barh(range(len(rows)), widths, left=left, color=colour, label=CAUSE_TITLES[cause], height=0.6)
        left = [a + b for a, b in zip(left, widths)]
    axes.set_yticks(range(len(rows)), names)
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(FuncFormatter(lambda us, _: format_time(us * 1e6) if us else "0"))
    axes.set_xlabel(f"simulated time of phase {phase}, by what the boot core did")
    axes.set_title(f"What {phase} costs with {rows[0]['memory']}")
    _finish(axes)
    if axes.patches:
        axes.legend(frameon=False)


def _finish(axes: Any) -> None:
    axes.grid(True, color="#dcdad4", linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
