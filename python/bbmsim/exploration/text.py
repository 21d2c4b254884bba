# SPDX-License-Identifier: Apache-2.0
"""The report of an exploration for a terminal, or as plain text."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console

from ..units import format_count, format_time, some
from .exploration import Exploration, Found


def print_exploration(console: Console, exploration: Exploration, *, quiet: bool = False) -> None:
    for i, found in enumerate(exploration.findings, 1):
        if quiet:
            console.print(f"{found.lines()[0]}  [{found.id}]", markup=False, soft_wrap=True)
        else:
            _print_found(console, i, found)
    if not quiet:
        for line in exploration.coverage.lines():
            console.print(line, markup=False)
    for run in exploration.crashed:
        console.print(f"internal error: run {run} ended its worker process every time", markup=False, soft_wrap=True)
    console.print(ending(exploration), markup=False)


def ending(exploration: Exploration) -> str:
    """ "412 runs in 31.0 s: 3 distinct findings"."""
    done = len(exploration.runs)
    asked = "" if done == exploration.asked else f" of {format_count(exploration.asked)}"
    why = " (interrupted)" if exploration.interrupted else ""
    accepted = sum(f.accepted for f in exploration.findings)
    found = len(exploration.findings) - accepted
    words = some(found, "distinct finding") if found else "nothing found"
    also = f", {accepted} accepted by the baseline" if accepted else ""
    return f"{some(done, 'run') if not asked else f'{format_count(done)}{asked} runs'} in {exploration.wall_s:.1f} s{why}: {words}{also}"


def _print_found(console: Console, number: int, found: Found) -> None:
    head, *facts = found.lines()
    accepted = " (accepted by the baseline)" if found.accepted else ""
    console.print(f"{number}. {head}{accepted}", markup=False, style="bold")
    for line in facts:
        console.print(f"   {line}", markup=False)
    console.print(f"     entry        {found.entry}", markup=False)
    runs = f"{some(found.runs, 'run')}, {some(found.count, 'time')} in all"
    console.print(f"     seen in      {runs}; schedules {_tally(found.schedules)}; TLB {_tally(found.tlb)}", markup=False)
    console.print(f"     shortest     {format_time(found.time_ps)} into the run --replay {found.id}", markup=False, soft_wrap=True)  # to be copied
    for line in found.timeline:
        console.print(f"     {line}", markup=False)
    console.print()


def _tally(counts: Mapping[str, int]) -> str:
    """ "pct 3, random 1"; of many, the most frequent."""
    first = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{name} {n}" for name, n in first[:4])
    return shown + (f" and {some(len(first) - 4, 'other kind')}" if len(first) > 4 else "")
