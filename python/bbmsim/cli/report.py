# SPDX-License-Identifier: Apache-2.0
"""bbmsim report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ..errors import ConfigError
from ..files import check_writable, plot_format
from ..result import PLOTS, Result


@click.command("report")
@click.argument("run", type=click.Path())
@click.option("-o", "--output", type=click.Path(), help="Default: RUN with the ending .html.")
@click.option("--plot", type=click.Path(), metavar="FILE", help="PNG or SVG of one thing, instead of the page.")
@click.option("--plot-kind", type=click.Choice(PLOTS), default=PLOTS[0], show_default=True, help="Who waited where; cycles by cause and core; what maps the bytes.")
@click.option("--phase", default="repaint", show_default=True, help="Of --plot-kind cost.")
def report_command(run: str, output: str | None, plot: str | None, plot_kind: str, phase: str) -> None:
    """The HTML report of a saved run: RUN is what `bbmsim run --json RUN` wrote."""
    if plot is not None:
        if output is not None:
            raise ConfigError("plot: not together with --output", "plot")
        plot_format(check_writable(plot, "plot"))
        with _judged(run):
            Result.load(run).plot(plot, plot_kind, phase=phase)
        click.echo(f"plot: {plot}")
        return
    context = click.get_current_context()
    for name in ("plot_kind", "phase"):
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            raise ConfigError(f"{name.replace('_', '-')}: only with --plot", name)
    target = check_writable(output or Path(run).with_suffix(".html"), "output")
    with _judged(run):
        Result.load(run).html(target)
    click.echo(f"report: {target}")


@contextmanager
def _judged(run: str) -> Iterator[None]:
    """A record comes from outside: what it lacks, or has of another kind than it should, is found out where it is used."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"run={run}: a damaged run record ({type(error).__name__}: {error})", "run") from error
