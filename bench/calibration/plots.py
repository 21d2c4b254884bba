# SPDX-License-Identifier: Apache-2.0
"""Pictures of docs/calibration.md."""

from __future__ import annotations

from bbmsim.config import core as preset
from bbmsim.report.plot import COLOURS, DASHES, GRID, drawn, style
from matplotlib.figure import Figure

from . import ladder, map_mem
from .published import MAP_MEM, STEPS
from .rows import Table


def latency(table: Table) -> bytes:
    """Cycles per load over the footprint: translations by pages, data by bytes; dotted: what the preset says it holds."""
    with style():
        figure = Figure(figsize=(11, 4.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        for i, core in enumerate(c for c in ladder.CORES if c in table.boards("tlb")):
            mmu, colour = preset(core).mmu, COLOURS[i % len(COLOURS)]
            pages = ladder.curve(table, "tlb", core, "walk cycles per load")
            left.plot(*zip(*pages), color=colour, label=core, linewidth=1.8, linestyle=DASHES[i % len(DASHES)])
            for entries in (mmu.l1d_tlb.entries, mmu.l2_tlb.entries):
                left.axvline(entries, color=colour, linestyle=":", linewidth=0.7, alpha=0.6)
            right.plot(*zip(*ladder.curve(table, "cache", core)), color=colour, label=core, linewidth=1.8, linestyle=DASHES[i % len(DASHES)])
        left.set(xscale="log", xlabel="pages, one line used of each", ylabel="cycles per load for translation", ylim=(0, None))
        left.set_title("TLBs: L1, L2, walks", fontsize=10)
        right.set(xscale="log", yscale="log", xlabel="bytes, every line used, map in blocks", ylabel="cycles per load")
        right.set_title("caches: L1D, L2, L3, memory", fontsize=10)
        left.set_xticks([16, 64, 256, 1024, 4096, 16384], ["16", "64", "256", "1K", "4K", "16K"])
        right.set_xticks([4 << 10, 64 << 10, 1 << 20, 16 << 20, 64 << 20], ["4K", "64K", "1M", "16M", "64M"])
        for axes in (left, right):
            axes.minorticks_off()
            axes.grid(color=GRID)
        left.legend(fontsize=8, frameon=False)
    return drawn(figure, "svg")


def steps(table: Table) -> bytes:
    """Each step's time as a part of the first, published and simulated."""
    with style():
        figure = Figure(figsize=(9, 4.2), layout="constrained")
        axes = figure.subplots()
        series = [(f"{m.machine}, {m.gib} GB ({m.posting})", m.ms, False) for m in MAP_MEM if m.posting == "v2"]
        series += [(f"simulated: {board}", map_mem.times(table, board), True) for board in table.boards("map-mem")]
        width = 0.8 / len(series)
        for i, (name, ms, ours) in enumerate(series):
            at = [k + (i - (len(series) - 1) / 2) * width for k in range(len(STEPS))]
            axes.bar(at, [v / ms[0] for v in ms], width, label=name, color=COLOURS[i % len(COLOURS)], hatch="//" if ours else "", edgecolor="white")
        axes.set_yscale("log")
        axes.set_xticks(range(len(STEPS)), STEPS)
        axes.set_ylabel("time of map_mem(), base = 1")
        axes.set_ylim(0.03, 5)
        axes.grid(color=GRID, axis="y")
        axes.set_axisbelow(True)
        axes.legend(fontsize=8, frameon=False, ncols=2)
    return drawn(figure, "svg")
