# SPDX-License-Identifier: Apache-2.0
"""bbmsim litmus."""

from __future__ import annotations

import json
from pathlib import Path

import click

from .. import litmus
from ..config import parse_cores
from ..errors import ConfigError
from ..files import check_writable, write_whole
from ..litmus.output import SCHEMA
from ..units import format_count, some
from . import options


@click.command("litmus")
@click.argument("files", nargs=-1, required=True, metavar="FILE|FOLDER...", type=click.Path())
@click.option("--runs", type=click.IntRange(1, 10_000_000), default=1000, show_default=True, help="Of each test.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="All randomness comes from it.")
@click.option(
    "--cores", metavar="LIST", shell_complete=options.complete_cores,
    help="One for each process, as for `bbmsim run`; more are left out. By default as many cortex-a720, which are of BBM level 0.",
)
@click.option(
    "--tlb", default="nasty", show_default=True, metavar="typical|nasty|POWER,...", shell_complete=options.complete_tlb,
    help="nasty: each run draws some of the powers of the nasty TLB; typical: TLBs as the presets have them; or these powers "
    "in each run.",
)
@click.option("--json", "json_", type=click.Path(), metavar="FILE", help="What was seen, as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="One line a test.")
def litmus_command(
    files: tuple[str, ...], runs: int, seed: int, cores: str | None, tlb: str, json_: str | None, quiet: bool
) -> int:
    """Runs litmus tests of herd7's AArch64 format with page-table variables, and prints the outcomes that were seen as
    herd7 does. Findings of the checker follow as FILE:LINE: RULE: what happened. Of a folder, every *.litmus in it.

    Exit status: 0 no findings, 1 findings, 2 a file can't be read or holds what is not supported."""
    target = None if json_ is None else check_writable(json_, "json")
    board = None if cores is None else parse_cores(cores)
    tests = [litmus.load_litmus(path) for path in _expanded(files)]  # all, before the first is run
    seen = []
    for test in tests:
        result = litmus.explore(test, runs=runs, seed=seed, cores=board, tlb=tlb)
        seen.append(result)
        findings = litmus.finding_lines(result)
        if quiet:
            click.echo(f"{test.name}: {'Ok' if result.ok else 'No'}, {some(len(result.states), 'state')}, {some(len(findings), 'finding')}")
        else:
            for line in litmus.herd_lines(result):
                click.echo(line)
        for line in findings:
            click.echo(line)
        if findings and not quiet:
            click.echo()
    if target is not None:
        write_whole(target, json.dumps({"schema": SCHEMA, "tests": [litmus.to_dict(s) for s in seen]}, indent=1) + "\n", "json")
    flagged = sum(bool(s.violations) for s in seen)
    if len(seen) > 1:
        click.echo(f"{format_count(len(seen))} tests, {format_count(runs * len(seen))} runs: {flagged} flagged")
    return max(s.exit_status for s in seen)


def _expanded(files: tuple[str, ...]) -> list[Path]:
    out: list[Path] = []
    for name in files:
        path = Path(name)
        if path.is_dir():
            inside = sorted(path.glob("*.litmus"))
            if not inside:
                raise ConfigError(f"litmus={name}: no *.litmus in this folder", "litmus")
            out += inside
        else:
            out.append(path)
    return out
