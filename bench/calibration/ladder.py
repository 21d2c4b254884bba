# SPDX-License-Identifier: Apache-2.0
"""The latency workload: cycles per dependent load over footprints that grow, and what is read off that."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import bbmsim as bs
from bbmsim.config import Board, Core

from .published import Latency
from .rows import Row, Table

CORES = ("neoverse-n1", "neoverse-v2", "neoverse-v3", "apple-m1-p", "cortex-x4", "cortex-a720", "cortex-a55", "ampereone")
#: pages of the TLB ladder: the M1's figures are for 16K
GRANULES = {"apple-m1-p": "16k"}
MEMORY = "1GiB"


def ladder(core: str, say: Callable[[str], None]) -> Iterator[Row]:
    granule = GRANULES.get(core, "4k")
    for probe, options, count in (
        ("tlb", {"granule": granule}, 1),
        ("cache", {"map": "blocks"}, 1),
        ("transfer", {"map": "blocks"}, 2),
    ):
        board = Board(cores=bs.parse_cores(f"{core}*{count}"), memory=MEMORY)
        result = bs.Simulation(board, bs.bare("latency", probe=probe, **options)).run(timeout="1000s")
        if result.outcome != "poweroff" or not result.clean:
            raise SystemExit(f"latency probe={probe} on {core}: {result.outcome}: {result.detail}")
        for name, loads in result.results.items():
            if name not in result.phases:
                continue
            cost = result.phases[name].cores[0]
            case = name.removeprefix(f"{probe} ")
            yield Row(probe, core, case, "cycles per load", cost.total_cycles / loads)
            if probe == "tlb":
                yield Row(probe, core, case, "walk cycles per load", cost.cycles["walk"] / loads)
        say(f"latency {core} {probe}: {result.record['host']['wall_s']:.1f} s of host time")


def size(case: str) -> int:
    """Pages, bytes or lines of a footprint's name."""
    number, unit = case.split()
    return int(number) * (1024 if unit == "KiB" else 1)


def curve(table: Table, part: str, core: str, quantity: str = "cycles per load") -> list[tuple[int, float]]:
    return [(size(case), table.value(part, core, case, quantity)) for case in table.cases(part, core)]


def _at(points: list[tuple[int, float]], low: float, high: float) -> float | None:
    """The value at the largest footprint above `low` and not above `high`: a plateau's far end."""
    fitting = [value for x, value in points if low < x <= high]
    return fitting[-1] if fitting else None


def read_off(table: Table, wanted: Latency) -> float | None:
    """What the simulated ladder says, in the figure's unit; None if the core has no such plateau."""
    core = bs.core(wanted.core)
    if wanted.part == "transfer":
        points = curve(table, "transfer", wanted.core)
        return (points[0][1] - curve(table, "cache", wanted.core)[0][1]) * 1e3 / core.freq_mhz
    if wanted.part == "tlb":
        points = curve(table, "tlb", wanted.core, "walk cycles per load")
        entries = core.mmu.l2_tlb.entries
        if wanted.at == "l2":
            return _at(points, 1.5 * core.mmu.l1d_tlb.entries, entries / 2)
        return _at(points, 1.5 * entries, 2.5 * entries)  # not so far that the tables leave the caches
    points = curve(table, "cache", wanted.core)
    found = _at(points, *_cache_range(core, wanted.at))
    return None if found is None else found - points[0][1]


def _cache_range(core: Core, level: str) -> tuple[float, float]:
    if level == "l2":
        return core.cache.l1d_bytes, core.cache.l2_bytes / 2
    return core.cache.l2_bytes, 4 << 20  # half of a board's L3 as it comes


def reach(table: Table, core: str) -> int:
    """The largest footprint in pages that the L1 TLB holds, as the ladder shows it."""
    points = curve(table, "tlb", core, "walk cycles per load")
    return max(pages for pages, walk in points if walk < 0.1)
