# SPDX-License-Identifier: Apache-2.0
"""bbmsim check."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ..files import Writer, check_writable, write_whole
from ..report.lines import how_many
from ..traces import check_trace
from ..units import some


@click.command("check")
@click.argument("trace", type=click.Path())
@click.option("--json", "json_", type=click.Path(), metavar="FILE", help="The findings as JSON.")
def check_command(trace: str, json_: str | None) -> int:
    """Judges TRACE, a recorded trace of descriptor writes, barriers, TLBIs and base-register writes, without simulating a
    CPU. One line a finding: FILE:LINE: RULE: what happened."""
    target = None if json_ is None else check_writable(json_, "json")
    result = check_trace(trace)
    writer = Writer()
    if target is not None:
        writer.write("json", target, lambda path: write_whole(path, json.dumps(result.to_dict(), indent=1) + "\n", "json"))
    for line in result.lines():
        click.echo(line)
    for note in result.notes:
        click.echo(f"note: {note.text}")
    seen = f"{some(result.events, 'event')}, {some(result.checker['descriptor_writes'], 'live descriptor write')}"
    click.echo(f"{Path(trace).name}: {how_many(len(result.violations), len(result.hazards))} in {seen}")
    writer.finish()
    return result.exit_status
