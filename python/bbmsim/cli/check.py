# SPDX-License-Identifier: Apache-2.0
"""bbmsim check."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ..files import check_writable, write_whole
from ..report.lines import how_many
from ..traces import check_trace
from ..units import format_count


@click.command("check")
@click.argument("trace", type=click.Path())
@click.option("--json", "json_", type=click.Path(), metavar="FILE", help="The findings as JSON.")
def check_command(trace: str, json_: str | None) -> int:
    """Judges TRACE, a recorded trace of descriptor writes, barriers, TLBIs and base-register writes, without simulating a
    CPU. One line a finding: FILE:LINE: RULE: what happened."""
    target = None if json_ is None else check_writable(json_, "json")
    result = check_trace(trace)
    if target is not None:
        write_whole(target, json.dumps(result.to_dict(), indent=1) + "\n")
    for line in result.lines():
        click.echo(line)
    for note in result.notes:
        click.echo(f"note: {note.text}")
    seen = f"{format_count(result.events)} events, {format_count(result.checker['descriptor_writes'])} live descriptor writes"
    click.echo(f"{Path(trace).name}: {how_many(len(result.violations), len(result.hazards))} in {seen}")
    return result.exit_status
