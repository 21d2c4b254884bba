# SPDX-License-Identifier: Apache-2.0
"""The running cost of a map, as a table for text and HTML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..result import Result
from ..running_cost import KINDS, Use, uses
from ..units import format_count, format_size, format_time

COLUMNS = ("core", "cycles per load", "", "slower", "of them walks", "", "L1D TLB misses", "", "L2 TLB misses", "", "as much as the repaint")
WHEN = ("", "before", "after", "", "before", "after", "before", "after", "before", "after", "after")


@dataclass(frozen=True)
class Section:
    heading: str
    rows: list[tuple[str, ...]]
    summary: str


def sections(result: Result) -> Iterator[Section]:
    """One for each kind of use that the run measured. Misses are per 1,000 loads."""
    found = uses(result)
    for kind in dict.fromkeys(use.kind for use in found):
        own = [use for use in found if use.kind == kind]
        footprint = format_size(result.results["measure.footprint"])
        heading = f"{KINDS[kind]}; {footprint}, {format_count(own[0].loads)} loads a core"
        yield Section(f"{kind}: {heading}", [_row(use) for use in own], _summary(own))


def _row(use: Use) -> tuple[str, ...]:
    def per_thousand(n: int) -> str:
        return f"{1000 * n / use.loads:.1f}"

    both = (use.before, use.after)
    even = use.break_even_ps
    return (
        f"{use.core} {use.name}",
        *(f"{use.cycles(p):.1f}" for p in both),
        f"{100 * use.slower:+.1f} %",
        *(f"{use.walk_cycles(p):.1f}" for p in both),
        *(per_thousand(p.l1d_misses) for p in both),
        *(per_thousand(p.l2_misses) for p in both),
        "-" if even is None else format_time(even),
    )


def _summary(own: list[Use]) -> str:
    once, boot = own[0].once_ps, own[0]
    if once is None:
        return "There was no repaint: before and after are one map."
    even = boot.break_even_ps
    loads = once * boot.freq_mhz / 1e6 / boot.cycles(boot.after)
    text = f"The repaint took {format_time(once)}, the time of {format_count(round(loads))} such loads of core {boot.core}"
    if even is None:
        return f"{text}, which are no slower after it."
    return f"{text}; after {format_time(even)} of them, being slower has cost as much again."
