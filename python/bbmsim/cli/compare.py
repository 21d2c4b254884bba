# SPDX-License-Identifier: Apache-2.0
"""bbmsim compare."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from .. import catalog
from ..comparison import Comparison, compare, plot_format
from ..files import check_writable
from ..units import format_count, format_time, parse_time
from . import options

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_DEFAULT_STRATEGIES = "rfc-range,pagewalk,page-from-boot"


def _complete_strategies(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    done, comma, last = incomplete.rpartition(",")
    return [CompletionItem(done + comma + name) for name in catalog.load().strategies if name.startswith(last)]


@click.command("compare")
@click.argument("workload", default="repaint", shell_complete=options.complete_workloads)
@click.option("--strategies", default=_DEFAULT_STRATEGIES, show_default=True, metavar="LIST", shell_complete=_complete_strategies)
@click.option("--memory", default="1GiB,4GiB,16GiB", show_default=True, metavar="LIST", help="Sizes of RAM.")
@click.option(
    "--cores", default=(options.DEFAULT_CORES,), show_default=True, multiple=True, metavar="LIST",
    help="A core mix as for `bbmsim run`; once for each mix.",
)
@click.option("--set", "set_", metavar="NAME=VALUE", multiple=True, help="A parameter of the workload, for every run.")
@click.option("--phase", default="repaint", show_default=True, help="The phase whose cost is told apart by cause.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--timeout", default=options.DEFAULT_TIMEOUT, show_default=True, metavar="TIME", help="Simulated time, each run.")
@click.option("-j", "--jobs", type=click.IntRange(1), help="Worker processes; default: one a host core.")
@click.option("--csv", type=click.Path(), metavar="FILE")
@click.option("--plot", type=click.Path(), metavar="FILE", help="PNG or SVG, by the ending.")
@click.option("--html", type=click.Path(), metavar="FILE")
def compare_command(
    workload: str, strategies: str, memory: str, cores: tuple[str, ...], set_: tuple[str, ...], phase: str, seed: int,
    timeout: str, jobs: int | None, csv: str | None, plot: str | None, html: str | None,
) -> int:
    """Runs several strategies over a grid of memory sizes and core mixes, and compares what they cost."""
    outputs = {name: check_writable(p, name) for name, p in (("csv", csv), ("plot", plot), ("html", html)) if p}
    if "plot" in outputs:
        plot_format(Path(outputs["plot"]))
    from ..report.text import make_console  # brings rich

    console = make_console()
    with _display(console) as progress:
        comparison = compare(
            strategies.split(","), memory.split(","), cores, workload=workload, phase=phase, seed=seed,
            set=options.settings(set_), timeout=parse_time(timeout), jobs=jobs, progress=progress,
        )
    console.print(_table(comparison))
    makers = {"csv": comparison.save_csv, "plot": comparison.plot, "html": comparison.html}
    for name, path in outputs.items():
        makers[name](path)
        console.print(f"{name}: {path}", markup=False)
    return comparison.exit_status


@contextmanager
def _display(console: Console) -> Iterator[Callable[[int, int], None] | None]:
    """A bar of the runs that are done; nothing without a terminal."""
    if not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # see Live

    with Progress(TextColumn("comparing"), BarColumn(), MofNCompleteColumn(), console=console, transient=True) as shown:
        task = shown.add_task("runs", total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


def _table(comparison: Comparison) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in ("strategy", "cores", "memory"):
        table.add_column(title, no_wrap=True)
    for title in ("outcome", "findings", comparison.phase, "whole run", "live writes", "tables", "TLBIs", "TLBI/DSB cycles"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in comparison.rows:
        table.add_row(row["strategy"], row["cores"], row["memory"], *_cells(row, comparison.phase))
    return table


def _cells(row: dict[str, Any], phase: str) -> list[str]:
    def cycles(key: str) -> str:
        return format_count(row[key]) if key in row else "-"

    time = row.get(f"{phase}_us")
    return [
        row["outcome"],
        str(row["violations"] + row["hazards"]),
        "-" if time is None else format_time(time * 1e6),
        format_time(row["run_us"] * 1e6),
        *(cycles(k) for k in ("descriptor_writes", "table_pages", "tlbis", "boot_core_tlbi_dsb")),
    ]
