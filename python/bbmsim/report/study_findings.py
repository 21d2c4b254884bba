# SPDX-License-Identifier: Apache-2.0
"""What the study found, in plain words. Every figure and every direction is read out of the data; a sentence whose runs
were not made is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..result import CAUSES
from ..units import format_size, format_time

if TYPE_CHECKING:
    from .study import Page


def of(page: Page) -> list[str]:
    return [sentence for say in _FINDINGS for sentence in say(page)]


def _time(us: float) -> str:
    return format_time(us * 1e6)


def _than(ratio: float) -> str:
    """ "12 % more than", "3.1 times", "as much as"."""
    if abs(ratio - 1) < 0.005:
        return "as much as"
    if ratio >= 2:
        return f"{ratio:.1f} times"
    return f"{100 * abs(ratio - 1):.0f} % {'more' if ratio > 1 else 'less'} than"


def _known(*figures: float) -> bool:
    return all(math.isfinite(f) and f > 0 for f in figures)


def _share(page: Page, strategy: str, *causes: str) -> float:
    parts = {cause: page.figure(f"boot_core_{cause}", strategy) for cause in CAUSES}
    return 100 * sum(parts[c] for c in causes) / sum(parts.values())


def _price(page: Page) -> Iterator[str]:
    largest = max(g for g in page.sizes if _known(page.cost("merged", gib=g)))
    kernel, group = page.cost("merged", gib=largest), page.cost("pagewalk", gib=largest)
    if _known(kernel, group):
        yield (
            f"As Linux 6.18 does it (`merged`), a repaint costs {_time(kernel / largest)} for each GiB, {_time(kernel)} at {format_size(int(largest * 2**30))}: an entry at a time, "
            f"looking at each whether its barriers are batched. With eight entries a turn (`pagewalk`) it is {_time(group / largest)} a GiB: the kernel's way costs {_than(kernel / group)} that."
        )


def _where(page: Page) -> Iterator[str]:
    stores = "cache", "tlbi_dsb"
    yield (
        f"It is the boot core's own work: {_share(page, 'merged', 'execution'):.0f} % of `merged` is executing, {_share(page, 'merged', *stores):.1f} % waiting for stores (a full store buffer, or the DSB that orders a table before "
        f"its link) and for the one TLBI, {_share(page, 'merged', 'walk', 'wfe'):.1f} % walks and rendezvous. Of `pagewalk`, filled eight entries a turn, {_share(page, 'pagewalk', *stores):.0f} % waits for stores: there memory's write side matters."
    )


def _waiting(page: Page) -> Iterator[str]:
    most = page.counts[-1]
    cost = page.cost("merged", cpus=most)
    if most > 2 and _known(cost):
        yield f"The others lose more than the boot core works: with {most} cores and {format_size(int(page.size * 2**30))}, {most - 1} of them wait {_time(cost)} each, {_time(cost * (most - 1))} of core time."


def _parallel(page: Page) -> Iterator[str]:
    most = page.counts[-1]
    alone, together = page.cost("pagewalk", cpus=most), page.cost("parallel", cpus=most)
    if most > 2 and _known(alone, together):
        yield f"Who waits could work: `parallel`, where all {most} cores split shares from the identity map, takes {_time(together)} instead of {_time(alone)}, 1/{alone / together:.0f}, and needs no FEAT_BBM level."


def _strict(page: Page) -> Iterator[str]:
    strict, live, ipi = page.cost("bbm-strict"), page.cost("pagewalk"), page.cost("bbm-ipi")
    if _known(strict, live, ipi):
        yield (
            f"Parked cores make level 2 unnecessary: proper break-before-make of every block (`bbm-strict`) costs {_than(strict / live)} splitting live (`pagewalk`), since a break, a TLBI and a DSB stand "
            f"against {512} new entries each time. With the others at work and interrupted for each block (`bbm-ipi`) it is {_than(ipi / strict)} that."
        )


def _hop(page: Page) -> Iterator[str]:
    hops = page.repaint.values("board.hop_ns")
    sizes = [g for g in page.sizes if len(page.repaint.at(gib=g, hop=hops[-1]))]
    if len(hops) < 2 or not sizes:
        return
    gib = page.size if page.size in sizes else sizes[-1]

    def moved(strategy: str) -> float:
        return 100 * (page.cost(strategy, gib=gib, hop=hops[-1]) / page.cost(strategy, gib=gib) - 1)

    yield (
        f"The interconnect hardly matters where one flush ends it all: {hops[-1]} ns a hop instead of {hops[0]} add {moved('merged'):.2f} % to `merged`; where every block is flushed they add {moved('bbm-strict'):.1f} % "
        f"(`bbm-strict`) and {moved('nt-level1'):.1f} % (`nt-level1`)."
    )


def _clone(page: Page) -> Iterator[str]:
    clone, live = page.cost("clone-and-switch"), page.cost("pagewalk")
    tables, split = page.figure("table_pages", "clone-and-switch"), page.figure("table_pages", "pagewalk")
    if _known(clone, live, tables, split):
        yield f"A second table, switched to on every core (`clone-and-switch`), writes no live entry and needs no level; it costs {_than(clone / live)} splitting in place, with {tables:,.0f} new tables against {split:,.0f}."


def _linux(page: Page) -> Iterator[str]:
    if page.linux is None or page.bare is None:
        return
    rows = page.linux.rows
    mixes = [m for m in dict.fromkeys(rows["mix"]) if page.linux.rows[rows["mix"] == m]["repaint_us"].max() > 0]
    if not mixes:
        return
    sizes = [g for g in page.linux.values("gib") if _known(page.linux.one("repaint_us", kernel="6.18", mix=mixes[0], gib=g))]
    ratios = [page.bare.one("repaint_us", strategy="merged", mix=mixes[0], gib=g) / page.linux.one("repaint_us", kernel="6.18", mix=mixes[0], gib=g) for g in sizes]
    last = sizes[-1]
    own, early = page.linux.one("repaint_us", kernel="6.18", mix=mixes[0], gib=last), page.linux.one("paging_init_us", kernel="6.16", mix=mixes[0], gib=last)
    yield (
        f"`merged` takes {min(ratios):.2f} to {max(ratios):.2f} of what Linux 6.18's own repaint takes on the same board ({', '.join(format_size(int(g * 2**30)) for g in sizes)}): what is missing is the page allocator. "
        f"6.18's repaint of {format_size(int(last * 2**30))} is {_time(own)}, {_than(own / early)} the {_time(early)} in which 6.16 maps pages at boot."
    )


_FINDINGS: tuple[Callable[[Page], Iterator[str]], ...] = (_price, _where, _waiting, _parallel, _strict, _clone, _hop, _linux)
