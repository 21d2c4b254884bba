# SPDX-License-Identifier: Apache-2.0
"""bbmsim compare."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from .. import catalog
from ..comparison import compare
from ..errors import ConfigError
from ..files import Writer, check_distinct, check_writable, plot_format
from ..sweeps.cells import KINDS, Cells
from ..units import format_count, format_time, parse_time
from . import options
from .beyond import say_extrapolated, say_linearity, say_phase
from .boot import complete_kernels
from .progress import progress

if TYPE_CHECKING:
    from rich.table import Table


_DEFAULT_STRATEGIES = "rfc-range,pagewalk,page-from-boot"


def _complete_strategies(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    done, comma, last = incomplete.rpartition(",")
    return [CompletionItem(done + comma + name) for name in catalog.load().strategies if name.startswith(last)]


@click.command("compare")
@click.argument("workload", default="repaint", shell_complete=options.complete_workloads)
@click.option(
    "--strategies", default=(_DEFAULT_STRATEGIES,), show_default=True, multiple=True, metavar="LIST", shell_complete=_complete_strategies
)
@click.option(
    "--kernels", multiple=True, metavar="LIST", shell_complete=complete_kernels,
    help="Linux kernels as for `bbmsim boot`, beside --strategies if those are given: what their own repaint costs.",
)
@click.option("--memory", default=("1GiB,4GiB,16GiB",), show_default=True, multiple=True, metavar="LIST", help="Sizes of RAM.")
@click.option(
    "--cores", default=(options.DEFAULT_CORES,), show_default=True, multiple=True, metavar="LIST",
    help="A core mix as for `bbmsim run`; once for each mix.",
)
@click.option("--granule", multiple=True, metavar="LIST", help="Translation granules: 4k,16k,64k; default: 4k.")
@click.option("--set", "set_", metavar="NAME=VALUE", multiple=True, help="A parameter of the workload, for every run.")
@click.option("--phase", default="repaint", show_default=True, help="The phase whose cost is told apart by cause.")
@options.detail_option
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--seeds", type=click.IntRange(1), default=1, show_default=True, help="Seeds for each combination, from --seed on: a band.")
@click.option(
    "--tlb", default="typical", show_default=True, metavar="typical|nasty|POWER,...", shell_complete=options.complete_tlb,
    help="TLBs as for `bbmsim run`.",
)
@click.option("--timeout", default=options.DEFAULT_TIMEOUT, show_default=True, metavar="TIME", help="Simulated time, each run.")
@click.option("-j", "--jobs", type=click.IntRange(1), help="Worker processes; default: one a host core.")
@click.option(
    "--extrapolate", multiple=True, metavar="[AXIS=]LIST",
    help="4TiB,64TiB (memory) or cores=512: beyond what is run, by a model fitted to it and tested on the largest.",
)
@click.option("--csv", type=click.Path(), metavar="FILE")
@click.option("--plot", type=click.Path(), metavar="FILE", help="PNG or SVG, by the ending.")
@click.option("--plot-kind", type=click.Choice(KINDS), help="Curves over memory or cores, or bars by cause; default: curves if they can be.")
@click.option("--html", type=click.Path(), metavar="FILE", help="Plots, and a table in which every run opens into its causes.")
def compare_command(
    workload: str, strategies: tuple[str, ...], kernels: tuple[str, ...], memory: tuple[str, ...], cores: tuple[str, ...], granule: tuple[str, ...],
    set_: tuple[str, ...], phase: str, seed: int, seeds: int, tlb: str, timeout: str, jobs: int | None, extrapolate: tuple[str, ...],
    csv: str | None, plot: str | None, plot_kind: str | None, html: str | None,
) -> int:
    """Runs several strategies, or Linux kernels, over a grid of memory sizes, core mixes and granules, and compares what they
    cost."""
    if kernels and not options.was_given("strategies"):
        strategies = ()
    outputs = {name: check_writable(p, name) for name, p in (("csv", csv), ("plot", plot), ("html", html)) if p}
    check_distinct(outputs)
    if "plot" in outputs:
        plot_format(Path(outputs["plot"]))
    elif plot_kind is not None:
        raise ConfigError("plot-kind: only with --plot", "plot-kind")
    beyond = _beyond(extrapolate, _list(memory), cores) if extrapolate else {}
    from ..report.text import make_console  # brings rich

    console = make_console()
    with progress(make_console(stderr=True), "compare", "runs") as shown:
        comparison = compare(
            _list(strategies), _list(memory), cores, granules=_list(granule), kernels=_list(kernels), workload=workload, phase=phase, seed=seed, seeds=seeds,
            set=options.settings(set_), tlb=tlb, detail=options.detail(), timeout=parse_time(timeout), jobs=jobs, progress=lambda done, total: shown(done, total, ""),
        )
    console.print(_table(comparison))
    say_phase(console, comparison)
    say_linearity(console, comparison)
    extrapolated = comparison.extrapolate(beyond.get("memory", ()), cores=[int(n) for n in beyond.get("cores", ())]) if beyond else None
    if extrapolated is not None:
        say_extrapolated(console, extrapolated, f"{phase}_us")
    makers: dict[str, Callable[[Path], None]] = {
        "csv": comparison.save_csv,
        "plot": partial(comparison.plot, kind=plot_kind, extrapolated=extrapolated),
        "html": partial(comparison.html, extrapolated=extrapolated),
    }
    writer = Writer()
    for name, path in outputs.items():
        if writer.write(name, path, makers[name]):
            console.print(f"{name}: {path}", markup=False, soft_wrap=True)
    writer.finish()
    return comparison.exit_status


def _list(texts: tuple[str, ...]) -> list[str]:
    return [item for text in texts for item in text.split(",")]


def _beyond(texts: tuple[str, ...], memory: list[str], cores: tuple[str, ...]) -> dict[str, list[str | int]]:
    """The points of --extrapolate; raises ConfigError for what the grid, all done, could not answer."""
    from ..extrapolation import check_points, parse_points  # brings pandas

    points = parse_points(texts)
    check_points([{"memory": size, "cores": mix} for size in memory for mix in cores], points)
    return points


def _table(comparison: Cells) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    keys = ["strategy", "cores", "memory", *(k for k in ("granule", "seed") if len(comparison.grid.axes[k]) > 1)]
    for title in keys:
        table.add_column(title, no_wrap=True)
    for title in ("outcome", "findings", comparison.phase, "whole run", "live writes", "tables", "TLBIs", "TLBI/DSB cycles"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in comparison.rows:
        table.add_row(*(str(row[k]) for k in keys), *_cells(row, comparison.phase))
    return table


def _cells(row: dict[str, Any], phase: str) -> list[str]:
    def cycles(key: str) -> str:
        return format_count(row[key]) if key in row else "-"

    def time(key: str) -> str:
        return format_time(row[key] * 1e6) if key in row else "-"

    return [
        row.get("error", row["outcome"]), str(row.get("violations", 0) + row.get("hazards", 0)), time(f"{phase}_us"), time("run_us"),
        *(cycles(k) for k in ("descriptor_writes", "table_pages", "tlbis", "boot_core_tlbi_dsb")),
    ]  # fmt: skip
