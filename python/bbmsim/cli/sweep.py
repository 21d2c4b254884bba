# SPDX-License-Identifier: Apache-2.0
"""bbmsim sweep."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.table import Table

from ..errors import ConfigError
from ..files import Writer, check_distinct, check_writable, plot_format
from ..report.text import make_console
from ..sweeps import Study, Sweep, sweep
from ..sweeps.cells import KINDS
from ..sweeps.sensitivity import swings
from ..units import format_time, some
from .beyond import check_beyond, save_extrapolated, say_extrapolated, say_linearity, say_phase
from .progress import progress

_MOST_ROWS = 60


@click.command("sweep")
@click.argument("study", type=click.Path(), metavar="FILE")
@click.option("--out", type=click.Path(), metavar="FOLDER", help="Where results are kept; default: NAME.sweep, NAME as the study says.")
@click.option("-j", "--jobs", type=click.IntRange(1), help="Worker processes; default: one a host core.")
@click.option("--scheduler", metavar="ADDRESS", help="The workers of a dask scheduler instead, such as tcp://host:8786.")
@click.option("--tornado", type=click.Path(), metavar="FILE", help="PNG or SVG: what matters most among [sensitivity.ranges].")
@click.option("--metric", metavar="COLUMN", help="The figure that --tornado and its table look at; default: the phase's time.")
@click.option("--plot", type=click.Path(), metavar="FILE", help="PNG or SVG: curves over memory, cores or another axis of numbers; else bars by cause.")
@click.option("--plot-kind", type=click.Choice(KINDS), help="Curves, or bars by cause.")
@click.option("--html", type=click.Path(), metavar="FILE", help="Plots, and a table in which every cell opens into its causes.")
@click.option(
    "--extrapolate", multiple=True, metavar="AXIS=LIST",
    help="memory=4TiB,64TiB or cores=512: beyond what is run, by a model fitted to it and tested on the largest; FOLDER/extrapolated.csv, .json.",
)
@click.option(
    "--most-error", type=click.FloatRange(0, 100), default=5.0, show_default=True, metavar="PERCENT",
    help="A curve whose model is further off on the largest runs is not extrapolated.",
)
@click.option("--list", "list_", is_flag=True, help="Check the study and list its cells; run nothing.")
def sweep_command(
    study: str, out: str | None, jobs: int | None, scheduler: str | None, tornado: str | None, metric: str | None, plot: str | None,
    plot_kind: str | None, html: str | None, extrapolate: tuple[str, ...], most_error: float, list_: bool,
) -> int:
    """Runs every cell of a study (TOML: what is fixed, what varies), keeps each as it is done, and goes on where it was
    interrupted. Results: FOLDER/results.csv, .json, .sqlite."""
    plan = Study.load(study)
    if metric is not None and plan.sensitivity is None:
        raise ConfigError("metric: only for a study with [sensitivity]", "metric")
    if jobs is not None and scheduler is not None:
        raise ConfigError("jobs: not together with --scheduler, which has its own workers", "jobs")
    check_distinct({"tornado": tornado, "plot": plot, "html": html})
    if tornado is not None:
        plot_format(check_writable(tornado, "tornado"))
        if plan.sensitivity is None:
            raise ConfigError("tornado: the study has no [sensitivity]", "tornado")
    if plot is not None:
        plot_format(check_writable(plot, "plot"))
    elif plot_kind is not None:
        raise ConfigError("plot-kind: only with --plot", "plot-kind")
    if html is not None:
        check_writable(html, "html")
    points = check_beyond(plan, extrapolate) if extrapolate else {}
    console = make_console()
    if list_:
        plan.check()
        _list(console, plan)
        return 0
    folder = Path(out) if out is not None else Path(f"{plan.name}.sweep")
    errors = make_console(stderr=True)
    try:
        with progress(errors, "sweep", "cells") as shown:
            found = sweep(plan, folder, jobs=jobs, scheduler=scheduler, progress=lambda done, total: shown(done, total, ""), say=lambda text: click.echo(f"sweep: {text}", err=True))
    except KeyboardInterrupt:
        click.echo(f"sweep: interrupted; finished cells are kept in {folder}, the same command goes on", err=True)
        return 3
    _table(console, found)
    say_phase(console, found)
    say_linearity(console, found)
    extrapolated = None
    if extrapolate:
        extrapolated = found.extrapolate(points.get("memory", ()), cores=[int(n) for n in points.get("cores", ())], causes=True, most_error=most_error / 100)
        say_extrapolated(console, extrapolated, f"{plan.phase}_us")
        save_extrapolated(extrapolated, folder)
    if plan.sensitivity is not None:
        _swings(console, found, metric or f"{plan.phase}_us")
    writer = Writer()
    makers: dict[str, tuple[str | None, Callable[[Path], None]]] = {
        "tornado": (tornado, lambda path: found.tornado(path, metric)),
        "plot": (plot, lambda path: found.plot(path, plot_kind, extrapolated=extrapolated)),
        "html": (html, lambda path: found.html(path, extrapolated=extrapolated)),
    }
    for name, (file, make) in makers.items():
        if file is not None and writer.write(name, Path(file), make):
            console.print(f"{name}: {file}", markup=False, soft_wrap=True)
    if extrapolated is not None and not extrapolated.frame.empty:
        console.print(f"extrapolated: {folder / 'extrapolated.csv'}, extrapolated.json", markup=False, soft_wrap=True)
    console.print(f"results: {folder / 'results.csv'}, results.json, results.sqlite", markup=False, soft_wrap=True)
    writer.finish()
    return found.exit_status


def _list(console: Console, plan: Study) -> None:
    cells = plan.cells()
    for cell in cells:
        where = [f"{k}={v}" for k, v in cell.axes.items()] + ([f"[{cell.sample}]"] if cell.sample else [])
        console.print(", ".join(where) or "the base alone", markup=False, soft_wrap=True)
    console.print(some(len(cells), "cell"))


def _table(console: Console, found: Sweep) -> None:
    phase = found.study.phase
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    base = [row for row in found.rows if row.get("sample") == "base"]  # of one at a time: the ends of ranges are the next table's
    rows = base or found.rows
    axes = [*found.study.axes, *(["sample"] if any(row.get("sample", "base") != "base" for row in rows) else [])]
    for title in axes:
        table.add_column(title, no_wrap=True)
    for title in ("outcome", "findings", phase, "whole run"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows[:_MOST_ROWS]:
        findings = row.get("violations", 0) + row.get("hazards", 0)
        times = [format_time(row[k] * 1e6) if k in row else "-" for k in (f"{phase}_us", "run_us")]
        table.add_row(*(str(row[a]) for a in axes), row.get("error", row["outcome"]), str(findings), *times)
    console.print(table)
    if len(rows) > _MOST_ROWS:
        console.print(f"... and {len(rows) - _MOST_ROWS} more cells")
    if base:
        console.print(f"and {some(len(found.rows) - len(base), 'run')} at the ends of ranges")


def _swings(console: Console, found: Sweep, metric: str) -> None:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column(f"what moves {metric}", no_wrap=True)
    for title in ("at its low end", "at its high end", "rank correlation"):
        table.add_column(title, justify="right", no_wrap=True)
    for s in swings(found, metric):
        correlation = "-" if s.correlation is None else f"{s.correlation:+.2f}"
        table.add_row(s.key, f"{(s.low - 1) * 100:+.2f} %", f"{(s.high - 1) * 100:+.2f} %", correlation)
    console.print(table)
