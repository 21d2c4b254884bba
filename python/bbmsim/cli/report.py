# SPDX-License-Identifier: Apache-2.0
"""bbmsim report."""

from __future__ import annotations

from pathlib import Path

import click

from ..files import check_writable
from ..result import Result


@click.command("report")
@click.argument("run", type=click.Path())
@click.option("-o", "--output", type=click.Path(), help="Default: RUN with the ending .html.")
def report_command(run: str, output: str | None) -> None:
    """The HTML report of a saved run: RUN is what `bbmsim run --json RUN` wrote."""
    target = check_writable(output or Path(run).with_suffix(".html"), "output")
    Result.load(run).html(target)
    click.echo(f"report: {target}")
